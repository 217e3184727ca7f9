import Foundation
import Checkpoints
import SystemPackage

/// The places of one repository in the cache, and how they are filled so that nobody ever sees half of something.
struct RepositoryFolder {
    let root: FilePath
    let folder: FilePath
    let usesLinks: Bool

    init(_ reference: HubReference, settings: HubSettings) {
        root = settings.cache.root
        folder = settings.cache.folder(of: reference)
        usesLinks = settings.usesLinks
    }

    /// Where the content of a file is.
    func blob(_ file: RemoteFile) -> FilePath { folder.appending("blobs").appending(file.etag) }

    /// The folder that shows a commit's files under their names.
    func snapshot(_ commit: String) -> FilePath { folder.appending("snapshots").appending(commit) }

    /// The lock of a file's content, the one that `huggingface_hub` takes.
    func lock(_ file: RemoteFile) -> FilePath {
        root.appending(".locks").appending(folder.lastComponent?.string ?? "").appending("\(file.etag).lock")
    }

    /// Where the whole content is already: in its snapshot, or under its own name.
    func present(_ file: RemoteFile) -> FilePath? {
        [snapshot(file.commit).appending(file.name), blob(file)].first {
            Self.size($0).map { $0 == file.size ?? $0 } == true
        }
    }

    /// The size of a regular file, through links; nil where there is none.
    static func size(_ path: FilePath) -> Int? {
        (try? path.stat()).flatMap { $0.type == .regular ? Int($0.size) : nil }
    }

    /// Shows a file in the snapshot of its commit.
    ///
    /// - Throws: ``FileError``.
    func show(_ file: RemoteFile) throws {
        let pointer = snapshot(file.commit).appending(file.name)
        if present(file) == pointer { return }
        try pointer.removingLastComponent().createFolder()
        // What is there under the name is of no use: a link without a file, or a file of another size.
        _ = pointer.withPlatformString { unlink($0) }
        if usesLinks, pointer.withPlatformString({ symlink("../../blobs/\(file.etag)", $0) }) == 0 { return }
        // A file system without links holds the content twice, so that a second file may have the same.
        let content = try ByteSource(mapping: blob(file))
        try writeFile(pointer) { write in try content.forEachPiece(write) }
    }

    /// Notes which commit a branch or a tag stands for, as the last thing, without a newline.
    ///
    /// - Throws: ``FileError/unwritable(_:reason:)``.
    func note(_ reference: HubReference, commit: String) throws {
        guard reference.revision != commit else { return }
        let path = folder.appending("refs").appending(reference.revision)
        if ByteSource.text(path) == commit { return }
        try path.removingLastComponent().createFolder()
        try writeFile(path) { write in try write(Data(commit.utf8)) }
    }
}
