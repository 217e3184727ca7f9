import Foundation
import SystemPackage
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Checkpoints of PyTorch and llm.c: those of people's programs, and those of people who mean harm.
@Suite struct PyTorchTests {
    /// What `write_checkpoint_fixtures.py` noted.
    private struct Expected: Decodable {
        let ids: [Int]
        let logits: [String: [Float]]

        static let all = Result {
            try JSONDecoder().decode(
                Self.self, from: Data(contentsOf: URL(fixture("checkpoints").appending("expected.json"))))
        }
    }

    @Test(arguments: [
        ("nanogpt/ckpt.pt", "as nanoGPT: GELU by erf · no biases: zeros · linear weights [out, in]"),
        ("nanogpt-4/ckpt.pt", "tokens by id · as nanoGPT: GELU by erf · linear weights [out, in]"),
        ("nanogpt-legacy/ckpt.pt", "tokens by id · as nanoGPT: GELU by erf · linear weights [out, in]"),
        ("nanogpt-bf16/ckpt.pt", "tokens by id · as nanoGPT: GELU by erf · linear weights [out, in]"),
        ("mingpt/model.pt", "tokens by id · linear weights [out, in]"), ("hub", "tokens by id"),
        ("llmc/gpt2_124M.bin", "tokens by id · linear weights [out, in]"),
        ("llmc-bf16/gpt2_124M.bin", "tokens by id · linear weights [out, in]"),
    ])
    func `the logits are PyTorch's`(path: String, remark: String) throws {
        let expected = try Expected.all.get()
        let wanted = try #require(expected.logits[path])
        let model = try Model.open(fixture("checkpoints").appending(path).string)
        #expect(model.remark == remark)
        let trace = try Trace(
            program: .gpt2(model.configuration, tokenCount: expected.ids.count), weights: #require(model.weights),
            tokens: expected.ids)
        let found = trace.logits(at: expected.ids.count - 1).values
        #expect(found.count == wanted.count)
        let bound = 2e-5 * (wanted.map(abs).max() ?? 0)
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= bound }, "\(found) is not \(wanted)")
    }

    @Test func `the characters of meta pkl are the tokens`() throws {
        let model = try Model.open(fixture("checkpoints").appending("nanogpt").string)
        #expect(try model.encode(Array("a b\n!".utf8)) == [3, 1, 4, 0, 2])
        #expect(model.text([3, 1, 4, 0, 2]) == "a b\n!")
        let error = try #require(throws: PromptError.self) { try model.encode(Array("abx".utf8)) }
        #expect(error.description.hasPrefix("The prompt has \"x\" at place 3"))
    }

    // MARK: Made by hand

    /// The pickle of a dictionary with one tensor `x` of a shape, over storage 0 with so many elements.
    private static func pickle(
        shape: String = "(K\u{2}K\u{3}t", strides: String = "(K\u{3}K\u{1}t", offset: String = "K\u{0}",
        count: [UInt8] = [0x4B, 6], function: String = "torch._utils\n_rebuild_tensor_v2", extra: [UInt8] = []
    ) -> [UInt8] {
        Array("}(X\u{1}\u{0}\u{0}\u{0}xc\(function)\n((X\u{7}\u{0}\u{0}\u{0}storagectorch\nFloatStorage\n".utf8)
            + Array("X\u{1}\u{0}\u{0}\u{0}0X\u{3}\u{0}\u{0}\u{0}cpu".utf8) + count
            + Array("tQ\(offset)\(shape)\(strides)I00\n}tR".utf8) + extra + Array("u.".utf8)
    }

    /// A pickle as protocol 2 begins.
    private static func protocol2(_ pickle: [UInt8]) -> [UInt8] { [0x80, 2] + pickle }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A zip archive; an entry may give another length than its own.
    private static func archived(
        _ entries: [(name: String, data: [UInt8])], method: Int = 0, lengths: [Int: Int] = [:]
    ) -> [UInt8] {
        var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
        for (index, entry) in entries.enumerated() {
            let (header, length) = (bytes.count, lengths[index] ?? entry.data.count)
            let sizes = little(0, 4) + little(length, 4) + little(length, 4)
            let name = Array(entry.name.utf8)
            bytes +=
                Array("PK\u{3}\u{4}".utf8) + little(20, 2) + little(0, 2) + little(method, 2) + little(0, 4) + sizes
            bytes += little(name.count, 2) + little(0, 2) + name + entry.data
            directory += Array("PK\u{1}\u{2}".utf8) + little(20, 4) + little(0, 2) + little(method, 2) + little(0, 4)
            directory += sizes + little(name.count, 2) + little(0, 12) + little(header, 4) + name
        }
        let end = little(0, 4) + little(entries.count, 2) + little(entries.count, 2) + little(directory.count, 4)
        return bytes + directory + Array("PK\u{5}\u{6}".utf8) + end + little(bytes.count, 4) + little(0, 2)
    }

    private static func archive(_ pickle: [UInt8], _ more: [(name: String, data: [UInt8])] = []) -> [UInt8] {
        archived([("a/data.pkl", protocol2(pickle)), ("a/data/0", Array(repeating: 0, count: 24))] + more)
    }

    private func open(_ bytes: [UInt8]) throws -> TensorFiles {
        let folder = try TemporaryFolder()
        return try TensorFiles(path: folder.write("x.pt", bytes))
    }

    @Test func `a tensor is found where it lies`() throws {
        let tensor = try #require(try open(Self.archive(Self.pickle())).tensors.first)
        #expect(tensor.name == "x" && tensor.shape == [2, 3] && tensor.type == .f32)
        #expect(tensor.numbers?.values == Array(repeating: 0, count: 6))
    }

    @Test(arguments: [
        ("cos\nsystem\n(X\u{4}\u{0}\u{0}\u{0}truetR.", "os.system"),
        ("cposix\nsystem\n(X\u{4}\u{0}\u{0}\u{0}truetR.", "posix.system"),
        ("(X\u{4}\u{0}\u{0}\u{0}trueios\nsystem\n.", "os.system"),
        ("cbuiltins\neval\n(X\u{1}\u{0}\u{0}\u{0}1tR0}.", "builtins.eval"),
        ("ctorch\nserialization.os.system\n.", "torch.serialization.os.system"),
    ])
    func `a pickle that would run something is refused whole, and nothing runs`(text: String, name: String) throws {
        for bytes in [
            Self.archive(Array(text.utf8)),
            Self.archive(Self.pickle(extra: Array("X\u{1}\u{0}\u{0}\u{0}e\(text.dropLast())".utf8))),
        ] {
            let error = try #require(throws: CheckpointError.self) { try open(bytes) }
            #expect(error.description.contains("names \(name), which can run"), "\(error)")
        }
    }

    @Test func `a class that is not known is passed over where it is not needed`() throws {
        let object = Array("X\u{4}\u{0}\u{0}\u{0}argscargparse\nNamespace\n)".utf8) + [0x81]
        #expect(try open(Self.archive(Self.pickle(extra: object))).tensors.map(\.name) == ["x"])
    }

    private static let lyingPickles: [(pickle: [UInt8], reason: String)] = [
        (pickle(count: [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x10]), "1152921504606846976 elements"),
        (pickle(shape: "(K\u{2}K\u{4}t", strides: "(K\u{4}K\u{1}t"), "lies outside its storage, which has 6 numbers"),
        (pickle(offset: "K\u{1}"), "lies outside its storage"),
        (pickle(offset: "J\u{7F}\u{7F}\u{7F}\u{7F}"), "lies outside its storage"),
        (pickle(strides: "(K\u{3}t"), "has a shape, strides or an offset that no tensor has"),
        (pickle(shape: "(I-2\nK\u{3}t"), "has a shape, strides or an offset that no tensor has"),
        (
            Array((String(repeating: "]", count: 100_000) + String(repeating: "a", count: 99_999) + ".").utf8),
            "1000 deep"
        ),
        (Array("}.".utf8), "it is empty"), (Array("K\u{1}.".utf8), "a list, a tuple or a single value"),
        (Array("cmodels\nGPT\n)R.".utf8), "of the class models.GPT"), (Array("h\u{5}.".utf8), "never remembered"),
        (Array("X\u{FF}".utf8), "breaks off"), (Array("}(K\u{1}u.".utf8), "a key without a value"),
        (pickle(shape: "(K\u{2}K\u{3}t", strides: "(J\u{7F}\u{7F}\u{7F}\u{7F}K\u{1}t"), "lies outside its storage"),
        ([0x8D, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0x2E], "breaks off"),
        (Array("S'a\\x41'\n.".utf8), "an escape that is not understood"), ([0x82, 1, 0x2E], "the instruction 130"),
    ]

    @Test(arguments: lyingPickles)
    func `a pickle that lies is refused`(pickle: [UInt8], reason: String) throws {
        let error = try #require(throws: CheckpointError.self) { try open(Self.archive(pickle)) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func `a list of more values than any checkpoint has is refused, and takes no square of time`() throws {
        let appended = Array(repeating: Array("h\u{0}a".utf8), count: (1 << 20) + 1).joined()
        let error = try #require(throws: CheckpointError.self) {
            try open(Self.archive(Array("]q\u{0}]".utf8) + appended + [0x2E]))
        }
        #expect(error.description.contains("more than 1048576 values"))
    }

    @Test func `views are read in their own order, and of nothing it does not matter where it lies`() throws {
        let turned = Self.pickle(shape: "(K\u{3}K\u{2}t", strides: "(K\u{1}K\u{3}t")
        var bytes = Self.archived([
            ("a/data.pkl", Self.protocol2(turned)),
            ("a/data/0", (0..<6).flatMap { Self.little(Int(Float($0).bitPattern), 4) }),
        ])
        #expect(try open(bytes).tensors.first?.numbers?.values == [0, 3, 1, 4, 2, 5])
        // One step along an axis of one is nobody's, however long; and an empty tensor may claim any place.
        for (shape, strides, offset) in [
            ("(K\u{1}K\u{6}t", "(J\u{7F}\u{7F}\u{7F}\u{7F}K\u{1}t", "K\u{0}"),
            ("(K\u{0}t", "(K\u{1}t", "J\u{7F}\u{7F}\u{7F}\u{7F}"),
        ] {
            bytes = Self.archive(Self.pickle(shape: shape, strides: strides, offset: offset))
            #expect(try open(bytes).tensors.first?.numbers != nil)
        }
    }

    @Test func `a tensor of a kind that is not read is named where it is needed`() throws {
        let small = try SmallCheckpoint()
        _ = try small.write()
        let files = try open(
            Self.archive(
                Self.pickle(function: "torch._utils\n_rebuild_qtensor")
                    + []))
        #expect(files.tensors.isEmpty)
        #expect(files.unreadable["x"]?.contains("torch._utils._rebuild_qtensor") == true)
    }

    private static let lyingArchives: [(bytes: [UInt8], reason: String)] = [
        (archive(pickle(), [("../up", [])]), "leads out of its folder"),
        (archive(pickle(), [("/root", [])]), "leads out of its folder"),
        (archive(pickle(), [("a/data/0", [])]), "names a/data/0 twice"),
        (archive(pickle(), [("b/data.pkl", [])]), "no data.pkl"),
        (archive(pickle(), [("a/constants.pkl", [])]), "TorchScript"),
        (archive(pickle(), [("a/byteorder", Array("big".utf8))]), "big-endian"),
        (archived([("a/data.pkl", protocol2(pickle()))]), "storage 0 is not in the file"),
        (archived([("a/data.pkl", protocol2(pickle()))], method: 8), "compressed"),
        (archived([("a/x", [1, 2, 3]), ("a/y", [])], lengths: [0: 20]), "overlap"),
        (Array(archive(pickle()).dropLast()), "breaks off"), (archive(pickle()) + [0], "bytes follow its end"),
        (Array("PK\u{3}\u{4} and more".utf8), "breaks off"),
        ([0x80, 2, 0x7D, 0x71, 0, 0x2E, 0, 0, 0, 0], "a Python pickle that torch.save did not write"),
    ]

    @Test(arguments: lyingArchives)
    func `an archive that lies is refused`(bytes: [UInt8], reason: String) throws {
        let error = try #require(throws: CheckpointError.self) { try open(bytes) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test(arguments: [50, 500, 3000])
    func `a file of the older form that breaks off is refused`(length: Int) throws {
        let bytes = try Data(contentsOf: URL(fixture("checkpoints").appending("nanogpt-legacy/ckpt.pt")))
        let error = try #require(throws: CheckpointError.self) { try open(Array(bytes.prefix(length))) }
        #expect(error.description.contains("breaks off"), "\(error)")
    }

    @Test(arguments: [
        (1, Int32(4), "version 4"), (3, -1, "-1 vocabulary"), (6, 1 << 23, "8388608 channels"), (7, 5, "padded to 5"),
    ])
    func `a header of llm c that lies is refused`(place: Int, value: Int32, reason: String) throws {
        var bytes = Array(try Data(contentsOf: URL(fixture("checkpoints").appending("llmc/gpt2_124M.bin"))))
        bytes.replaceSubrange(4 * place..<4 * place + 4, with: Self.little(Int(value), 4))
        let error = try #require(throws: CheckpointError.self) { try open(bytes) }
        #expect(error.description.contains(reason), "\(error)")
        let cut = try #require(throws: CheckpointError.self) { try open(bytes.dropLast(4) + []) }
        #expect(cut.description.contains("no checkpoint of llm.c"))
    }
}
