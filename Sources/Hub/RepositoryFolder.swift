import Foundation
import GPTEngine

/// The places of one repository in the cache, and how they are filled so that nobody ever sees half of something.
struct RepositoryFolder {
    let root: String
    let folder: String
    let usesLinks: Bool

    init(_ reference: HubReference, settings: HubSettings) {
        root = settings.cache.root
        folder = settings.cache.folder(of: reference)
        usesLinks = settings.usesLinks
    }

    /// Where the content of a file is.
    func blob(_ file: RemoteFile) -> String { "\(folder)/blobs/\(file.etag)" }

    /// The folder that shows a commit's files under their names.
    func snapshot(_ commit: String) -> String { "\(folder)/snapshots/\(commit)" }

    /// The lock of a file's content, the one that `huggingface_hub` takes.
    func lock(_ file: RemoteFile) -> String {
        "\(root)/.locks/\((folder as NSString).lastPathComponent)/\(file.etag).lock"
    }

    /// Where the whole content is already: in its snapshot, or under its own name.
    func present(_ file: RemoteFile) -> String? {
        ["\(snapshot(file.commit))/\(file.name)", blob(file)].first {
            Self.size($0).map { $0 == file.size ?? $0 } == true
        }
    }

    /// The size of a regular file, through links; nil where there is none.
    static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// Shows a file in the snapshot of its commit.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    func show(_ file: RemoteFile) throws(FileError) {
        let pointer = "\(snapshot(file.commit))/\(file.name)"
        if present(file) == pointer { return }
        try replace(pointer) { temporary throws(FileError) in
            if usesLinks, symlink("../../blobs/\(file.etag)", temporary) == 0 { return }
            // A file system without links holds the content twice, so that a second file may have the same.
            do {
                try FileManager.default.copyItem(atPath: blob(file), toPath: temporary)
            } catch {
                throw .unwritable(pointer, reason: error.localizedDescription)
            }
        }
    }

    /// Notes which commit a branch or a tag stands for, as the last thing, without a newline.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    func note(_ reference: HubReference, commit: String) throws {
        guard reference.revision != commit else { return }
        let path = "\(folder)/refs/\(reference.revision)"
        if (try? String(contentsOfFile: path, encoding: .utf8)) == commit { return }
        try Self.createFolder((path as NSString).deletingLastPathComponent)
        try writeFile(path) { write in try write(Data(commit.utf8)) }
    }

    /// Makes a folder and those above it.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    static func createFolder(_ path: String) throws(FileError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path, reason: errno == 0 ? "it is no folder" : String(cString: strerror(errno)))
        }
    }

    /// Makes something beside a path and renames it there.
    private func replace(_ path: String, _ make: (String) throws(FileError) -> Void) throws(FileError) {
        try Self.createFolder((path as NSString).deletingLastPathComponent)
        let temporary = "\((path as NSString).deletingLastPathComponent)/.\(getpid()).partial"
        unlink(temporary)
        try make(temporary)
        guard rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw .unwritable(path, reason: reason)
        }
    }
}
