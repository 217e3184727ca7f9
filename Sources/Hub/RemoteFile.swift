import Foundation
import Checkpoints

/// What a hub says about a file before it is fetched.
///
/// Source: `huggingface_hub` 2.4.0, `get_hf_file_metadata`.
struct RemoteFile: Hashable {
    /// Its name in the repository.
    let name: String
    /// The commit it is of: 40 hexadecimal digits.
    let commit: String
    /// What its content is called, safe as a file name.
    let etag: String
    /// Its size in bytes, where the hub says it.
    let size: Int?

    /// Reads the headers of an answer to HEAD.
    ///
    /// - Throws: ``HubError/notHub(endpoint:reason:)``, ``HubError/unsafeName(kind:name:)``.
    init(name: String, answer: Answer, endpoint: String) throws(HubError) {
        let header = { (name: String) in answer.header(name) }
        guard let commit = header("X-Repo-Commit"), HubCache.isCommit(commit) else {
            throw .notHub(endpoint: endpoint, reason: "the header X-Repo-Commit of \(name) names no commit")
        }
        guard let tag = header("X-Linked-Etag") ?? header("ETag") else {
            throw .notHub(endpoint: endpoint, reason: "\(name) has no ETag")
        }
        // A redirection has a length of its own.
        let length = header("X-Linked-Size") ?? (answer.status < 300 ? header("Content-Length") : nil)
        self.name = name
        self.commit = commit
        etag = try Self.name(etag: tag)
        size = length.flatMap(Int.init).flatMap { $0 < 0 ? nil : $0 }
    }

    /// An entity tag without `W/` and quotes.
    ///
    /// - Throws: ``HubError/unsafeName(kind:name:)`` where it could lead out of its folder.
    static func name(etag: String) throws(HubError) -> String {
        let name = (etag.hasPrefix("W/") ? String(etag.dropFirst(2)) : etag)
            .trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        let isSafe = name.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return byte < 0x80 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                || "._-".utf8.contains(byte)
        }
        guard isSafe, !name.isEmpty, name.utf8.count <= 128, !name.hasPrefix(".") else {
            throw .unsafeName(kind: "an ETag", name: visible(etag))
        }
        return name
    }
}
