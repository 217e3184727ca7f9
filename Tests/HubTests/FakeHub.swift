import Crypto
import Foundation
import Checkpoints
import SystemPackage
import Testing

@testable import Hub

/// A hub with one model, as far as `pull` sees it; a test changes what it needs otherwise.
struct FakeHub: Sendable {
    typealias Change = @Sendable (LoopbackServer.Request, inout LoopbackServer.Response) -> Void

    static let commit = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
    static let weights = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
    static let usual = [
        "config.json": Data("{\"model_type\": \"gpt2\"}".utf8), "vocab.json": Data("{}".utf8),
        "merges.txt": Data("#version: 0.2\n".utf8), "model.safetensors": weights,
    ]

    let server: LoopbackServer
    /// Where everything is written; removed by ``TemporaryFolder``.
    let folder = TemporaryFolder()
    var settings: HubSettings
    /// What was reported.
    let events = Log()

    init(
        _ files: [String: Data] = FakeHub.usual, repository: String = "openai-community/gpt2", token: String? = nil,
        change: @escaping Change = { _, _ in }
    ) throws {
        server = try LoopbackServer { request in
            var response = Self.answer(request, files, repository)
            change(request, &response)
            return response
        }
        settings = HubSettings(
            endpoint: try #require(URL(string: server.address)), cache: HubCache(root: FilePath(folder.path)),
            token: token,
            pause: { _, _ in })
    }

    /// Fetches what a name stands for.
    func pull(_ name: String = "gpt2") throws -> HubDownload.Snapshot {
        try HubDownload(settings) { events.append($0) }.fetch(HubReference.candidates(for: name))
    }

    /// The requests for bytes, `/model.safetensors 5-` for a part.
    var downloads: [String] {
        server.requests.filter { $0.method == "GET" }.map {
            "\($0.path.split(separator: "/").last ?? "")\($0.headers["range"].map { " \($0)" } ?? "")"
        }
    }

    /// What a hub would call a file's content.
    static func etag(_ name: String, _ data: Data) -> String {
        let digest: any Sequence<UInt8> =
            name.hasSuffix(".safetensors")
            ? SHA256.hash(data: data) : Insecure.SHA1.hash(data: Data("blob \(data.count)\0".utf8) + data)
        return digest.map { String(format: "%02x", $0) }.joined()
    }

    private static func answer(
        _ request: LoopbackServer.Request, _ files: [String: Data], _ repository: String
    ) -> LoopbackServer.Response {
        let path = request.path.split(separator: "?").first ?? ""
        let words = path.split(separator: "/").map(String.init)
        let split = words.firstIndex(of: "resolve") ?? 0
        guard words.prefix(split).joined(separator: "/") == repository, words.count == split + 3 else {
            return .init(status: 404, headers: ["X-Error-Code": "RepoNotFound"])
        }
        guard ["main", "v1", commit].contains(words[split + 1]) else {
            return .init(status: 404, headers: ["X-Error-Code": "RevisionNotFound"])
        }
        let name = words[split + 2]
        guard let data = files[name] else {
            return .init(status: 404, headers: ["X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit])
        }
        var response = LoopbackServer.Response(
            headers: ["X-Repo-Commit": commit, "ETag": "\"\(etag(name, data))\""], body: data)
        if let range = request.headers["range"], let start = Int(range.dropFirst(6).dropLast()) {
            guard start < data.count else { return .init(status: 416) }
            response.status = 206
            response.headers["Content-Range"] = "bytes \(start)-\(data.count - 1)/\(data.count)"
            response.body = data.suffix(from: start)
        }
        return response
    }
}

/// A folder of its own for one test, removed with it.
final class TemporaryFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// All files below it, sorted; a link with what it points to.
    var tree: [String] {
        let manager = FileManager.default
        return (manager.enumerator(atPath: path)?.allObjects as? [String] ?? []).sorted().compactMap { name in
            let whole = "\(path)/\(name)"
            if let target = try? manager.destinationOfSymbolicLink(atPath: whole) { return "\(name) -> \(target)" }
            return RepositoryFolder.size(FilePath(whole)) == nil ? nil : name
        }
    }
}

/// Things in the order they came.
///
/// Unchecked: what changes is behind `lock`.
final class Log: @unchecked Sendable {
    private let lock = NSLock()
    private var items: [PullEvent] = []

    func append(_ item: PullEvent) { lock.withLock { items.append(item) } }
    var all: [PullEvent] { lock.withLock { items } }
}
