import Foundation
public import SystemPackage

/// The tensors of a checkpoint: one safetensors file, or an index with its shards.
public struct TensorFiles: Sendable {
    /// The file or the index, for messages.
    public let path: FilePath
    /// The tensors, file by file in the order of their bytes.
    public let tensors: [StoredTensor]
    /// The files themselves.
    package let sources: [ByteSource]
    /// The free-form strings of all files.
    public let metadata: [String: String]

    /// Opens a safetensors file, an index such as `model.safetensors.index.json` with the shards beside it, or the
    /// folder that holds either.
    ///
    /// - Throws: ``FileError`` or ``CheckpointError``.
    public init(path: FilePath) throws {
        let file = try path.status()?.type == .directory ? try Self.file(inFolder: path) : path
        if file.extension == "json" {
            try self.init(index: file)
        } else {
            self.init(try SafetensorsFile(path: file))
        }
    }

    /// The tensors of one file.
    package init(_ file: SafetensorsFile) {
        path = file.path
        sources = [file.source]
        tensors = file.tensors
        metadata = file.header.metadata
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
        var sources: [ByteSource] = []
        var metadata: [String: String] = [:]
        // Names are bytes: two that differ only in how an accent is written are two files.
        let files = Dictionary(grouping: map) { Array($0.file.utf8) }.values
        for wanted in files.sorted(by: {
            $0[0].file.unicodeScalars.lexicographicallyPrecedes($1[0].file.unicodeScalars)
        }) {
            let name = wanted[0].file
            guard isShardName(name) else {
                throw CheckpointError.notIndex(
                    path: path, reason: "its shard \(visible(name)) is not the name of a safetensors file beside it")
            }
            let shard = try SafetensorsFile(path: path.removingLastComponent().appending(name))
            // What a shard holds beyond its part of the map is not of this checkpoint.
            let names = Set(wanted.map { Array($0.tensor.utf8) })
            let found = shard.tensors.filter { names.contains(Array($0.name.utf8)) }
            if found.count < names.count {
                let known = Set(found.map { Array($0.name.utf8) })
                let missing = wanted.first { !known.contains(Array($0.tensor.utf8)) }
                throw CheckpointError.missingTensor(path: shard.path, name: visible(missing?.tensor ?? ""))
            }
            tensors += found
            sources.append(shard.source)
            metadata.merge(shard.header.metadata) { first, _ in first }
        }
        (self.path, self.tensors, self.sources, self.metadata) = (path, tensors, sources, metadata)
    }

    private static func file(inFolder folder: FilePath) throws -> FilePath {
        let files = try folder.names().map(\.string)
        for name in ["model.safetensors", "model.safetensors.index.json"] where files.contains(name) {
            return folder.appending(name)
        }
        if let pickle = files.first(where: { $0.hasPrefix("pytorch_model") }) {
            throw CheckpointError.pickle(path: folder.appending(pickle))
        }
        throw CheckpointError.noWeights(folder: folder)
    }
}

/// Whether a name in an index can be that of a file beside it: it leads nowhere else, and hides nothing.
package func isShardName(_ name: String) -> Bool {
    name.utf8.count <= 255 && name.utf8.first != UInt8(ascii: ".")
        && name.utf8.suffix(12).elementsEqual(".safetensors".utf8)
        && name.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control }
}
