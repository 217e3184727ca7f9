import Foundation
public import SystemPackage

/// A file that cannot be read or written.
public enum FileError: Error, Hashable, CustomStringConvertible {
    /// There is no such file.
    case missing(FilePath)
    /// The system refused to read it.
    case unreadable(FilePath, reason: String)
    /// The system refused to write it.
    case unwritable(FilePath, reason: String)
    /// Somebody else wrote to it, or cut it short, while it was being read.
    case changed(FilePath)

    /// What the system says of a file that it does not open.
    init(_ path: FilePath, _ error: any Error) {
        switch error as? Errno {
        case .noSuchFileOrDirectory, .notDirectory: self = .missing(path)
        case let error: self = .unreadable(path, reason: (error ?? .ioError).description)
        }
    }

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .missing(let path): "There is no file \(visible(path))."
        case .unreadable(let path, let reason): "\(visible(path)) cannot be read: \(reason)."
        case .unwritable(let path, let reason): "\(visible(path)) cannot be written: \(reason)."
        case .changed(let path):
            "\(visible(path)) changed while it was open, so nothing that was read of it can be relied on."
        }
    }
}

extension FilePath {
    /// What is at the path, through links; nil where there is nothing.
    ///
    /// - Throws: ``FileError/unreadable(_:reason:)`` where the system does not say, as for a folder above without
    ///   permission or a loop of links.
    package func status() throws(FileError) -> Stat? {
        do {
            return try stat()
        } catch {
            switch error {
            case .noSuchFileOrDirectory, .notDirectory, .fileNameTooLong: return nil
            default: throw FileError(self, error)
            }
        }
    }

    /// Whether there is a folder at the path; not where the system does not say.
    package var isFolder: Bool { (try? stat())?.type == .directory }

    /// Whether there is something at the path; not where the system does not say.
    package var exists: Bool { (try? stat()) != nil }

    /// The names in a folder, in no order.
    ///
    /// - Throws: ``FileError``.
    package func names() throws(FileError) -> [FilePath.Component] {
        guard let folder = withPlatformString(opendir) else { throw FileError(self, Errno(rawValue: errno)) }
        defer { closedir(folder) }
        var names: [FilePath.Component] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.baseAddress.flatMap { FilePath.Component(platformString: $0.assumingMemoryBound(to: CChar.self)) }
            }
            if let name, name.kind == .regular { names.append(name) }
        }
        return names
    }

    /// Makes a folder and those above it, where they are not there yet.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    package func createFolder() throws(FileError) {
        if isFolder { return }
        let parent = removingLastComponent()
        if parent != self, !parent.isEmpty { try parent.createFolder() }
        guard withPlatformString({ mkdir($0, 0o777) }) == 0 || (errno == EEXIST && isFolder) else {
            throw .unwritable(self, reason: Errno(rawValue: errno).description)
        }
    }
}
