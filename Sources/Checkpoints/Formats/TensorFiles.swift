import Foundation
public import SystemPackage

/// The tensors of a checkpoint, whatever program wrote it: one file, or an index with its shards.
///
/// ```swift
/// let files = try TensorFiles(path: "out-shakespeare-char/ckpt.pt")
/// for tensor in files.tensors { print(tensor.name, tensor.type, tensor.shape) }
/// ```
public struct TensorFiles: Sendable {
    /// Who writes such files.
    public enum Format: String, Sendable {
        case safetensors
        /// What `torch.save` writes.
        case pyTorch = "pytorch"
        case llmC = "llm.c"
    }

    /// The file or the index, for messages.
    public let path: FilePath
    /// Who writes such files.
    public let format: Format
    /// The tensors, file by file in the order in which they are there.
    public let tensors: [StoredTensor]
    /// What is called as a tensor is, and is of no kind that can be read, with the reason.
    public let unreadable: [String: String]
    /// The shape of the model, where the file itself says it.
    public let keys: ConfigurationKeys?
    /// The files themselves.
    package let sources: [ByteSource]
    /// The free-form strings of all files.
    public let metadata: [String: String]

    /// Opens a weights file of any format, an index such as `model.safetensors.index.json` with the shards beside it, or
    /// the folder that holds either.
    ///
    /// - Throws: ``FileError`` or ``CheckpointError``.
    public init(path: FilePath) throws {
        let file = try path.status()?.type == .directory ? try Self.file(inFolder: path) : path
        if file.extension == "json" {
            try self.init(index: file)
        } else {
            try self.init(file: file)
        }
    }

    /// One file, by what is in it and not by its name.
    private init(file path: FilePath) throws {
        let source = try ByteSource(mapping: path)
        if PyTorchFile.isOne(source.bytes) {
            let file = try PyTorchFile(source, path: path)
            self.init(
                path: path, format: .pyTorch, tensors: file.tensors, unreadable: file.unreadable, keys: file.keys,
                sources: [source])
        } else if LlmCFile.isOne(source.bytes) {
            let file = try LlmCFile(source, path: path)
            self.init(path: path, format: .llmC, tensors: file.tensors, keys: file.keys, sources: [source])
        } else {
            self.init(try SafetensorsFile(source, path: path))
        }
    }

    private init(
        path: FilePath, format: Format, tensors: [StoredTensor], unreadable: [String: String] = [:],
        keys: ConfigurationKeys? = nil, sources: [ByteSource], metadata: [String: String] = [:]
    ) {
        (self.path, self.format, self.tensors, self.unreadable) = (path, format, tensors, unreadable)
        (self.keys, self.sources, self.metadata) = (keys, sources, metadata)
    }

    /// The tensors of one safetensors file.
    package init(_ file: SafetensorsFile) {
        self.init(
            path: file.path, format: .safetensors, tensors: file.tensors, sources: [file.source],
            metadata: file.header.metadata)
    }

    /// An index and its shards.
    private init(index path: FilePath) throws {
        let index = try ShardIndex(path: path)
        var tensors: [StoredTensor] = []
        var unreadable: [String: String] = [:]
        var sources: [ByteSource] = []
        var metadata: [String: String] = [:]
        var format = Format.safetensors
        for name in index.shards {
            let wanted = index.tensors(in: name)
            let shard = try TensorFiles(file: path.removingLastComponent().appending(name))
            // What a shard holds beyond its part of the map is not of this checkpoint.
            let names = Set(wanted.map { Array($0.utf8) })
            let found = shard.tensors.filter { names.contains(Array($0.name.utf8)) }
            let known = Set((found.map(\.name) + shard.unreadable.keys).map { Array($0.utf8) })
            if !known.isSuperset(of: names) {
                let missing = wanted.first { !known.contains(Array($0.utf8)) }
                throw CheckpointError.missingTensor(
                    path: shard.path, name: visible(missing ?? ""), among: shard.tensors.map(\.name))
            }
            tensors += found
            format = shard.format
            unreadable.merge(shard.unreadable.filter { names.contains(Array($0.key.utf8)) }) { first, _ in first }
            sources += shard.sources
            metadata.merge(shard.metadata) { first, _ in first }
        }
        self.init(
            path: path, format: format, tensors: tensors, unreadable: unreadable, sources: sources, metadata: metadata)
    }

    /// What transformers calls weights, the preferred first: what can be mapped and checked before what Python wrote.
    package static let hubNames = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    ]
    /// What programs call their weights, the preferred first.
    package static let usualNames = hubNames + ["ckpt.pt", "model.pt"]

    /// Whether a folder has weights: a file of a usual name, or an index with all its shards.
    package static func isThere(_ folder: FilePath) -> Bool {
        usualNames.contains { name in
            let path = folder.appending(name)
            guard name.hasSuffix(".json") else { return path.exists }
            return (try? ShardIndex(path: path))?.shards.allSatisfy { folder.appending($0).exists } == true
        }
    }

    /// How the names of weights files end.
    package static let endings = [".safetensors", ".bin", ".pt", ".pth", ".ckpt"]

    private static func file(inFolder folder: FilePath) throws -> FilePath {
        let files = try folder.names().map(\.string).sorted()
        // In a cache a name may be a link whose file never came.
        if let usual = usualNames.first(where: { folder.appending($0).exists }) { return folder.appending(usual) }
        // What is kept beside weights, and looks like them.
        let companions = [
            "training_args.bin", "gpt2_tokenizer.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "rng_state.pth",
        ]
        let others = files.filter { name in
            endings.contains(where: name.hasSuffix) && !companions.contains(name) && !name.hasPrefix("adapter_model.")
        }
        guard let only = others.first, others.count == 1 else {
            throw CheckpointError.noWeights(folder: folder, candidates: others, hint: hint(folder, files))
        }
        return folder.appending(only)
    }

    /// What else is in a folder without weights that tells where they may be.
    private static func hint(_ folder: FilePath, _ files: [String]) -> String? {
        if files.contains("adapter_config.json") {
            return
                "It holds an adapter (adapter_config.json), which needs its base model; merged with it and saved, it opens"
        }
        if files.contains("snapshots") {
            return "It is a repository of the Hugging Face cache: give its name (ORG/NAME), or a folder below snapshots"
        }
        let parts = files.filter { name in
            ((try? folder.appending(name).names()) ?? []).contains { usualNames.contains($0.string) }
        }
        if !parts.isEmpty { return "Its folders \(listed(parts)) hold some" }
        let foreign = files.filter { name in [".h5", ".gguf", ".msgpack", ".onnx"].contains(where: name.hasSuffix) }
        return foreign.isEmpty ? nil : "It holds \(listed(foreign)), which is of another kind"
    }
}
