import Foundation
import Checkpoints
import Testing

@testable import Hub

/// Who is asked, with which token, and what is said when the answer is no.
@Suite struct AccessTests {
    private static func redirect(_ hub: LoopbackServer.Response, to address: String) -> LoopbackServer.Response {
        var response = LoopbackServer.Response(status: 302, headers: ["Location": address])
        for (name, value) in hub.headers where name == "X-Repo-Commit" { response.headers[name] = value }
        response.headers["X-Linked-Etag"] = hub.headers["ETag"]
        response.headers["X-Linked-Size"] = "\(hub.body.count)"
        return response
    }

    @Test func `a token goes to its hub and to no other place`() throws {
        let store = try LoopbackServer { _ in .init(body: FakeHub.weights) }
        let hub = try FakeHub(token: "hf_secret") { request, response in
            guard request.path.hasSuffix("/model.safetensors") else { return }
            response = Self.redirect(response, to: store.address + "/signed?key=1")
        }
        let snapshot = try hub.pull()
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: snapshot.path.appending("model.safetensors").string))
                == FakeHub.weights)
        #expect(hub.server.requests.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
        #expect(store.requests.map(\.method) == ["GET"], "the redirection itself tells about the file")
        #expect(store.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func `a part is asked for where a redirection leads, too`() throws {
        let cut = Counter()
        let store = try LoopbackServer { request in
            guard request.headers["range"] == "bytes=1234-" else {
                return .init(body: FakeHub.weights, cut: cut.next() == 1 ? 1234 : nil)
            }
            return .init(
                status: 206, headers: ["Content-Range": "bytes 1234-99999/100000"],
                body: FakeHub.weights.suffix(from: 1234))
        }
        let hub = try FakeHub { request, response in
            guard request.path.hasSuffix("/model.safetensors") else { return }
            response = Self.redirect(.init(headers: response.headers, body: FakeHub.weights), to: store.address + "/x")
        }
        _ = try hub.pull()
        #expect(store.requests.map { $0.headers["range"] } == [nil, "bytes=1234-"])
    }

    @Test func `a renamed model is followed at its hub, with the token`() throws {
        let hub = try FakeHub(repository: "new/name", token: "hf_secret") { request, response in
            guard request.path.hasPrefix("/openai-community/gpt2/") else { return }
            let path = request.path.replacingOccurrences(of: "/openai-community/gpt2/", with: "/new/name/")
            response = .init(status: 307, headers: ["Location": path + "?%2Fa=%22b%22"])
        }
        #expect(try hub.pull().files.count == 4)
        let new = hub.server.requests.filter { $0.path.hasPrefix("/new/name/") }
        #expect(!new.isEmpty && new.allSatisfy { $0.path.hasSuffix("?%2Fa=%22b%22") })
        #expect(hub.server.requests.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
    }

    @Test func `a redirection is followed whose body comes later`() throws {
        let hub = try FakeHub(repository: "new/name") { request, response in
            guard request.path.hasPrefix("/openai-community/gpt2/") else { return }
            let path = request.path.replacingOccurrences(of: "/openai-community/gpt2/", with: "/new/name/")
            response = .init(status: 307, headers: ["Location": path], body: Data("moved".utf8), comesLate: true)
        }
        #expect(try hub.pull().files.count == 4)
    }

    @Test func `a circle of redirections ends`() throws {
        let hub = try FakeHub { request, response in response = .init(status: 302, headers: ["Location": request.path])
        }
        #expect(throws: HubError.self) { try hub.pull() }
        #expect(hub.server.requests.count == 11)
    }

    @Test func `only the way to the same place keeps a token, and none leads from https to http`() throws {
        let request = Request(
            address: try #require(URL(string: "https://hub.example/a")), token: "x", patience: 1)
        let header = { (address: String) -> String?? in request.redirected(to: URL(string: address)).map(\.token) }
        #expect(header("https://hub.example/b") == .some("x"))
        #expect(header("https://HUB.example:443/b") == .some("x"))
        for other in ["https://hub.example:8443/b", "https://evil.example/b", "https://hub.example.evil/b"] {
            #expect(header(other) == .some(nil), "\(other)")
        }
        for none in ["http://hub.example/b", "file:///etc/passwd", "ftp://hub.example/b"] {
            #expect(header(none) == .none, "\(none)")
        }
    }

    @Test func `a name that the hub does not know gets a sentence`() throws {
        let hub = try FakeHub(repository: "other/model")
        #expect { try hub.pull("gpt2") } throws: {
            "\($0)"
                == "\(hub.server.address) knows no such model or revision: openai-community/gpt2, then gpt2. For a private one, set HF_TOKEN."
        }
        #expect { try FakeHub().pull("gpt2@none") } throws: {
            "\($0)".contains("no such revision: openai-community/gpt2@none")
        }
    }

    @Test(arguments: [(401, nil), (401, "hf_secret"), (403, "hf_secret")] as [(Int, String?)])
    func `a refusal says what to do and keeps the token to itself`(status: Int, token: String?) throws {
        let hub = try FakeHub(token: token) { _, response in
            response = .init(
                status: status,
                headers: ["WWW-Authenticate": "Basic realm=\"hub\"", "X-Error-Message": "Ask its owner."])
        }
        #expect { try hub.pull() } throws: {
            let text = "\($0)"
            return text.contains("HF_TOKEN") && text.contains("status \(status)") && text.contains("Ask its owner.")
                && !text.contains("secret")
        }
        #expect(hub.folder.tree.isEmpty)
    }

    @Test func `offline the cache answers for what it has`() throws {
        var hub = try FakeHub()
        let pulled = try hub.pull()
        let asked = hub.server.requests.count
        hub.settings.offlineVariable = "HF_HUB_OFFLINE"
        let found = try hub.pull()
        #expect((found.path, found.commit) == (pulled.path, pulled.commit))
        #expect(Set(found.files) == Set(pulled.files))
        #expect(hub.server.requests.count == asked)
        try FileManager.default.removeItem(atPath: pulled.path.appending("model.safetensors").string)
        #expect { try hub.pull() } throws: { "\($0)".contains("HF_HUB_OFFLINE") }
    }

    @Test func `offline nothing is asked`() throws {
        var hub = try FakeHub()
        hub.settings.offlineVariable = "HF_HUB_OFFLINE"
        #expect { try hub.pull() } throws: {
            let text = "\($0)"
            return ["HF_HUB_OFFLINE", "openai-community/gpt2, then gpt2", hub.folder.path].allSatisfy(text.contains)
        }
        #expect(hub.server.requests.isEmpty)
    }

    @Test func `a hub that is not there gets a sentence`() throws {
        let gone = try LoopbackServer { _ in .init() }.address
        let settings = HubSettings(
            endpoint: try #require(URL(string: gone)), cache: HubCache(root: "/none"), pause: { _, _ in })
        #expect { try HubDownload(settings).fetch(HubReference.candidates(for: "gpt2")) } throws: {
            "\($0)".hasPrefix("\(gone) cannot be reached")
        }
    }

    @Test func `the environment says where, with what and how long`() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data(" hf_file \n".utf8).write(to: URL(fileURLWithPath: folder.path + "/token"))
        let usual = try HubSettings(environment: ["HF_HOME": folder.path])
        #expect(usual.endpoint.absoluteString == "https://huggingface.co")
        #expect(usual.token == "hf_file")
        #expect(usual.metadataTimeout == 10)
        let changed = try HubSettings(environment: [
            "HF_HOME": folder.path, "HF_TOKEN": "hf_a", "HF_ENDPOINT": "http://mirror:8080/x//",
            "HF_HUB_DOWNLOAD_TIMEOUT": "30", "TRANSFORMERS_OFFLINE": "yes",
        ])
        #expect(changed.endpoint.absoluteString == "http://mirror:8080/x")
        #expect(changed.token == "hf_a")
        #expect(changed.downloadTimeout == 30)
        #expect(changed.offlineVariable == "TRANSFORMERS_OFFLINE")
        #expect(
            try HubSettings(environment: ["HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]).token == nil)
        #expect(
            try HubSettings(environment: ["HF_TOKEN_PATH": "$D/token", "D": folder.path]).token == "hf_file")
        #expect(try HubSettings(environment: ["HF_TOKEN": " ", "HUGGING_FACE_HUB_TOKEN": "hf_b"]).token == "hf_b")
        #expect(try HubSettings(environment: ["HF_TOKEN": " ", "HF_HOME": folder.path]).token == "hf_file")
        #expect(throws: HubError.badToken(source: "HF_TOKEN")) { try HubSettings(environment: ["HF_TOKEN": "a\nX: b"]) }
        #expect(throws: HubError.badEndpoint("ftp://x")) { try HubSettings(environment: ["HF_ENDPOINT": "ftp://x"]) }
    }
}
