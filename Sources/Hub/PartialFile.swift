import Foundation
import Checkpoints
import SystemPackage

/// A file on its way: it has a name of its own until it is whole.
final class PartialFile {
    let path: FilePath
    private let descriptor: CInt
    /// How much of it is here.
    private(set) var size: Int

    /// Opens what an earlier attempt left, or an empty file.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    init(_ path: FilePath) throws(FileError) {
        self.path = path
        descriptor = path.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666) }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw Self.unwritable(path) }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Adds bytes at the end.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``, on a full disk for example.
    func append(_ data: Data) throws(FileError) {
        var rest = data[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(size)) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.unwritable(path) }
            size += written
            rest = rest.dropFirst(written)
        }
    }

    /// Begins again from nothing.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    func clear() throws(FileError) {
        guard ftruncate(descriptor, 0) == 0 else { throw Self.unwritable(path) }
        size = 0
    }

    /// Removes it.
    func remove() { _ = path.withPlatformString { unlink($0) } }

    /// Whether it has the content that an entity tag promises.
    ///
    /// - Throws: ``FileError/unreadable(_:reason:)``.
    func matches(_ checksum: Checksum, goOn: () throws(HubError) -> Void) throws -> Bool {
        do {
            return try checksum.matches(descriptor, size: size, goOn: goOn)
        } catch let error as POSIXError {
            throw FileError.unreadable(path, reason: String(cString: strerror(error.code.rawValue)))
        }
    }

    /// Gives it its final name once it is on the disk.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    func publish(as final: FilePath) throws(FileError) {
        guard fsync(descriptor) == 0 else { throw Self.unwritable(path) }
        guard rename(path, final) == 0 else { throw Self.unwritable(final) }
    }

    private static func unwritable(_ path: FilePath) -> FileError {
        .unwritable(path, reason: String(cString: strerror(errno)))
    }
}
