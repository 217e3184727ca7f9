import Foundation
import Checkpoints
import SystemPackage
import Testing

@testable import Hub

/// What a pull leaves in the cache.
@Suite struct PullTests {
    private let model = "models--openai-community--gpt2"

    private func tag(_ name: String) -> String { FakeHub.etag(name, FakeHub.usual[name] ?? Data()) }

    @Test func `a fresh pull makes the layout of huggingface_hub`() throws {
        let hub = try FakeHub()
        let snapshot = try hub.pull()
        let names = FakeHub.usual.keys
        let expected =
            names.map { ".locks/\(model)/\(tag($0)).lock" } + names.map { "\(model)/blobs/\(tag($0))" }
            + ["\(model)/refs/main"]
            + names.map { "\(model)/snapshots/\(FakeHub.commit)/\($0) -> ../../blobs/\(tag($0))" }
        #expect(hub.folder.tree == expected.sorted())
        #expect(snapshot.path.string == "\(hub.folder.path)/\(model)/snapshots/\(FakeHub.commit)")
        #expect(snapshot.reference.description == "openai-community/gpt2")
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: snapshot.path.appending("model.safetensors").string))
                == FakeHub.weights)
        let reference = try String(contentsOfFile: "\(hub.folder.path)/\(model)/refs/main", encoding: .utf8)
        #expect(reference == FakeHub.commit, "a newline would hide it from huggingface_hub")
        #expect(hub.settings.cache.snapshot(of: snapshot.reference) == snapshot.path)
    }

    @Test func `the second pull downloads nothing`() throws {
        let hub = try FakeHub()
        let first = try hub.pull()
        #expect(hub.downloads.count == 4)
        #expect(try hub.pull() == first)
        #expect(hub.downloads.count == 4)
    }

    @Test func `a commit gets no ref, and a tag gets its own`() throws {
        let hub = try FakeHub()
        _ = try hub.pull("gpt2@\(FakeHub.commit)")
        #expect(!hub.folder.tree.contains { $0.contains("refs/") })
        _ = try hub.pull("gpt2@v1")
        #expect(hub.folder.tree.filter { $0.contains("refs/") } == ["\(model)/refs/v1"])
    }

    @Test func `a ref is written last`() throws {
        let hub = try FakeHub { request, response in
            if request.path.hasSuffix("model.safetensors"), request.method == "GET" { response = .init(status: 410) }
        }
        #expect(throws: HubError.self) { try hub.pull() }
        #expect(hub.folder.tree.contains { $0.contains("blobs/") }, "the small files came")
        #expect(!hub.folder.tree.contains { $0.contains("refs/") || $0.contains("snapshots/") })
    }

    @Test func `without links the files are copies`() throws {
        var hub = try FakeHub()
        hub.settings.usesLinks = false
        let snapshot = try hub.pull()
        #expect(!hub.folder.tree.contains { $0.contains("->") })
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: snapshot.path.appending("model.safetensors").string))
                == FakeHub.weights)
        #expect(!hub.folder.tree.contains { $0.contains("partial") })
    }

    @Test func `an index brings all its shards`() throws {
        var files = FakeHub.usual
        files["model.safetensors"] = nil
        files["model.safetensors.index.json"] = Data(
            #"{"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}"#.utf8)
        files["m-1.safetensors"] = Data("one".utf8)
        files["m-2.safetensors"] = Data("two".utf8)
        let hub = try FakeHub(files)
        let snapshot = try hub.pull()
        #expect(Set(snapshot.files.map(\.name)) == Set(files.keys))
        #expect(try String(contentsOfFile: snapshot.path.appending("m-2.safetensors").string, encoding: .utf8) == "two")
    }

    @Test(arguments: [
        "../../evil.safetensors", "a/b.safetensors", ".hidden.safetensors", "evil.sh", "a\\b.safetensors",
    ])
    func `a shard that would leave its folder is refused`(name: String) throws {
        var files = FakeHub.usual
        files["model.safetensors"] = nil
        let index = try JSONSerialization.data(withJSONObject: ["weight_map": ["a": name]])
        files["model.safetensors.index.json"] = index
        let hub = try FakeHub(files)
        #expect { try hub.pull() } throws: {
            guard case HubError.badIndex(file: "model.safetensors.index.json", let reason) = $0 else { return false }
            return reason.contains(visible(name))
        }
        #expect(!hub.folder.tree.contains { $0.contains("snapshots/") })
    }

    @Test(arguments: ["../../evil", "..", ".hidden", "", "a/b", "a b", "é"])
    func `an ETag that is no safe file name is refused`(tag: String) throws {
        let hub = try FakeHub { _, response in response.headers["ETag"] = "\"\(tag)\"" }
        #expect(throws: HubError.self) { try hub.pull() }
        #expect(hub.folder.tree.isEmpty)
    }

    @Test func `a commit that is none is refused`() throws {
        let hub = try FakeHub { _, response in response.headers["X-Repo-Commit"] = "../../../../evil" }
        #expect { try hub.pull() } throws: { "\($0)".contains("names no commit") }
        #expect(hub.folder.tree.isEmpty)
    }

    @Test func `files of two commits are not mixed`() throws {
        let other = String(repeating: "a", count: 40)
        let hub = try FakeHub { request, response in
            if request.path.hasSuffix("model.safetensors") { response.headers["X-Repo-Commit"] = other }
        }
        #expect { try hub.pull() } throws: { "\($0)".contains("another commit") }
    }

    @Test func `the plain name is tried when no organisation has it`() throws {
        let hub = try FakeHub(repository: "gpt2")
        #expect(try hub.pull().reference.description == "gpt2")
        #expect(
            hub.server.requests.map(\.path).prefix(2) == [
                "/openai-community/gpt2/resolve/main/config.json", "/gpt2/resolve/main/config.json",
            ])
    }

    @Test func `where there are no safetensors PyTorch's file is fetched`() throws {
        var files = FakeHub.usual
        files["model.safetensors"] = nil
        files["pytorch_model.bin"] = FakeHub.weights
        let hub = try FakeHub(files)
        #expect(try hub.pull().files.map(\.name).contains("pytorch_model.bin"))
    }

    @Test func `a job tells in pieces how it goes, and can be ended`() throws {
        let hub = try FakeHub()
        let job = PullJob(HubReference.candidates(for: "gpt2"), settings: hub.settings)
        var (events, found): ([PullEvent], HubDownload.Snapshot?) = ([], nil)
        while found == nil { found = try job.work(for: .seconds(1)) { events.append($0) } }
        #expect(found?.files.count == 4)
        #expect(events.contains(.finished("model.safetensors", bytes: FakeHub.weights.count)))
        let ended = PullJob(HubReference.candidates(for: "gpt2@v1"), settings: hub.settings)
        ended.interrupt()
        #expect(throws: HubError.interrupted) { while try ended.work(for: .seconds(1), report: { _ in }) == nil {} }
    }

    @Test func `a file without a size and without an end is given up`() throws {
        let hub = try FakeHub { request, response in response.saysLength = request.path.hasSuffix("/config.json") }
        let reference = try #require(HubReference("openai-community/gpt2"))
        let client = HubClient(hub.settings) { _ in }
        let file = try #require(try client.metadata(of: "model.safetensors", in: reference))
        #expect(file.size == nil)
        let download = BlobDownload(
            client: client, reference: reference, folder: RepositoryFolder(reference, settings: hub.settings),
            file: file,
            most: 5000, report: { _ in })
        #expect(throws: HubError.endless(file: "model.safetensors", most: 5000)) { try download.run() }
        #expect(!hub.folder.tree.contains { $0.hasSuffix(".incomplete") })
        #expect(try hub.pull().files.count == 4, "with a bound that suits it comes")
    }

    @Test func `how large weights can be the configuration says`() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let path = FilePath(folder.path).appending("config.json")
        let most = { (text: String) in
            try Data(text.utf8).write(to: URL(fileURLWithPath: path.string))
            return try MostBytes.weights(ConfigurationKeys(path: path))
        }
        // GPT-2's file has 548 MB, in 32 bits and with its masks.
        #expect((548_090_880...2_000_000_000).contains(try most("{}")))
        #expect(try most(#"{"n_embd": 1e30, "n_layer": 999999999, "vocab_size": "x"}"#) > 0)
    }
}
