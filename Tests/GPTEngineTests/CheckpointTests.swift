import Foundation
import SystemPackage
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// A folder with a model small enough to be written by a test.
struct SmallCheckpoint {
    static let configuration = #"{"n_layer": 1, "n_head": 2, "n_embd": 4, "n_positions": 3, "vocab_size": 5}"#
    let folder: TemporaryFolder
    var tensors: [(name: String, tensor: Tensor)]

    init() throws {
        folder = try TemporaryFolder()
        let shape = try Configuration(layerCount: 1, headCount: 2, width: 4, contextLength: 3, vocabularySize: 5)
        tensors = shape.parameters.map { ($0.name, Weights.random($0, seed: 1)) }
    }

    var path: FilePath { folder.path }
    var weightsPath: FilePath { folder.path("model.safetensors") }

    mutating func replace(_ name: String, with tensor: Tensor?) throws {
        let place = try #require(tensors.firstIndex { $0.name == name })
        tensors.remove(at: place)
        if let tensor { tensors.append((name, tensor)) }
    }

    /// Writes both files and gives the folder's path.
    func write(configuration: String = Self.configuration, integers: [String] = []) throws -> FilePath {
        _ = try folder.write("config.json", configuration.utf8)
        var writer = SafetensorsWriter()
        for (name, tensor) in tensors { writer.add(name, tensor) }
        for name in integers { writer.add(name, [1, 2, 3, 4]) }
        try writer.write(to: weightsPath)
        return path
    }
}

/// What is opened as a model, and why the rest is not.
@Suite struct CheckpointTests {
    @Test(arguments: [("odd", 2, 5, 72), ("linear", 1, 2, 96)])
    func `a folder and the file in it open as the same model`(name: String, layers: Int, heads: Int, neurons: Int)
        throws
    {
        for path in [name, "\(name)/model.safetensors"] {
            let model = try Model.checkpoint(fixture(path))
            #expect(model.state == .loaded)
            #expect(model.configuration.layerCount == layers)
            #expect(model.configuration.headCount == heads)
            #expect(model.configuration.mlpWidth == neurons)
            #expect(model.tokenizer == nil)
            let weights = try #require(model.weights)
            for parameter in model.configuration.parameters { #expect(weights[parameter].shape == parameter.shape) }
        }
        #expect(try Model.checkpoint(fixture(name)).name == name)
    }

    @Test func `a written checkpoint is read back under any prefix`() throws {
        for prefix in ["", "transformer.", "module.", "_orig_mod.", "module._orig_mod.transformer."] {
            var small = try SmallCheckpoint()
            small.tensors = small.tensors.map { (prefix + $0.name, $0.tensor) }
            let model = try Model.checkpoint(small.write(integers: ["h.0.attn.bias", "extra"]))
            let weights = try #require(model.weights)
            for (parameter, written) in zip(model.configuration.parameters, small.tensors) {
                #expect(weights[parameter].values == written.tensor.values, "\(prefix)\(parameter.name)")
            }
        }
    }

    @Test func `weights in the other layout are turned over`() throws {
        var small = try SmallCheckpoint()
        let straight = try #require(try Model.checkpoint(small.write()).weights)
        small.tensors = small.tensors.map { name, tensor in
            guard tensor.shape.count == 2, name.contains(".c_") else { return (name, tensor) }
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            return (name, Tensor([columns, rows], (0..<tensor.count).map { tensor[$0 % rows, $0 / rows] }))
        }
        let model = try Model.checkpoint(small.write())
        let turned = try #require(model.weights)
        for parameter in model.configuration.parameters {
            #expect(turned[parameter].values == straight[parameter].values, "\(parameter.name)")
        }
    }

    // MARK: Files

    @Test func `a missing file or folder is refused by name`() throws {
        let small = try SmallCheckpoint()
        for name in ["model.safetensors", "no/such/place"] {
            #expect(throws: FileError.missing(small.folder.path(name))) {
                try Model.checkpoint(small.folder.path(name))
            }
        }
    }

    @Test func `a missing config.json is refused by name`() throws {
        let small = try SmallCheckpoint()
        let path = try small.write()
        try FileManager.default.removeItem(atPath: small.folder.path("config.json").string)
        #expect(throws: FileError.missing(small.folder.path("config.json"))) { try Model.checkpoint(path) }
    }

    @Test func `a folder in the place of a file is refused`() throws {
        let small = try SmallCheckpoint()
        let path = try small.write()
        let config = small.folder.path("config.json")
        try FileManager.default.removeItem(atPath: config.string)
        try FileManager.default.createDirectory(atPath: config.string, withIntermediateDirectories: true)
        #expect(throws: FileError.unreadable(config, reason: "it is a folder")) { try Model.checkpoint(path) }
    }

    @Test func `a folder without weights is refused`() throws {
        let small = try SmallCheckpoint()
        _ = try small.folder.write("config.json", SmallCheckpoint.configuration.utf8)
        #expect(throws: CheckpointError.noWeights(folder: small.path, candidates: [], hint: nil)) {
            try Model.checkpoint(small.path)
        }
    }

    @Test func `of several weights files one has to be named`() throws {
        let small = try SmallCheckpoint()
        for name in ["a.pt", "b.safetensors", "training_args.bin"] { _ = try small.folder.write(name, []) }
        #expect(
            throws: CheckpointError.noWeights(folder: small.path, candidates: ["a.pt", "b.safetensors"], hint: nil)
        ) {
            try Model.checkpoint(small.path)
        }
    }

    @Test func `an empty file is refused`() throws {
        let small = try SmallCheckpoint()
        let path = try small.folder.write("model.safetensors", [])
        #expect(throws: CheckpointError.otherKind(path: path, reason: "it is empty; the download may have failed")) {
            try Model.checkpoint(path)
        }
    }

    @Test(arguments: [1, 4, 700])
    func `a truncated file is refused with both byte counts`(missing: Int) throws {
        let small = try SmallCheckpoint()
        let path = try small.write()
        let bytes = try Data(contentsOf: URL(small.weightsPath))
        _ = try small.folder.write("model.safetensors", bytes.dropLast(missing))
        let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(path) }
        let reason = SafetensorsError.truncated(file: bytes.count - missing, described: bytes.count)
        #expect(error == .notSafetensors(path: small.weightsPath, reason: reason))
        for count in [bytes.count - missing, bytes.count] { #expect(error.description.contains(" \(count)")) }
    }

    @Test func `a name is in the cache when its weights are, and an older name counts where the newer is not whole`()
        throws
    {
        let folder = try TemporaryFolder()
        let cache = HubCache(root: folder.path)
        func snapshot(_ model: String, _ commit: Character) throws -> FilePath {
            let folder = cache.root.appending("models--\(model)")
            let commit = String(repeating: commit, count: 40)
            try folder.appending("refs").createFolder()
            try writeFile(folder.appending("refs/main")) { write in try write(Data(commit.utf8)) }
            let files = folder.appending("snapshots").appending(commit)
            try files.createFolder()
            try writeFile(files.appending("config.json")) { write in try write(Data("{}".utf8)) }
            return files
        }
        let newer = try snapshot("openai-community--gpt2", "a")
        #expect(Model.snapshot(of: "gpt2", in: cache) == nil)
        let older = try snapshot("gpt2", "b")
        try writeFile(older.appending("model.safetensors")) { _ in }
        #expect(Model.snapshot(of: "gpt2", in: cache) == older)
        try writeFile(newer.appending("model.safetensors")) { _ in }
        #expect(Model.snapshot(of: "gpt2", in: cache) == newer)
    }

    // MARK: Tensors

    @Test(arguments: [
        "wte.weight", "wpe.weight", "h.0.attn.c_attn.weight", "h.0.ln_2.weight", "ln_f.weight",
    ])
    func `a missing tensor is refused by name`(name: String) throws {
        var small = try SmallCheckpoint()
        try small.replace(name, with: nil)
        let path = try small.write()
        let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(path) }
        #expect(error == .missingTensor(path: small.weightsPath, name: name, among: small.tensors.map(\.name)))
        #expect(error.description.contains(name))
    }

    @Test func `a model without any bias has zeros, one that lacks some is refused by their names`() throws {
        var small = try SmallCheckpoint()
        try small.replace("h.0.mlp.c_proj.bias", with: nil)
        try small.replace("ln_f.bias", with: nil)
        let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(small.write()) }
        let path = small.weightsPath
        #expect(error == .someBiasesMissing(path: path, names: ["h.0.mlp.c_proj.bias", "ln_f.bias"], of: 7))
        #expect(error.description.contains("h.0.mlp.c_proj.bias, ln_f.bias"))

        for name in small.tensors.map(\.name) where name.hasSuffix(".bias") { try small.replace(name, with: nil) }
        let model = try Model.checkpoint(small.write())
        let weights = try #require(model.weights)
        #expect(model.remark?.contains("no biases: zeros") == true)
        for parameter in model.configuration.parameters where parameter.isBias {
            #expect(weights[parameter].values.allSatisfy { $0 == 0 })
        }
    }

    @Test func `an unembedding alone is the token table too`() throws {
        var small = try SmallCheckpoint()
        let table = try #require(small.tensors.first { $0.name == "wte.weight" })
        try small.replace("wte.weight", with: nil)
        small.tensors.append(("lm_head.weight", table.tensor))
        let model = try Model.checkpoint(small.write())
        let weights = try #require(model.weights)
        #expect(weights[model.configuration.tokenTable].values == table.tensor.values)
        #expect(model.remark?.contains("stored as lm_head.weight") == true)
    }

    @Test func `what is left unread is named`() throws {
        var small = try SmallCheckpoint()
        small.tensors.append(("score.weight", Tensor([2], [1, 2])))
        small.tensors.append(("h.0.attn.bias", Tensor([1], [1])))
        #expect(try Model.checkpoint(small.write()).remark?.contains("unread: score.weight") == true)
    }

    @Test(arguments: [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS pointer"),
        ("\n<!DOCTYPE html><html>", "web page"), ("GGUF\u{3}\0\0\0", "GGUF"), ("", "empty"),
        ("\u{1F}\u{8B}", "is not a whole safetensors file"),
    ])
    func `a file that is not what its name says is called what it is`(text: String, word: String) throws {
        for name in ["model.safetensors", "config.json", "tokenizer.json"] {
            let small = try SmallCheckpoint()
            _ = try small.write()
            let path = try small.folder.write(name, text.utf8)
            if name == "tokenizer.json" {
                let model = try Model.checkpoint(small.path)
                if !text.hasPrefix("\u{1F}") { #expect(model.tokenizerFault?.description.contains(word) == true) }
            } else {
                let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(small.path) }
                #expect(error.description.contains(visible(path)))
                if name != "config.json" || !text.hasPrefix("\u{1F}") {
                    #expect(error.description.contains(word), "\(error)")
                }
            }
        }
    }

    @Test func `a block beyond the configured ones is refused by name`() throws {
        var small = try SmallCheckpoint()
        small.tensors.append(("h.1.ln_1.weight", Tensor([4], [1, 1, 1, 1])))
        let path = try small.write()
        let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(path) }
        #expect(error == .surplusBlock(path: small.weightsPath, name: "h.1.ln_1.weight"))
    }

    @Test func `an untied head must be there`() throws {
        var small = try SmallCheckpoint()
        let untied = SmallCheckpoint.configuration.dropLast() + #", "tie_word_embeddings": false}"#
        let path = try small.write(configuration: String(untied))
        let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(path) }
        #expect(error.description.contains("has no tensor lm_head.weight"))
        small.tensors.append(("lm_head.weight", Tensor([5, 4], Array(repeating: 3, count: 20))))
        let model = try Model.checkpoint(small.write(configuration: String(untied)))
        #expect(model.weights?[model.configuration.unembedding].values == Array(repeating: 3, count: 20))
    }

    @Test(arguments: [
        ("wte.weight", [5, 4], [4, 5]), ("wpe.weight", [3, 4], [2, 4]), ("h.0.attn.c_attn.weight", [4, 12], [4, 11]),
        ("h.0.attn.c_attn.bias", [12], [1, 12]), ("h.0.mlp.c_fc.weight", [4, 16], [16, 4]), ("ln_f.weight", [4], []),
    ])
    func `a tensor of another shape is refused with both shapes`(name: String, expected: [Int], found: [Int]) throws {
        var small = try SmallCheckpoint()
        try small.replace(name, with: Tensor(found, Array(repeating: 0, count: found.reduce(1, *))))
        let path = try small.write()
        let error = try #require(throws: CheckpointError.self) { try Model.checkpoint(path) }
        #expect(error == .wrongShape(path: small.weightsPath, name: name, expected: expected, found: found))
        #expect(error.description.contains("\(expected)") && error.description.contains("\(found)"))
    }

    @Test func `a parameter of integers is refused`() throws {
        var small = try SmallCheckpoint()
        try small.replace("ln_f.bias", with: nil)
        let path = try small.write(integers: ["ln_f.bias"])
        #expect(throws: CheckpointError.wrongType(path: small.weightsPath, name: "ln_f.bias", found: .i64)) {
            try Model.checkpoint(path)
        }
    }

    @Test func `the same parameter under two prefixes is refused`() throws {
        var small = try SmallCheckpoint()
        small.tensors.append(("transformer.ln_f.bias", Tensor([4], [0, 0, 0, 0])))
        let path = try small.write()
        #expect(throws: CheckpointError.ambiguous(path: small.weightsPath, name: "ln_f.bias")) {
            try Model.checkpoint(path)
        }
    }
}
