import Foundation

/// Bytes that stay where they are while someone holds them: a mapped file, or what travels inside the program.
///
/// Unchecked: nothing here writes to the bytes, so any thread may read them.
public final class ByteSource: @unchecked Sendable {
    /// The bytes; valid while the source lives.
    let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Bytes that live as long as the program.
    init(permanent bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        isMapped = false
    }

    /// Maps a file for reading.
    ///
    /// - Throws: ``FileError`` when there is none or it cannot be read.
    init(path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing(path) : .unreadable(path, reason: Self.reason)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path, reason: Self.reason) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path, reason: "it is not a regular file") }
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            isMapped = false
            return
        }
        let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw .unreadable(path, reason: Self.reason) }
        bytes = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
        isMapped = true
    }

    deinit {
        if isMapped { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}

/// A file that cannot be read or written.
public enum FileError: Error, Hashable, CustomStringConvertible {
    /// There is no such file.
    case missing(String)
    /// The system refused to read it.
    case unreadable(String, reason: String)
    /// The system refused to write it.
    case unwritable(String, reason: String)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .missing(let path): "There is no file \(path)."
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)."
        }
    }
}
