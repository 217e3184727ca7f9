public import Foundation

/// Collects tensors and writes them as one safetensors file.
public struct SafetensorsWriter {
    private var entries: [(name: String, type: ElementType, shape: [Int], bytes: Data)] = []
    /// The free-form strings of `__metadata__`.
    public var metadata: [String: String] = [:]

    /// An empty file.
    public init() {}

    /// Adds 32-bit floats; `shape` says otherwise where an axis of 1 is wanted.
    public mutating func add(_ name: String, _ tensor: Tensor, shape: [Int]? = nil) {
        entries.append((name, .f32, shape ?? tensor.shape, tensor.withValues { Data(buffer: $0) }))
    }

    /// Adds 64-bit integers in one axis.
    public mutating func add(_ name: String, _ integers: [Int]) {
        entries.append(
            (name, .i64, [integers.count], integers.map(Int64.init).withUnsafeBufferPointer { Data(buffer: $0) }))
    }

    /// Writes to a temporary file beside `path` and renames it, so that nobody ever sees half a file.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    public func write(to path: String) throws(FileError) {
        // Larger elements first keeps every tensor aligned, as the format's own writer does.
        let ordered = entries.sorted { ($1.type.bits, $0.name) < ($0.type.bits, $1.name) }
        var fields: [(String, JSON)] = []
        if !metadata.isEmpty {
            fields.append(("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { ($0, .string($1)) })))
        }
        var offset = 0
        for entry in ordered {
            let end = offset + entry.bytes.count
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
        try writeFile(path, pieces: [length, Data(header)] + ordered.map(\.bytes))
    }
}

/// Writes pieces one after the other to a temporary file beside `path`, and renames it when all are on the disk.
///
/// - Throws: ``FileError/unwritable(_:reason:)``; nothing is left behind then.
public func writeFile(_ path: String, pieces: [Data]) throws(FileError) {
    // A device or a pipe is written to directly: renaming over it would replace it.
    var status = stat()
    let isSpecial = stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    // A link stays a link: what it points to is replaced.
    let resolved = isSpecial ? nil : realpath(path, nil)
    defer { free(resolved) }
    let path = resolved.map { String(cString: $0) } ?? path
    let temporary = isSpecial ? path : "\(path).\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .unwritable(path, reason: String(cString: strerror(errno))) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    var failure: CInt = 0
    do {
        for piece in pieces { try handle.write(contentsOf: piece) }
    } catch {
        failure = errno == 0 ? EIO : errno
    }
    if failure == 0, !isSpecial, fsync(descriptor) != 0 { failure = errno }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0, !isSpecial, rename(temporary, path) != 0 { failure = errno }
    guard failure != 0 else { return }
    if !isSpecial { unlink(temporary) }
    throw .unwritable(path, reason: String(cString: strerror(failure)))
}
