import Foundation
import Checkpoints
import SystemPackage

/// Runs something while nobody else holds a lock file: another pull, or Python's `huggingface_hub`.
///
/// Where a file system has no locks it runs without: what is wrong is then found by the hash.
///
/// - Parameter goOn: is called now and then while somebody else holds it, and may throw to give up.
/// - Throws: ``FileError/unwritable(_:reason:)``, and what `goOn` and `body` throw.
func withFileLock<Result>(
    _ path: FilePath, waiting: () -> Void, goOn: () throws(HubError) -> Void = {}, _ body: () throws -> Result
) throws -> Result {
    var isTold = false
    while true {
        let descriptor = path.withPlatformString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o664) }
        guard descriptor >= 0 else { throw FileError.unwritable(path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
            if !isTold { waiting() }
            isTold = true
            try goOn()
            usleep(100_000)
        }
        // Who held it may have removed the file: then the lock that we got guards nothing.
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_nlink == 0 { continue }
        return try body()
    }
}
