public import Foundation

/// Collects tensors and writes them as one safetensors file.
///
/// A tensor may be given as a function, which is asked when its bytes are written: a file can be larger than memory.
public struct SafetensorsWriter {
    private var entries: [(name: String, type: ElementType, shape: [Int], bytes: () -> Data)] = []
    /// The free-form strings of `__metadata__`.
    public var metadata: [String: String] = [:]

    /// An empty file.
    public init() {}

    /// Adds 32-bit floats that are computed when they are written.
    public mutating func add(_ name: String, shape: [Int], _ tensor: @escaping () -> Tensor) {
        entries.append((name, .f32, shape, { tensor().withValues { Data(buffer: $0) } }))
    }

    /// Adds 32-bit floats.
    public mutating func add(_ name: String, _ tensor: Tensor) { add(name, shape: tensor.shape) { tensor } }

    /// Adds 64-bit integers in one axis.
    public mutating func add(_ name: String, _ integers: [Int]) { add(name, count: integers.count) { integers } }

    /// Adds 64-bit integers that are computed when they are written, in one axis.
    public mutating func add(_ name: String, count: Int, _ integers: @escaping () -> [Int]) {
        entries.append(
            (name, .i64, [count], { integers().map(Int64.init).withUnsafeBufferPointer { Data(buffer: $0) } }))
    }

    /// Writes to a temporary file beside `path` and renames it, so that nobody ever sees half a file.
    ///
    /// - Parameter progress: is told how many tensors are written of all, and may throw to stop.
    /// - Throws: ``FileError/unwritable(_:reason:)``, or what `progress` throws; nothing is left behind then.
    public func write(to path: String, progress: (_ done: Int, _ all: Int) throws -> Void = { _, _ in }) throws {
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
        }
    }
}

/// Writes pieces one after the other to a temporary file beside `path`, and renames it when all are on the disk.
///
/// - Parameter body: is given a function that writes a piece.
/// - Throws: ``FileError/unwritable(_:reason:)``, or what `body` throws; nothing is left behind then.
public func writeFile(_ path: String, _ body: (_ write: (Data) throws -> Void) throws -> Void) throws {
    // A device or a pipe is written to directly: renaming over it would replace it.
    var status = stat()
    let isSpecial = stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    // A link stays a link: what it points to is replaced, or written where nothing is yet.
    var (path, folder) = (path, (path as NSString).deletingLastPathComponent)
    for _ in 0..<40 where !isSpecial {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { break }
        path = target.hasPrefix("/") ? target : (folder as NSString).appendingPathComponent(target)
        folder = (path as NSString).deletingLastPathComponent
    }
    let temporary =
        isSpecial
        ? path
        : (folder as NSString).appendingPathComponent(".gptstep-\(getpid())-\(UInt32.random(in: 0 ... .max)).partial")
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    let failure = { [path] in FileError.unwritable(path, reason: String(cString: strerror(errno == 0 ? EIO : errno))) }
    guard descriptor >= 0 else { throw failure() }
    // Who asks the program to end wants no half of a file either.
    let endings = isSpecial ? [] : [SIGINT, SIGTERM, SIGHUP].compactMap { removing(temporary, on: $0) }
    defer { for ending in endings { ending() } }
    // What is replaced keeps its permissions.
    if !isSpecial, stat(path, &status) == 0 { fchmod(descriptor, status.st_mode & 0o7777) }
    do {
        do {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
            try body { piece in do { try handle.write(contentsOf: piece) } catch { throw failure() } }
            if !isSpecial, fsync(descriptor) != 0 { throw failure() }
        } catch {
            close(descriptor)
            throw error
        }
        if close(descriptor) != 0 { throw failure() }
        if !isSpecial, rename(temporary, path) != 0 { throw failure() }
    } catch {
        if !isSpecial { unlink(temporary) }
        throw error
    }
}

/// Removes a file and ends the program when a signal comes; what is returned ends that. Nil for a signal that is ignored,
/// which stays so.
private func removing(_ path: String, on number: Int32) -> (() -> Void)? {
    var before = sigaction()
    sigaction(number, nil, &before)
    let isIgnored = before.__sigaction_handler.sa_handler.map { unsafeBitCast($0, to: Int.self) } == 1
    guard !isIgnored else { return nil }
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
        unlink(path)
        _exit(128 + number)
    }
    source.resume()
    return {
        source.cancel()
        sigaction(number, &before, nil)
    }
}
