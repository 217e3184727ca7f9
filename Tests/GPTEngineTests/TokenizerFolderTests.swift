import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Tokenizer files in the forms that people's tools write, against the libraries that read them.
@Suite struct TokenizerFolderTests {
    /// A folder and what `write_tokenizer_fixtures.py` noted of it.
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Answer: Decodable, Sendable {
            let text: String
            let ids: [Int]
            let plain: [Int]
        }

        let name: String
        let files: [String: String]
        let answers: [Answer]

        var testDescription: String { "\(name): \(files.keys.sorted().joined(separator: ", "))" }

        static let all: [Case] =
            (try? JSONDecoder().decode(
                [Case].self, from: Data(contentsOf: URL(fixture("tokenizer-folders.json"))))) ?? []
    }

    private func open(_ files: [String: String]) throws -> BytePairTokenizer {
        let folder = try TemporaryFolder()
        for (name, text) in files { _ = try folder.write(name, text.utf8) }
        return try #require(try BytePairTokenizer.inFolder(folder.path))
    }

    @Test func `the answers are there`() { #expect(Case.all.count == 32) }

    @Test(arguments: Case.all)
    func `ids are the library's`(folder: Case) throws {
        let tokenizer = try open(folder.files)
        for answer in folder.answers {
            let text = Array(answer.text.utf8)
            #expect(try tokenizer.encode(text, allowingSpecial: true) == answer.ids, "\(answer.text)")
            #expect(try tokenizer.encode(text) == answer.plain, "\(answer.text), special tokens as text")
        }
    }

    @Test func `of many added tokens the leftmost and longest is found in one pass`() throws {
        let texts = ["ab", "a", "bcd", "abcde", "cd"].map { Array($0.utf8) }
        let finder = TextFinder(texts)
        let find = { (text: String) in finder.first(in: Array(text.utf8)[...]).map { texts[$0.index] } }
        #expect(find("xabcdy") == Array("ab".utf8))
        #expect(find("abcdef") == Array("abcde".utf8))
        #expect(find("xbcdx") == Array("bcd".utf8))
        #expect(find("xbcx") == nil)
        #expect(find("aab") == Array("a".utf8))
        #expect(find("") == nil)
    }

    @Test func `an added token that is spelled as a byte is its own text`() throws {
        let plain = try #require(Case.all.first { $0.name == "plain" }?.files)
        let tokenizer = try open(plain.merging(["added_tokens.json": #"{"é": 300}"#]) { $1 })
        let id = try #require(try tokenizer.encode(Array("é".utf8)).first)
        #expect(try tokenizer.encode(Array("éé".utf8)) == [id, id])
        #expect(tokenizer.bytes(of: id) == Array("é".utf8))
    }

    @Test func `what a template puts around a text is no part of it`() throws {
        let files = try #require(Case.all.first { $0.name == "template" }?.files)
        let tokenizer = try open(files)
        let ids = try tokenizer.encode(Array("hello".utf8))
        #expect(ids.count == 3)
        #expect(tokenizer.content(of: ids) == Array(ids[1..<2]))
        #expect(tokenizer.content(of: [1, 2]) == [1, 2])
    }

    private static let doubling = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaa"}"#

    @Test(arguments: [
        (#""normalizer": null"#, #""normalizer": {"type": "Nmt"}"#, "its normalizer Nmt"),
        (
            #""normalizer": null"#, #""normalizer": {"type": "Replace", "pattern": {"Regex": "a"}, "content": ""}"#,
            "its normalizer Replace"
        ),
        (
            #""type": "ByteLevel", "add_prefix_space": false"#, #""type": "Whitespace""#,
            "its pre_tokenizer is Whitespace"
        ),
        (#""byte_fallback": false"#, #""byte_fallback": true"#, "its model has byte_fallback"),
        (#""dropout": null"#, #""dropout": 0.1"#, "its model has dropout"),
        (
            #""normalizer": null"#,
            #""normalizer": {"type": "Sequence", "normalizers": [\#(doubling), \#(doubling), \#(doubling)]}"#,
            "100 times"
        ),
        (#""post_processor": null"#, #""post_processor": {"type": "Other"}"#, "its post_processor Other"),
        (
            #""post_processor": null"#,
            #""post_processor": {"type": "TemplateProcessing", "single": [], "special_tokens": {}}"#, "0 times"
        ),
    ])
    func `what is not understood is refused by its name`(old: String, new: String, reason: String) throws {
        let plain = try #require(Case.all.first { $0.name == "nothing added" }?.files["tokenizer.json"])
        let text = plain.replacing(
            try Regex(#""post_processor": \{.*?\}\}, "decoder""#), with: #""post_processor": null, "decoder""#)
        #expect(text.contains(old))
        let error = try #require(throws: TokenizerError.self) {
            try open(["tokenizer.json": text.replacing(old, with: new)])
        }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test(arguments: [
        (["tokenizer_config.json": #"{"tokenizer_class": "LlamaTokenizer"}"#], "tokenizer_class is LlamaTokenizer"),
        (["tokenizer_config.json": #"{"add_prefix_space": 1}"#], "its add_prefix_space"),
        (["tokenizer_config.json": #"{"bos_token": 5}"#], "its bos_token"),
        (["tokenizer_config.json": #"{"added_tokens_decoder": {"x": {}}}"#], "its added_tokens_decoder"),
        (["tokenizer_config.json": #"{"add_bos_token": true, "bos_token": "a b"}"#], "its bos_token has a space"),
        (["added_tokens.json": #"{"x": "y"}"#], "its token x has no id"),
    ])
    func `settings that are not understood are refused by their file and name`(
        files: [String: String], reason: String
    ) throws {
        let plain = try #require(Case.all.first { $0.name == "plain" }?.files)
        let error = try #require(throws: TokenizerError.self) { try open(plain.merging(files) { $1 }) }
        #expect(error.description.contains(reason), "\(error)")
        #expect(error.description.contains(files.keys.first ?? "?"), "\(error)")
    }
}
