import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Text into ids and back.
@Suite struct TokenizerTests {
    @Test func `letters have the ids of their places`() throws {
        let tokenizer = CharacterTokenizer("ABC")
        #expect(try tokenizer.encode(Array("CABBA".utf8)) == [2, 0, 1, 1, 0])
        #expect(try tokenizer.encode([]) == [])
        #expect([0, 1, 2, 3, -1].map(tokenizer.bytes(of:)) == [[65], [66], [67], nil, nil])
    }

    @Test(arguments: [
        ("ABD", "D", 2), ("a", "a", 0), ("A B", " ", 1), ("AB\u{1B}", "\\u{1B}", 2), ("Ä", "Ä", 0),
        ("BA\u{301}", "\\u{301}", 2),
    ])
    func `a letter outside the vocabulary is named with its place`(text: String, letter: String, place: Int) {
        #expect(throws: PromptError.notInVocabulary(letter: letter, place: place, letters: ["A", "B", "C"])) {
            try CharacterTokenizer("ABC").encode(Array(text.utf8))
        }
    }

    @Test func `bytes that are no text are no letter`() {
        #expect(throws: PromptError.notInVocabulary(letter: "\\u{FFFD}", place: 1, letters: ["A"])) {
            try CharacterTokenizer("A").encode([65, 0xFF])
        }
    }

    // MARK: Prompts

    @Test func `a prompt becomes ids if the model can run over them`() throws {
        let model = try Model.nano()
        #expect(try model.encode(Array("CBABBC".utf8)) == [2, 1, 0, 1, 1, 2])
        #expect(try model.encode(Array("AAAAAAAAAAA".utf8)).count == 11)
        #expect(model.defaultTokens == [2, 1, 0, 1, 1, 2])
        #expect(try model.check([0, 2]) == [0, 2])
        #expect(model.text([2, 0]) == "CA")
        #expect(model.label(1) == "B")
    }

    @Test(
        arguments: [
            ("", .empty), ("AXB", .notInVocabulary(letter: "X", place: 1, letters: ["A", "B", "C"])),
            ("AAAAAAAAAAAA", .tooLong(count: 12, context: 11)),
        ] as [(String, PromptError)])
    func `a prompt that does not suit is refused`(text: String, error: PromptError) throws {
        let model = try Model.nano()
        #expect(throws: error) { try model.encode(Array(text.utf8)) }
    }

    @Test(
        arguments: [
            ([], .empty), ([0, 3], .idOutOfRange(id: 3, vocabulary: 3)), ([-1], .idOutOfRange(id: -1, vocabulary: 3)),
            ([.min], .idOutOfRange(id: .min, vocabulary: 3)), ([.max], .idOutOfRange(id: .max, vocabulary: 3)),
            (Array(repeating: 0, count: 12), .tooLong(count: 12, context: 11)),
        ] as [([Int], PromptError)])
    func `ids that do not suit are refused`(ids: [Int], error: PromptError) throws {
        let model = try Model.nano()
        #expect(throws: error) { try model.check(ids) }
    }

    @Test func `a model without a tokenizer asks for ids`() throws {
        let model = try Model.checkpoint(fixture("odd"))
        #expect(throws: PromptError.needsIDs(model: "odd", fault: nil)) { try model.encode(Array("A".utf8)) }
        #expect(model.defaultTokens == [0, 1, 2, 3, 4, 5])
        #expect(model.label(7) == "#7")
    }

    @Test(arguments: [
        ("tokenizer.json", #"{"normalizer": {"type": "Nmt"}, "model": {"type": "BPE"}}"#, "normalizer"),
        ("vocab.json", #"{"a": 0}"#, "merges.txt"), ("merges.txt", "", "vocab.json"),
    ])
    func `a model whose tokenizer is of no use still takes ids`(name: String, text: String, word: String) throws {
        let folder = try TemporaryFolder()
        for file in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                atPath: fixture("odd").appending(file).string, toPath: folder.path(file).string)
        }
        _ = try folder.write(name, text.utf8)
        let model = try Model.checkpoint(folder.path)
        #expect(try model.check([1, 2]) == [1, 2])
        let error = try #require(throws: PromptError.self) { try model.encode(Array("a".utf8)) }
        #expect(
            error.description.contains(word) && error.description.contains("Token ids in place of a text"),
            "\(error.description)")
    }

    @Test func `a checkpoint is called by its folder, not by the name that all files have`() throws {
        #expect(try Model.checkpoint(fixture("odd").appending("model.safetensors")).name == "odd")
        #expect(try Model.checkpoint(fixture("odd").appending("../odd/.")).name == "odd")
    }
}

/// Bytes as they are safe to show.
@Suite struct DisplayFormTests {
    @Test(arguments: [
        ("plain", "plain"), ("a b\nc\td", "a␣b␊c␉d"), ("\0\r", "\\u{00}\\u{0D}"), ("\u{1B}[2J", "\\u{1B}[2J"),
        ("\u{7F}", "\\u{7F}"), ("\u{85}\u{9B}", "\\u{85}\\u{9B}"), ("\u{A0}\u{AD}", "\\u{A0}\\u{AD}"),
        ("\u{202E}\u{2066}\u{200F}", "\\u{202E}\\u{2066}\\u{200F}"),
        ("\u{200B}\u{FEFF}\u{2060}", "\\u{200B}\\u{FEFF}\\u{2060}"),
        ("漢！", "\\u{6F22}\\u{FF01}"), ("e\u{301}", "e\\u{301}"), ("🙂", "\\u{1F642}"), ("äß", "äß"), ("Ωя", "Ωя"),
        ("\u{E000}\u{10FFFF}", "\\u{E000}\\u{10FFFF}"), ("\u{2028}", "\\u{2028}"), ("", ""),
    ])
    func `text is shown as it is where that is safe and as escapes elsewhere`(text: String, shown: String) {
        #expect(Array(displayForm(Array(text.utf8)).unicodeScalars) == Array(shown.unicodeScalars))
    }

    @Test(
        arguments: [
            ([0xE4], "\\xE4"), ([0x80, 0x41], "\\x80A"), ([0xE4, 0x41, 0x42], "\\xE4AB"), ([0xE6, 0xBC], "\\xE6\\xBC"),
            ([0xF0, 0x9F, 0x99], "\\xF0\\x9F\\x99"), ([0xC0, 0x80], "\\xC0\\x80"),
            ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),
            ([0xF4, 0x90, 0x80, 0x80], "\\xF4\\x90\\x80\\x80"), ([0xFF, 0xFE], "\\xFF\\xFE"),
            ([0xC3, 0xC3, 0xA4], "\\xC3ä"),
            ([0x41, 0xC3], "A\\xC3"),
        ] as [([UInt8], String)])
    func `bytes that are no text become escapes, one by one`(bytes: [UInt8], shown: String) {
        #expect(displayForm(bytes) == shown)
    }

    /// One column and nothing a terminal obeys: below the first wide scripts, and a letter, digit, sign or mark.
    private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if ["␣", "␊", "␉"].contains(scalar) { return true }
        guard scalar.value < 0x1100 else { return false }
        return switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .nonspacingMark, .enclosingMark, .spacingMark,
            .spaceSeparator, .lineSeparator, .paragraphSeparator:
            false
        default: true
        }
    }

    @Test func `no scalar is shown that is not one plain column`() {
        let planes = [0...0x33FF, 0xD7A0...0xFFFF, 0x1F300...0x1F9FF, 0xE0000...0xE01FF, 0x10FFF0...0x10FFFF]
        for value in planes.joined() {
            guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
            let shown = displayForm(Array(String(scalar).utf8))
            #expect(!shown.isEmpty)
            if !shown.unicodeScalars.allSatisfy(isPlain) {
                Issue.record("U+\(String(value, radix: 16)) is shown as it is")
            }
        }
    }

    @Test func `no bytes are shown that are not plain columns`() {
        var numbers = Numbers(seed: 30)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...12, using: &numbers)).map { _ in
                UInt8.random(in: 0...255, using: &numbers)
            }
            let shown = displayForm(bytes)
            #expect(shown.unicodeScalars.allSatisfy(isPlain), "\(bytes)")
            #expect(shown.unicodeScalars.count >= bytes.count / 4)
        }
    }

    @Test func `a message keeps its spaces and nothing else that is not plain`() {
        #expect(visible("a b\n\u{1B}") == "a b␊\\u{1B}")
    }
}
