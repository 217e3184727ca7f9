public import Foundation
public import SystemPackage

/// Collects tensors and writes them as one safetensors file.
///
/// A tensor may be given as a function, which is asked when its bytes are written: a file can be larger than memory.
public struct SafetensorsWriter {
    private var entries: [(name: String, type: ElementType, shape: [Int], bytes: () -> Data)] = []
    /// The free-form strings of `__metadata__`.
    public var metadata: [String: String] = [:]

    /// An empty file.
    public init() {}

    /// Adds a tensor whose bytes, in row-major order, are asked for when they are written.
    public mutating func add(_ name: String, _ type: ElementType, shape: [Int], bytes: @escaping () -> Data) {
        entries.append((name, type, shape, bytes))
    }

    /// Writes to a temporary file beside `path` and renames it, so that nobody ever sees half a file.
    ///
    /// - Parameter progress: is told how many tensors are written of all, at last that all are, and may throw to stop.
    /// - Throws: ``FileError/unwritable(_:reason:)``, or what `progress` throws; nothing is left behind then.
    public func write(to path: FilePath, progress: (_ done: Int, _ all: Int) throws -> Void = { _, _ in }) throws {
        // Larger elements first keeps every tensor aligned, as the format's own writer does.
        let ordered = entries.filter { $0.type == .i64 } + entries.filter { $0.type != .i64 }
        var fields: [(String, JSON)] = []
        if !metadata.isEmpty {
            fields.append(("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { ($0, .string($1)) })))
        }
        var offset = 0
        for entry in ordered {
            let end = offset + entry.shape.reduce(entry.type.bits / 8, *)
            fields.append(
                (
                    entry.name,
                    .object([
                        ("dtype", .string(entry.type.rawValue)), ("shape", .integers(entry.shape)),
                        ("data_offsets", .integers([offset, end])),
                    ])
                ))
            offset = end
        }
        var header = Array(JSON.object(fields).text.utf8)
        header += Array(repeating: 0x20, count: (8 - header.count % 8) % 8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        try writeFile(path) { write in
            try write(length + header)
            for (place, entry) in ordered.enumerated() {
                try progress(place, ordered.count)
                try write(entry.bytes())
            }
            try progress(ordered.count, ordered.count)
        }
    }
}
