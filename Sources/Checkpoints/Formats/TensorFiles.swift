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
        // The length of a safetensors header may be the bytes that another format begins with; but then a header follows.
        let hasHeader = source.bytes.dropFirst(8).first == UInt8(ascii: "{")
        if !hasHeader, PyTorchFile.isOne(source.bytes) {
            let file = try PyTorchFile(source, path: path)
            self.init(
                path: path, format: .pyTorch, tensors: file.tensors, unreadable: file.unreadable, keys: file.keys,
                sources: [source])
        } else if !hasHeader, LlmCFile.isOne(source.bytes) {
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

    /// Source: the index format of Hugging Face's tools, `{"metadata": …, "weight_map": {tensor: file}}`.
    private init(index path: FilePath) throws {
        let source = try ByteSource(reading: path)
        var map: [(tensor: String, file: String)] = []
        do {
            var scanner = try JSONScanner(source.bytes)
            try scanner.object { scanner, key in
                guard key == "weight_map" else { return try scanner.skipValue() }
                try scanner.object { scanner, tensor in map.append((tensor, try scanner.string())) }
            }
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw CheckpointError.notIndex(
                path: path, reason: FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        guard !map.isEmpty else {
            throw CheckpointError.notIndex(path: path, reason: "its weight_map names no tensors")
        }
        var tensors: [StoredTensor] = []
        var unreadable: [String: String] = [:]
        var sources: [ByteSource] = []
        var metadata: [String: String] = [:]
        var format = Format.safetensors
        // Names are bytes: two that differ only in how an accent is written are two files.
        let files = Dictionary(grouping: map) { Array($0.file.utf8) }.values
        for wanted in files.sorted(by: {
            $0[0].file.unicodeScalars.lexicographicallyPrecedes($1[0].file.unicodeScalars)
        }) {
            let name = wanted[0].file
            guard isShardName(name) else {
                throw CheckpointError.notIndex(
                    path: path, reason: "its shard \(visible(name)) is not the name of a weights file beside it")
            }
            let shard = try TensorFiles(file: path.removingLastComponent().appending(name))
            // What a shard holds beyond its part of the map is not of this checkpoint.
            let names = Set(wanted.map { Array($0.tensor.utf8) })
            let found = shard.tensors.filter { names.contains(Array($0.name.utf8)) }
            let known = Set((found.map(\.name) + shard.unreadable.keys).map { Array($0.utf8) })
            if !known.isSuperset(of: names) {
                let missing = wanted.first { !known.contains(Array($0.tensor.utf8)) }
                throw CheckpointError.missingTensor(path: shard.path, name: visible(missing?.tensor ?? ""))
            }
            tensors += found
            format = shard.format
            unreadable.merge(shard.unreadable) { first, _ in first }
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

    private static func file(inFolder folder: FilePath) throws -> FilePath {
        let files = try folder.names().map(\.string)
        if let usual = usualNames.first(where: files.contains) { return folder.appending(usual) }
        let others = files.filter { name in
            [".safetensors", ".pt", ".pth", ".bin"].contains { name.hasSuffix($0) }
                && !["training_args.bin", "gpt2_tokenizer.bin", "optimizer.pt", "scheduler.pt"].contains(name)
        }
        guard let only = others.first, others.count == 1 else {
            throw CheckpointError.noWeights(folder: folder, candidates: others.sorted())
        }
        return folder.appending(only)
    }
}

/// Whether a name in an index can be that of a file beside it: it leads nowhere else, and hides nothing.
package func isShardName(_ name: String) -> Bool {
    name.utf8.count <= 255 && name.utf8.first != UInt8(ascii: ".")
        && [".safetensors", ".bin"].contains { name.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }
        && name.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control }
}
