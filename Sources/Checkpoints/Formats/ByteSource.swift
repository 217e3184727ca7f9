import CFiles
package import Foundation
import Synchronization
public import SystemPackage

/// Bytes that stay where they are while someone holds them: a mapped file, a file read whole, or what travels inside the
/// program.
///
/// Unchecked: nothing here writes to the bytes, so any thread may read them.
public final class ByteSource: @unchecked Sendable {
    /// The bytes; valid while the source lives.
    package let bytes: UnsafeRawBufferPointer
    private let storage: Storage

    private enum Storage {
        case permanent
        case read
        case mapped(path: FilePath, status: Stat)
    }

    /// Files such as configurations and vocabularies are read whole; none of them is larger than this.
    private static let mostRead = 1 << 28
    /// Every file that was read, with its time: the number of a file that is gone is given to another.
    private static let files = Mutex<[FileIdentity: Int]>([:])
    /// The words for a file that shrinks while it is mapped, where that ends the program.
    private static let words = Mutex<(@Sendable (FileError) -> String)?>(nil)

    /// Bytes that live as long as the program.
    package init(permanent bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        storage = .permanent
    }

    /// Maps a file for reading: nothing of it is in memory before it is looked at.
    ///
    /// - Throws: ``FileError`` when there is none or it cannot be read.
    package init(mapping path: FilePath) throws(FileError) {
        let (file, status) = try Self.open(path)
        defer { try? file.close() }
        guard status.size > 0 else {
            (bytes, storage) = (UnsafeRawBufferPointer(start: nil, count: 0), .permanent)
            return
        }
        let sentence = Self.words.withLock { $0 }?(.changed(path)) ?? ""
        guard let base = cf_map(file.rawValue, Int(status.size), sentence) else {
            throw FileError(path, Errno(rawValue: errno))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: Int(status.size))
        storage = .mapped(path: path, status: status)
    }

    /// Reads a file whole: whatever becomes of it then, these bytes stay.
    ///
    /// - Throws: ``FileError`` when there is none or it cannot be read.
    init(reading path: FilePath) throws(FileError) {
        let (file, status) = try Self.open(path)
        defer { try? file.close() }
        guard status.size <= Self.mostRead else {
            throw .unreadable(
                path, reason: "it has \(byteCount(Int(status.size))), and no such file has more than 256 MiB")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(status.size), alignment: 16)
        (bytes, storage) = (UnsafeRawBufferPointer(buffer), .read)
        var rest = buffer[...]
        do {
            while !rest.isEmpty {
                let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: rest))
                if count == 0 { break }
                rest = rest.dropFirst(count)
            }
        } catch { throw FileError(path, error) }
        if !rest.isEmpty { throw .changed(path) }
    }

    /// The bytes a mebibyte at a time.
    package func forEachPiece(_ body: (Data) throws -> Void) rethrows {
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) { try body(Data(bytes[start...].prefix(1 << 20))) }
    }

    /// A small file of text; nil where there is none, or it is no text.
    package static func text(_ path: FilePath) -> String? {
        (try? ByteSource(reading: path)).flatMap { String(validating: $0.bytes, as: UTF8.self) }
    }

    deinit {
        switch storage {
        case .permanent: break
        case .read: bytes.deallocate()
        case .mapped: cf_unmap(bytes.baseAddress, bytes.count)
        }
    }

    private static func open(_ path: FilePath) throws(FileError) -> (FileDescriptor, Stat) {
        let file: FileDescriptor, status: Stat
        do {
            // A pipe without a writer would be waited for.
            file = try .open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
            status = try file.stat()
        } catch { throw FileError(path, error) }
        guard status.type == .regular else {
            try? file.close()
            throw .unreadable(path, reason: "it is \(status.type == .directory ? "a folder" : "not a regular file")")
        }
        note(status)
        return (file, status)
    }

    // MARK: Changes

    /// Ends the program with a status and a sentence where a mapped file is cut short under a read, instead of a crash.
    ///
    /// To be called once at the start of a program, before a file is opened.
    public static func endOnShrinking(status: Int32, _ words: @escaping @Sendable (FileError) -> String) {
        self.words.withLock { $0 = words }
        cf_end_on_shrinking(status)
    }

    /// Makes sure that a mapped file is as it was when it was opened.
    ///
    /// - Returns: Its path where another file was put in its place: the one that was opened goes on under the mapping.
    /// - Throws: ``FileError/changed(_:)`` where its size or its time is another.
    package func checkUnchanged() throws(FileError) -> FilePath? {
        guard case .mapped(let path, let before) = storage, let now = try? path.stat() else { return nil }
        guard FileIdentity(now) == FileIdentity(before) else { return path }
        if now.size != before.size || now.time != before.time { throw .changed(path) }
        return nil
    }

    /// Notes that this program reads what a descriptor leads to, for ``hasRead(_:)``.
    public static func noteRead(_ descriptor: CInt) {
        guard let status = try? FileDescriptor(rawValue: descriptor).stat(), status.type == .regular else { return }
        note(status)
    }

    private static func note(_ status: Stat) { files.withLock { $0[FileIdentity(status)] = status.time } }

    /// Whether this program has read what is at a path, by that name or another.
    public static func hasRead(_ path: FilePath) -> Bool {
        guard let status = try? path.stat() else { return false }
        return files.withLock { $0[FileIdentity(status)] } == status.time
    }
}

/// What tells a file from all others, whatever it is called.
private struct FileIdentity: Hashable {
    let device: DeviceID
    let inode: Inode

    init(_ status: Stat) { (device, inode) = (status.deviceID, status.inode) }
}

extension Stat {
    /// When the file was last written to, in nanoseconds.
    fileprivate var time: Int { st_mtim.tv_sec &* 1_000_000_000 &+ st_mtim.tv_nsec }
}
