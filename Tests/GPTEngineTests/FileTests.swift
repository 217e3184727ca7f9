import Foundation
import SystemPackage
import Testing

@testable import Checkpoints
@testable import GPTEngine

struct FileTests {
    private static let odd: [UInt8] = [0x64, 0xFF, 0xC3, 0xA9]

    @Test(arguments: ["x", "é", "a-name-of-many-letters", "with space", ".hidden"])
    func `a file of any name is written beside nothing but itself`(_ name: String) throws {
        let folder = try TemporaryFolder()
        try writeFile(folder.path(name)) { write in try write(Data([1])) }
        #expect(try folder.path.names().map(\.string) == [name])
    }

    @Test func `a name need not be UTF-8`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending(FilePath(raw: RawText.string(Self.odd)).components)
        try writeFile(path) { write in try write(Data([7])) }
        let source = try ByteSource(reading: path)
        #expect(Array(source.bytes) == [7])
        #expect(visible(path).hasSuffix("d\\xFFé"))
        let name = try #require(try folder.path.names().first)
        #expect(FilePath(root: nil, [name]) == FilePath(raw: RawText.string(Self.odd)))
    }

    @Test func `any bytes come back from their text`() {
        var generator = SplitMix(seed: 5)
        let pieces: [[UInt8]] = [
            [0x41], [0xFF], [0xC3, 0xA9], [0xC3], [0xF4, 0x8F, 0xBE, 0x80], [0xF0, 0x9F], [0xED, 0xA0, 0x80],
        ]
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0..<8, using: &generator)).flatMap { _ in
                pieces.randomElement(using: &generator) ?? []
            }
            #expect(RawText.bytes(RawText.string(bytes)) == bytes)
        }
        #expect(RawText.string(Array("plain é 你".utf8)) == "plain é 你")
    }

    @Test func `what a sentence repeats is neither obeyed nor endless`() {
        #expect(visible("a\u{1B}]0;x\u{7}\u{9B}1m b") == "a\\u{1B}]0;x\\u{07}\\u{9B}1m b")
        let long = visible(String(repeating: "x", count: 4000) + "end")
        #expect(long.count < 300 && long.hasPrefix("xxx") && long.hasSuffix("xend") && long.contains("…"))
    }

    @Test func `a file that was read is known by whatever name`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("weights", [1, 2, 3])
        try FileManager.default.linkItem(atPath: path.string, toPath: folder.path("hard").string)
        try FileManager.default.createSymbolicLink(atPath: folder.path("soft").string, withDestinationPath: "weights")
        _ = try folder.write("other", [1, 2, 3])
        _ = try ByteSource(reading: path)
        for name in ["weights", "hard", "soft", "../\(folder.url.lastPathComponent)/weights"] {
            #expect(ByteSource.hasRead(folder.path(name)))
        }
        #expect(!ByteSource.hasRead(folder.path("other")))
    }

    @Test func `links in a circle are neither read nor written`() throws {
        let folder = try TemporaryFolder()
        let (a, b) = (folder.path("a"), folder.path("b"))
        try FileManager.default.createSymbolicLink(atPath: a.string, withDestinationPath: "b")
        try FileManager.default.createSymbolicLink(atPath: b.string, withDestinationPath: "a")
        let reason = "Too many levels of symbolic links"
        #expect(throws: FileError.unwritable(a, reason: reason)) { try writeFile(a) { _ in } }
        #expect(throws: FileError.unreadable(a, reason: reason)) { try Model.open(a.string) }
        #expect(throws: FileError.unreadable(a, reason: reason)) { try TensorFiles(path: a) }
    }

    @Test func `of the permissions of a replaced file those stay that say who may do what`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", [1])
        chmod(path.string, 0o4751)
        try writeFile(path) { write in try write(Data([2])) }
        #expect(try path.stat().permissions.rawValue == 0o751)
    }

    @Test func `a part that was left is removed once its writer is gone, and not before`() throws {
        let folder = try TemporaryFolder()
        let left = try folder.write(".gptstep-1-1.partial", [1])
        try writeFile(folder.path("outer")) { write in
            #expect(!left.exists)
            // The outer file's own part lives on while the inner one is written.
            try writeFile(folder.path("inner")) { write in try write(Data([1])) }
            try write(Data([2]))
        }
        #expect(Set(try folder.path.names().map(\.string)) == ["outer", "inner"])
    }

    @Test func `a mapped file that is written to is noticed, one that is replaced is told apart`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("weights", [1, 2, 3])
        let source = try ByteSource(mapping: path)
        #expect(try source.checkUnchanged() == nil)
        _ = try folder.write("other", [4, 5, 6])
        #expect(rename(folder.path("other"), path) == 0)
        #expect(try source.checkUnchanged() == path)
        #expect(Array(source.bytes) == [1, 2, 3])

        let second = try ByteSource(mapping: path)
        let handle = try FileHandle(forWritingTo: URL(path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([7]))
        try handle.close()
        #expect(throws: FileError.changed(path)) { try second.checkUnchanged() }
        unlink(path.string)
        #expect(try second.checkUnchanged() == nil, "what was opened is still there")
    }

    @Test func `a tokenizer that cannot be read is as good as a broken one where ids are given`() throws {
        let folder = try TemporaryFolder()
        for file in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                atPath: fixture("odd").appending(file).string, toPath: folder.path(file).string)
        }
        try folder.path("tokenizer.json").createFolder()
        let model = try Model.checkpoint(folder.path)
        #expect(model.tokenizer == nil)
        #expect(
            model.tokenizerFault == .unreadable(.unreadable(folder.path("tokenizer.json"), reason: "it is a folder")))
        #expect(try model.check([1, 2]) == [1, 2])
    }
}
