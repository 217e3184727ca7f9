import Foundation
import Checkpoints
import SystemPackage

/// Runs something while nobody else holds a lock file: another pull, or Python's `huggingface_hub`.
///
/// Where a file system has no locks it runs without: what is wrong is then found by the hash.
///
/// - Throws: ``FileError/unwritable(_:reason:)``, and what `body` throws.
func withFileLock<Result>(_ path: FilePath, waiting: () -> Void, _ body: () throws -> Result) throws -> Result {
    var isTold = false
    while true {
        let descriptor = path.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o664) }
        guard descriptor >= 0 else { throw FileError.unwritable(path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            if !isTold { waiting() }
            isTold = true
            while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        }
        // Who held it may have removed the file: then the lock that we got guards nothing.
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_nlink == 0 { continue }
        return try body()
    }
}
