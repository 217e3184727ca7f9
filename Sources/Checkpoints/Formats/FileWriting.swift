import CFiles
public import Foundation
public import SystemPackage

/// Writes pieces one after the other to a temporary file beside `path`, and renames it when all are on the disk.
///
/// A link stays a link: what it leads to is replaced. What is replaced keeps its owner and its permissions; a device, a
/// pipe, or a file in a folder where it may not be replaced is written to directly. A file that may not be written to stays.
///
/// - Parameter body: is given a function that writes a piece.
/// - Throws: ``FileError/unwritable(_:reason:)``, or what `body` throws; nothing is left behind then.
public func writeFile(_ path: FilePath, _ body: (_ write: (Data) throws -> Void) throws -> Void) throws {
    let target = try followingLinks(path)
    let status = try? target.stat()
    if let status { try check(target, status) }
    let folder = target.removingLastComponent()
    if let status, status.type != .regular || !mayReplace(status, in: folder) {
        let file = try open(target, [.truncate])
        defer { try? file.close() }
        return try body { try write($0, to: file, target) }
    }

    removeAbandonedParts(in: folder)
    let (part, file, removal) = try openPart(in: folder, for: target)
    // Closed last of all: until then its lock tells others that its writer lives.
    defer { try? file.close() }
    defer { cf_keep(removal) }
    do {
        // Of the permissions those that say who may do what; rights that a program would run with are not carried over.
        if let status {
            fchown(file.rawValue, status.userID.rawValue, status.groupID.rawValue)
            fchmod(file.rawValue, status.permissions.rawValue & 0o777)
        }
        try body { try write($0, to: file, target) }
        guard fsync(file.rawValue) == 0, rename(part, target) == 0 else { throw unwritable(target) }
    } catch {
        _ = part.withPlatformString { unlink($0) }
        throw error
    }
}

/// Gives a file another name; 0, or −1 with `errno`.
package func rename(_ old: FilePath, _ new: FilePath) -> CInt {
    old.withPlatformString { old in new.withPlatformString { Foundation.rename(old, $0) } }
}

private func unwritable(_ path: FilePath, _ error: (any Error)? = nil) -> FileError {
    .unwritable(path, reason: ((error as? Errno) ?? Errno(rawValue: errno == 0 ? EIO : errno)).description)
}

private func write(_ piece: Data, to file: FileDescriptor, _ path: FilePath) throws(FileError) {
    do { _ = try piece.withUnsafeBytes { try file.writeAll($0) } } catch { throw unwritable(path, error) }
}

private func open(_ path: FilePath, _ options: FileDescriptor.OpenOptions) throws(FileError) -> FileDescriptor {
    do {
        return try FileDescriptor.open(
            path, .writeOnly, options: options.union(.closeOnExec),
            permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    } catch { throw unwritable(path, error) }
}

/// Where a path leads to, which need not be there yet.
private func followingLinks(_ path: FilePath) throws(FileError) -> FilePath {
    var target = path
    // As many links as Linux itself follows.
    for _ in 0..<40 {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = target.withPlatformString { readlink($0, &buffer, buffer.count - 1) }
        guard count >= 0 else { return target }
        target = target.removingLastComponent().pushing(FilePath(platformString: buffer))
    }
    throw unwritable(path, Errno.tooManySymbolicLinkLevels)
}

/// Refuses to write over what must stay.
private func check(_ path: FilePath, _ status: Stat) throws(FileError) {
    if status.type == .directory { throw .unwritable(path, reason: "it is a folder") }
    guard status.type == .regular else { return }
    // As a shell's > does: opened, and left as it is.
    let file = try open(path, [])
    try? file.close()
}

/// Whether a file may get another in its place: its folder may be written to, and is not one, as /tmp is, where everybody
/// keeps his own.
private func mayReplace(_ status: Stat, in folder: FilePath) -> Bool {
    let folder = folder.isEmpty ? "." : folder
    guard folder.withPlatformString({ access($0, W_OK | X_OK) }) == 0, let around = try? folder.stat() else {
        return false
    }
    let isSticky = around.permissions.contains(.saveText)
    return !isSticky || [0, status.userID.rawValue, around.userID.rawValue].contains(geteuid())
}

// MARK: Parts

private let partPrefix = ".gptstep-", partSuffix = ".partial"

/// A new file beside the one that it will become, locked for as long as its writer lives, and removed when a signal ends
/// the program before `cf_keep`.
private func openPart(
    in folder: FilePath, for path: FilePath
) throws(FileError) -> (part: FilePath, file: FileDescriptor, removal: Int32) {
    while true {
        let part = folder.appending("\(partPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))\(partSuffix)")
        // Before the file is there: who asks the program to end wants no half of it.
        let removal = part.withPlatformString(cf_remove_on_end)
        let file: FileDescriptor
        do throws(FileError) {
            file = try open(part, [.create, .exclusiveCreate])
        } catch {
            let refusal = unwritable(path)
            cf_keep(removal)
            if !folder.isEmpty, !folder.isFolder {
                throw .unwritable(path, reason: "there is no folder \(visible(folder))")
            }
            throw refusal
        }
        flock(file.rawValue, LOCK_EX)
        // Between the two lines it could be taken for abandoned.
        if part.exists { return (part, file, removal) }
        try? file.close()
        cf_keep(removal)
    }
}

/// Removes what earlier programs left in a folder when they were killed: a part that nobody holds the lock of.
private func removeAbandonedParts(in folder: FilePath) {
    let names = (try? (folder.isEmpty ? "." : folder).names()) ?? []
    for name in names where name.string.hasPrefix(partPrefix) && name.string.hasSuffix(partSuffix) {
        let part = folder.appending(name)
        guard let file = try? FileDescriptor.open(part, .readOnly, options: [.noFollow, .nonBlocking, .closeOnExec])
        else { continue }
        if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 { _ = part.withPlatformString { unlink($0) } }
        try? file.close()
    }
}
