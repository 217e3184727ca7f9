import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// GPT-2's tokens, against OpenAI's tiktoken.
@Suite struct BytePairTokenizerTests {
    static let gpt2 = Result { try BytePairTokenizer.gpt2() }

    private struct Golden: Decodable {
        let text: String
        let ids: [Int]
    }

    @Test func `every text of the fixture has tiktoken's ids, and comes back`() throws {
        let tokenizer = try Self.gpt2.get()
        let data = try Data(contentsOf: URL(fixture("gpt2-tokens.json")))
        let rows = try JSONDecoder().decode([Golden].self, from: data)
        #expect(rows.count > 200)
        for row in rows {
            #expect(try tokenizer.encode(Array(row.text.utf8)) == row.ids, "\(row.text.debugDescription)")
            #expect(row.ids.flatMap { tokenizer.bytes(of: $0) ?? [] } == Array(row.text.utf8))
        }
    }

    @Test func `the vocabulary has 50,257 tokens: bytes, merges, and the end of text`() throws {
        let tokenizer = try Self.gpt2.get()
        #expect(tokenizer.count == 50257)
        #expect(tokenizer.bytes(of: 0) == [0x21])
        #expect(tokenizer.bytes(of: 255) == [0xAD])
        #expect(tokenizer.bytes(of: 256).map { String(decoding: $0, as: UTF8.self) } == " t")
        #expect(tokenizer.bytes(of: 50255).map { String(decoding: $0, as: UTF8.self) } == " gazed")
        #expect(tokenizer.endOfText == 50256)
        #expect([50257, -1].map(tokenizer.bytes(of:)) == [nil, nil])
    }

    @Test func `the end of text is plain text unless asked for`() throws {
        let tokenizer = try Self.gpt2.get()
        let text = Array("a<|endoftext|>b".utf8)
        #expect(try tokenizer.encode(text) == [64, 27, 91, 437, 1659, 5239, 91, 29, 65])
        #expect(try tokenizer.encode(text, allowingSpecial: true) == [64, 50256, 65])
    }

    @Test func `any bytes come back, text or not`() throws {
        let tokenizer = try Self.gpt2.get()
        var generator = SplitMix(seed: 7)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            #expect(try tokenizer.encode(bytes).flatMap { tokenizer.bytes(of: $0) ?? [] } == bytes)
        }
    }

    @Test func `one word of a hundred thousand letters is merged like a short one`() throws {
        let tokenizer = try Self.gpt2.get()
        let ids = try tokenizer.encode(Array(repeating: UInt8(ascii: "a"), count: 100_000))
        // As tiktoken has it: four letters at a time.
        #expect(ids.count == 25000)
        #expect(Set(ids).count == 1)
    }

    // MARK: Files

    static let words = ["h", "e", "l", "o", "Ġ", "he", "ll", "Ġh", "hell", "hello", "Ġhe"]
    static let merges = ["h e", "l l", "Ġ h", "he ll", "hell o", "Ġ he"]
    static let flags = #""normalized":true,"rstrip":false,"single_word":false"#
    static let added = """
        {"id":11,"content":"<|endoftext|>",\(flags),"lstrip":false,"special":true},
        {"id":12,"content":"<new>",\(flags),"lstrip":false,"special":false}
        """
    static let vocabulary = "{" + words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ") + "}"

    static func json(
        merges: String = "[" + Self.merges.map { "\"\($0)\"" }.joined(separator: ",") + "]", model: String = "",
        preTokenizer: String = #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#,
        rest: String = #""normalizer":null,"post_processor":{"type":"ByteLevel","trim_offsets":false}"#,
        vocabulary: String = Self.vocabulary, added: String = Self.added
    ) -> String {
        """
        {"version":"1.0","added_tokens":[\(added)],"pre_tokenizer":\(preTokenizer),\(rest),
        "model":{"type":"BPE","dropout":null,"unk_token":null,\(model)"vocab":\(vocabulary),"merges":\(merges)}}
        """
    }

    private func tokenizer(_ files: [String: String]) throws -> BytePairTokenizer? {
        let folder = try TemporaryFolder()
        for (name, text) in files { _ = try folder.write(name, text.utf8) }
        return try BytePairTokenizer.inFolder(folder.path)
    }

    static let pairs =
        "[" + merges.map { "[\"\($0.replacingOccurrences(of: " ", with: "\",\""))\"]" }.joined(separator: ",") + "]"

    @Test(arguments: [
        ["tokenizer.json": json()], ["tokenizer.json": json(merges: pairs)],
        ["vocab.json": vocabulary, "merges.txt": "#version: 0.2\n" + merges.joined(separator: "\n")],
        ["vocab.json": vocabulary, "merges.txt": merges.joined(separator: "\r\n") + "\r\n"],
        ["vocab.json": "{}", "merges.txt": "", "tokenizer.json": json()],
        [
            "tokenizer.json": json(
                rest:
                    #""normalizer":null,"post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{}}]}"#
            )
        ],
    ])
    func `files give a tokenizer`(files: [String: String]) throws {
        let tokenizer = try #require(try tokenizer(files))
        #expect(try tokenizer.encode(Array("hello hell lol".utf8)) == [9, 4, 8, 4, 2, 3, 2])
        #expect(tokenizer.bytes(of: 10).map { String(decoding: $0, as: UTF8.self) } == " he")
        #expect(try tokenizer.encode(Array("hxe".utf8)) == [5], "a byte without a token vanishes")
    }

    @Test func `an entry outside the alphabet of bytes is decoded and never reached`() throws {
        let vocabulary = #"{"h":0,"e":1,"l":2,"o":3,"Ġ":4,"he":5," ":6}"#
        let files = ["tokenizer.json": Self.json(merges: #"["h e"]"#, vocabulary: vocabulary, added: "")]
        let tokenizer = try #require(try tokenizer(files))
        #expect(try tokenizer.encode(Array("he l".utf8)) == [5, 4, 2])
        #expect(tokenizer.bytes(of: 6) == [0x20])
    }

    @Test func `added tokens that are not normalized come before those that are`() throws {
        let added = [("ab", true), ("bc", false)].enumerated().map { place, token in
            #"{"id":\#(11 + place),"content":"\#(token.0)","lstrip":false,"rstrip":false,"single_word":false,"special":false,"normalized":\#(token.1)}"#
        }
        let vocabulary = #"{"h":0,"e":1,"l":2,"o":3,"Ġ":4,"he":5,"ll":6,"Ġh":7,"hell":8,"a":9,"b":10}"#
        let json = Self.json(merges: #"["h e"]"#, vocabulary: vocabulary, added: added.joined(separator: ","))
        #expect(try #require(try tokenizer(["tokenizer.json": json])).encode(Array("abc".utf8)) == [9, 12])
    }

    @Test func `added tokens are found in the text, special ones when asked for`() throws {
        let tokenizer = try #require(try tokenizer(["tokenizer.json": Self.json()]))
        #expect(try tokenizer.encode(Array("he<new>ll".utf8)) == [5, 12, 6])
        #expect(try tokenizer.encode(Array("he<|endoftext|>ll".utf8), allowingSpecial: true) == [5, 11, 6])
        #expect(tokenizer.endOfText == 11)
    }

    @Test func `a prefix space is added where the file says so`() throws {
        let preTokenizer = #"{"type":"ByteLevel","add_prefix_space":true}"#
        let tokenizer = try #require(try tokenizer(["tokenizer.json": Self.json(preTokenizer: preTokenizer)]))
        #expect(try tokenizer.encode(Array("he".utf8)) == [10])
        #expect(try tokenizer.encode(Array(" he".utf8)) == [10])
        #expect(try tokenizer.encode([]) == [])
    }

    @Test func `a folder without files has no tokenizer`() throws { #expect(try tokenizer([:]) == nil) }

    @Test(arguments: [
        (["tokenizer.json": json(preTokenizer: "null")], "pre_tokenizer"),
        (["tokenizer.json": json(preTokenizer: #"{"type":"Metaspace"}"#)], "Metaspace"),
        (["tokenizer.json": json(preTokenizer: #"{"type":"ByteLevel","use_regex":false}"#)], "add_prefix_space"),
        (["tokenizer.json": json(rest: #""normalizer":{"type":"Nmt"}"#)], "normalizer Nmt"),
        (["tokenizer.json": json(rest: #""post_processor":{"type":"TemplateProcessing"}"#)], "TemplateProcessing"),
        (
            [
                "tokenizer.json": json(
                    rest:
                        #""post_processor":{"type":"Sequence","processors":[{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"h","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]}"#
                )
            ], "TemplateProcessing"
        ),
        (["tokenizer.json": json(model: #""byte_fallback":true,"#)], "byte_fallback"),
        (["tokenizer.json": json(model: #""dropout":0.1,"#)], "dropout"),
        (["tokenizer.json": json(model: #""end_of_word_suffix":"</w>","#)], "end_of_word_suffix"),
        (["tokenizer.json": json().replacingOccurrences(of: "BPE", with: "WordPiece")], "WordPiece"),
        (["tokenizer.json": json(merges: #"["h q"]"#)], "merge"),
        (["tokenizer.json": json(merges: #"["h e l"]"#)], "merge"),
        (["tokenizer.json": json(merges: "[1]")], "a string"), (["tokenizer.json": "{"], "a string"),
        (["tokenizer.json": json() + "x"], "the end"), (["tokenizer.json": ""], "empty"),
        (["vocab.json": #"{"h":0,"h":1}"#, "merges.txt": ""], "twice"),
        (["vocab.json": #"{"h":-1}"#, "merges.txt": ""], "whole"),
        (["vocab.json": #"{"h":0,"e":0}"#, "merges.txt": ""], "two tokens"),
        (["vocab.json": #"{"h":99999999999}"#, "merges.txt": ""], "99999999999"),
        (["vocab.json": vocabulary, "merges.txt": "h e\nh  e"], "line 2"),
        (["vocab.json": vocabulary, "merges.txt": "h o"], "merge number 1"),
    ])
    func `what is not GPT-2's kind of tokenizer is refused by name`(files: [String: String], word: String) throws {
        let error = try #require(throws: TokenizerError.self) { try tokenizer(files) }
        #expect(error.description.contains(word), "\(error.description)")
    }

    @Test func `special byte alphabets agree with the release`() {
        var bytes: [UInt8] = []
        #expect(ByteAlphabet.append("ĠĊA¡ÿĀŃ".unicodeScalars, to: &bytes))
        #expect(bytes == [0x20, 0x0A, 0x41, 0xA1, 0xFF, 0x00, 0xAD])
        #expect(!ByteAlphabet.append(" ".unicodeScalars, to: &bytes))
        #expect(!ByteAlphabet.append("ń".unicodeScalars, to: &bytes))
    }
}
