public import SystemPackage

/// A safetensors file, or bytes in that format: its header checked, its tensors read when asked for.
public struct SafetensorsFile: Sendable {
    /// Where it came from, for messages.
    public let path: FilePath
    /// What is in it.
    public let header: SafetensorsHeader
    let source: ByteSource

    /// Opens a file by mapping it.
    ///
    /// - Throws: ``FileError`` or ``CheckpointError/notSafetensors(path:reason:)``.
    public init(path: FilePath) throws {
        try self.init(ByteSource(mapping: path), path: path)
    }

    /// Reads the header of bytes that are there.
    package init(_ source: ByteSource, path: FilePath) throws(CheckpointError) {
        self.path = path
        self.source = source
        do {
            header = try SafetensorsHeader(source.bytes)
        } catch {
            if let reason = FileKind.misplaced(source.bytes) { throw .otherKind(path: path, reason: reason) }
            throw .notSafetensors(path: path, reason: error)
        }
    }

    /// The tensors in the order of their bytes.
    package var tensors: [StoredTensor] {
        header.entries.map { entry in
            let start = header.byteCount + entry.range.lowerBound
            return StoredTensor(
                name: entry.name, type: entry.type, shape: entry.shape, place: start..<start + entry.range.count,
                in: source)
        }
    }
}
