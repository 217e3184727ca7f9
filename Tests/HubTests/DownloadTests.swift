import Foundation
import Checkpoints
import Synchronization
import SystemPackage
import Testing

@testable import Hub

/// How a file comes over a bad connection, or from a bad sender.
@Suite struct DownloadTests {
    private let size = FakeHub.weights.count

    private static func isDownload(_ request: LoopbackServer.Request) -> Bool {
        request.method == "GET" && request.path.hasSuffix("/model.safetensors")
    }

    private func content(_ snapshot: HubDownload.Snapshot) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: snapshot.path.appending("model.safetensors").string))
    }

    /// Leaves something of the weights behind, as an interrupted pull does.
    private func leave(_ data: Data, in hub: FakeHub) throws {
        let blobs = "\(hub.folder.path)/models--openai-community--gpt2/blobs"
        try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
        let tag = FakeHub.etag("model.safetensors", FakeHub.weights)
        try data.write(to: URL(fileURLWithPath: "\(blobs)/\(tag).incomplete"))
    }

    @Test func `a connection that breaks is gone on with from there`() throws {
        let hub = try FakeHub { request, response in
            if Self.isDownload(request), request.headers["range"] == nil { response.cut = 40_000 }
        }
        #expect(try content(hub.pull()) == FakeHub.weights)
        #expect(hub.downloads.last == "model.safetensors bytes=40000-")
        #expect(!hub.folder.tree.contains { $0.contains("incomplete") })
    }

    @Test func `what an earlier pull left is gone on with`() throws {
        let hub = try FakeHub()
        try leave(FakeHub.weights.prefix(99_999), in: hub)
        #expect(try content(hub.pull()) == FakeHub.weights)
        #expect(hub.downloads.last == "model.safetensors bytes=99999-")
    }

    @Test func `what was left whole is only checked`() throws {
        let hub = try FakeHub()
        try leave(FakeHub.weights, in: hub)
        #expect(try content(hub.pull()) == FakeHub.weights)
        #expect(!hub.downloads.contains { $0.hasPrefix("model") })
    }

    @Test(arguments: [10, FakeHub.weights.count, FakeHub.weights.count + 5])
    func `what was left wrong is fetched anew`(count: Int) throws {
        let hub = try FakeHub()
        try leave(Data(repeating: 7, count: count), in: hub)
        #expect(try content(hub.pull()) == FakeHub.weights)
        #expect(hub.downloads.last == "model.safetensors")
    }

    @Test(arguments: [200, 206, 416])
    func `a sender that gives another part is asked from the beginning`(status: Int) throws {
        let hub = try FakeHub { request, response in
            guard Self.isDownload(request), request.headers["range"] != nil else { return }
            response.status = status
            response.body = status == 416 ? Data() : FakeHub.weights
            response.headers["Content-Range"] = status == 206 ? "bytes 0-99999/100000" : nil
        }
        try leave(FakeHub.weights.prefix(1000), in: hub)
        #expect(try content(hub.pull()) == FakeHub.weights)
    }

    @Test func `after a few breaks without progress it says where it stands, and keeps what came`() throws {
        let hub = try FakeHub { request, response in
            if Self.isDownload(request) { response.cut = request.headers["range"] == nil ? 1000 : 0 }
        }
        #expect {
            try hub.pull()
        } throws: {
            guard case HubError.brokenOff(_, received: 1000, size: 100_000, _) = $0 else { return false }
            return "\($0)".contains("goes on from there")
        }
        #expect(hub.downloads.filter { $0.hasPrefix("model") }.count == HubClient.attempts)
        #expect(hub.folder.tree.contains { $0.hasSuffix(".incomplete") })
        #expect(!hub.folder.tree.contains { $0.contains("snapshots/") || $0.contains("refs/") })
    }

    @Test func `bytes with another hash are thrown away and never shown`() throws {
        let hub = try FakeHub { request, response in
            if Self.isDownload(request) { response.body[50_000] ^= 1 }
        }
        #expect(throws: HubError.wrongHash(file: "model.safetensors")) { try hub.pull() }
        let tag = FakeHub.etag("model.safetensors", FakeHub.weights)
        #expect(!hub.folder.tree.contains { $0.hasSuffix(tag) || $0.hasSuffix(".incomplete") || $0.contains("refs/") })
    }

    @Test func `bytes that come compressed are refused by name`() throws {
        let hub = try FakeHub { request, response in
            if Self.isDownload(request) { response.headers["Content-Encoding"] = "gzip" }
        }
        #expect { try hub.pull() } throws: { "\($0)".contains("sends model.safetensors compressed (gzip)") }
    }

    @Test func `a small file with another hash is thrown away too`() throws {
        let hub = try FakeHub { request, response in
            if request.method == "GET", request.path.hasSuffix("vocab.json") { response.body = Data("[]".utf8) }
        }
        #expect(throws: HubError.wrongHash(file: "vocab.json")) { try hub.pull() }
    }

    @Test func `more bytes than announced are not kept`() throws {
        let hub = try FakeHub { request, response in
            if Self.isDownload(request) { response.body += Data(repeating: 0, count: 1_000_000) }
        }
        #expect { try hub.pull() } throws: {
            guard case HubError.wrongSize(_, expected: 100_000, let found) = $0 else { return false }
            return found > 100_000
        }
        #expect(!hub.folder.tree.contains { $0.hasSuffix(".incomplete") })
    }

    /// A hub whose weights are large enough to count as progress.
    private func large(_ change: @escaping FakeHub.Change) throws -> (hub: FakeHub, weights: Data) {
        var files = FakeHub.usual
        let weights = Data(repeating: 5, count: 3 << 20)
        files["model.safetensors"] = weights
        return (try FakeHub(files, change: change), weights)
    }

    @Test(arguments: [nil, "bytes */\(3 << 20)"])
    func `a file shorter than announced is not fetched for ever`(range: String?) throws {
        let (hub, weights) = try large { request, response in
            guard request.path.hasSuffix("/model.safetensors") else { return }
            if request.method == "HEAD" { response.headers["X-Linked-Size"] = "\(3 << 20 + 5)" }
            if response.status == 416 { response.headers["Content-Range"] = range }
        }
        #expect { try hub.pull() } throws: {
            switch $0 {
            case HubError.wrongSize(_, expected: _, found: weights.count): range != nil
            case HubError.brokenOff: range == nil
            default: false
            }
        }
        #expect(hub.downloads.filter { $0.hasPrefix("model") }.count <= (range == nil ? HubClient.attempts : 2))
    }

    @Test func `bytes that come again and again are no progress`() throws {
        let (hub, _) = try large { request, response in
            guard Self.isDownload(request) else { return }
            response.cut = 2 << 20
            response.headers["Content-Range"] = "bytes 7-8/9"
        }
        #expect { try hub.pull() } throws: { if case HubError.brokenOff = $0 { true } else { false } }
        #expect(hub.downloads.filter { $0.hasPrefix("model") }.count <= 2 * HubClient.attempts)
    }

    @Test func `a store that refuses is asked anew through the hub`() throws {
        let count = Counter()
        let store = try LoopbackServer { _ in
            count.next() == 1 ? .init(status: 403) : .init(body: FakeHub.weights)
        }
        let hub = try FakeHub { request, response in
            guard Self.isDownload(request) else { return }
            response = .init(status: 302, headers: ["Location": store.address + "/signed"])
        }
        #expect(try content(hub.pull()) == FakeHub.weights)
        #expect(hub.downloads.filter { $0.hasPrefix("model") }.count == 2)
        #expect(
            hub.events.all.contains(
                .retrying("model.safetensors", reason: "its store answers with status 403", after: 1)))
    }

    @Test func `a hub that says how long to wait is given that time`() throws {
        let count = Counter()
        let waits = Mutex<[TimeInterval]>([])
        let hub = try FakeHub { _, response in
            if count.next() == 1 { response = .init(status: 429, headers: ["Retry-After": "20"]) }
        }
        let settings = HubSettings(endpoint: hub.settings.endpoint, cache: hub.settings.cache) { seconds, _ in
            waits.withLock { $0.append(seconds) }
        }
        let events = Log()
        _ = try HubDownload(settings) { events.append($0) }.fetch(HubReference.candidates(for: "gpt2"))
        #expect(waits.withLock { $0 } == [20])
        let reason = "the hub answers with status 429 and asks to wait 20 s"
        #expect(events.all.first == .retrying("config.json", reason: reason, after: 20))
    }

    @Test func `a hub that is busy is asked again, but not for ever`() throws {
        let count = Counter()
        let hub = try FakeHub { _, response in
            if count.next() <= 3 { response = .init(status: 503) }
        }
        #expect(try content(hub.pull()) == FakeHub.weights)
        let busy = try FakeHub { _, response in response = .init(status: 503) }
        #expect { try busy.pull() } throws: { "\($0)".contains("status 503") }
        #expect(busy.server.requests.count == HubClient.attempts)
    }

    @Test func `two pulls of one file wait for each other`() throws {
        let hub = try FakeHub()
        let path = hub.folder.path + "/lock"
        try FileManager.default.createDirectory(atPath: hub.folder.path, withIntermediateDirectories: true)
        let (holds, waits) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let order = Log()
        Thread.detachNewThread {
            try? withFileLock(FilePath(path), waiting: {}) {
                holds.signal()
                waits.wait()
                order.append(.waiting("first"))
            }
        }
        holds.wait()
        try withFileLock(FilePath(path), waiting: { waits.signal() }) { order.append(.waiting("second")) }
        #expect(order.all == [.waiting("first"), .waiting("second")])
    }
}

/// Counts from 1.
///
/// Unchecked: what changes is behind `lock`.
final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    func next() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}
