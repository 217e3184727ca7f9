import Crypto
import Foundation

/// What an entity tag promises about the content of a file.
///
/// Source: the hub's documentation of the local cache: large files are called by their SHA-256, small ones as git calls them.
enum Checksum: Equatable {
    case sha256(String)
    case gitBlob(String)
    /// A tag of another kind; only the size tells.
    case none

    init(etag: String) {
        let text = etag.lowercased()
        let isHexadecimal = text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        switch (isHexadecimal, text.utf8.count) {
        case (true, 64): self = .sha256(text)
        case (true, 40): self = .gitBlob(text)
        default: self = .none
        }
    }

    /// Whether an open file of a size has the promised content.
    ///
    /// - Parameter goOn: is called after every mebibyte, and may throw to end it.
    /// - Throws: `POSIXError` when it cannot be read.
    func matches(_ descriptor: CInt, size: Int, goOn: () throws(HubError) -> Void) throws -> Bool {
        switch self {
        case .none: true
        case .sha256(let expected): try Self.hash(descriptor, SHA256(), goOn: goOn) == expected
        case .gitBlob(let expected):
            try Self.hash(descriptor, Insecure.SHA1(), header: "blob \(size)\0", goOn: goOn) == expected
        }
    }

    private static func hash<Function: HashFunction>(
        _ descriptor: CInt, _ function: Function, header: String = "", goOn: () throws(HubError) -> Void
    ) throws -> String {
        var function = function
        function.update(data: Data(header.utf8))
        var (buffer, place) = ([UInt8](repeating: 0, count: 1 << 20), 0)
        while true {
            try goOn()
            let count = pread(descriptor, &buffer, buffer.count, off_t(place))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            guard count > 0 else { break }
            buffer.withUnsafeBytes { function.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            place += count
        }
        return function.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
