package import SystemPackage

/// The file that says which tensor is in which of many files.
///
/// Source: the index format of Hugging Face's tools, `{"metadata": …, "weight_map": {tensor: file}}`.
package struct ShardIndex {
    /// The names of the files, in order.
    package let shards: [String]
    private let map: [[UInt8]: [String]]

    /// Reads an index.
    ///
    /// - Throws: ``FileError``, or ``CheckpointError/notIndex(path:reason:)``.
    package init(path: FilePath) throws {
        let source = try ByteSource(reading: path)
        func refusal(_ reason: String) -> CheckpointError { .notIndex(path: path, reason: reason) }
        // Names are bytes: two that differ only in how an accent is written are two files.
        var map: [[UInt8]: [String]] = [:]
        var shards: [String] = []
        do {
            var scanner = try JSONScanner(source.bytes)
            try scanner.object { scanner, key in
                guard key == "weight_map" else { return try scanner.skipValue() }
                try scanner.object { scanner, tensor in
                    let file = try scanner.string()
                    guard Self.isShardName(file) else {
                        throw refusal("its shard \(visible(file)) is not the name of a weights file beside it")
                    }
                    let bytes = Array(file.utf8)
                    if map[bytes] == nil { shards.append(file) }
                    map[bytes, default: []].append(tensor)
                }
            }
            try scanner.end()
        } catch let error as JSONSyntaxError {
            throw refusal(FileKind.misplaced(source.bytes) ?? "it \(error.description)")
        }
        guard !map.isEmpty else { throw refusal("its weight_map names no tensors") }
        self.shards = shards.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        self.map = map
    }

    /// The tensors that a file should have.
    func tensors(in shard: String) -> [String] { map[Array(shard.utf8)] ?? [] }

    /// Whether a name in an index can be that of a file beside it: it leads nowhere else, and hides nothing.
    private static func isShardName(_ name: String) -> Bool {
        name.utf8.count <= 255 && name.utf8.first != UInt8(ascii: ".")
            && [".safetensors", ".bin"].contains { name.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }
            && name.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control }
    }
}
