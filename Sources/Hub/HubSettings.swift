public import Foundation
public import Checkpoints
import SystemPackage

/// How a hub is reached: where it is, with which token, and how patiently.
public struct HubSettings: Sendable {
    /// The address of the hub, without a slash at its end.
    public let endpoint: URL
    /// Where downloads go.
    public let cache: HubCache
    /// Seconds without an answer about a file before a request is given up.
    public var metadataTimeout: TimeInterval = 10
    /// Seconds without bytes, or with next to none, before a download is given up.
    public var downloadTimeout: TimeInterval = 10
    /// The variable that forbids the network, if one does.
    public var offlineVariable: String?
    /// Whether files of a snapshot are links into `blobs/`, or copies because `HF_HUB_DISABLE_SYMLINKS` asks for them.
    public var usesLinks = true
    /// Proof of who asks; not public, so that nobody prints it.
    let token: String?
    /// Waits so many seconds before a request is tried again, asking now and then whether to go on.
    let pause: @Sendable (TimeInterval, _ goOn: () throws(HubError) -> Void) throws(HubError) -> Void

    /// A hub at a place of its own.
    init(
        endpoint: URL, cache: HubCache, token: String? = nil,
        pause: @escaping @Sendable (TimeInterval, _ goOn: () throws(HubError) -> Void) throws(HubError) -> Void
    ) {
        (self.endpoint, self.cache, self.token, self.pause) = (endpoint, cache, token, pause)
    }

    /// The hub that the environment names.
    ///
    /// Source: the environment variables of `huggingface_hub` 2.4.0: `HF_ENDPOINT`; `HF_TOKEN`, else
    /// `HUGGING_FACE_HUB_TOKEN`, else the file `HF_TOKEN_PATH`, else `$HF_HOME/token`, unless
    /// `HF_HUB_DISABLE_IMPLICIT_TOKEN`; `HF_HUB_ETAG_TIMEOUT`, `HF_HUB_DOWNLOAD_TIMEOUT`; `HF_HUB_OFFLINE`,
    /// `TRANSFORMERS_OFFLINE`; `HF_HUB_DISABLE_SYMLINKS`.
    ///
    /// - Throws: ``HubError/badEndpoint(_:)`` and ``HubError/badToken(source:)``.
    public init(environment: [String: String] = RawText.environment) throws(HubError) {
        let set = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        var address = set("HF_ENDPOINT") ?? "https://huggingface.co"
        while address.hasSuffix("/") { address.removeLast() }
        guard let endpoint = URL(string: address), endpoint.origin != nil, endpoint.user == nil,
            endpoint.query == nil, endpoint.fragment == nil
        else { throw .badEndpoint(visible(address)) }
        self.init(
            endpoint: endpoint, cache: HubCache(environment: environment), token: try Self.token(environment),
            pause: Self.sleep)
        let seconds = { (name: String) in set(name).flatMap(Double.init).flatMap { $0 > 0 ? min($0, 86_400) : nil } }
        metadataTimeout = seconds("HF_HUB_ETAG_TIMEOUT") ?? 10
        downloadTimeout = seconds("HF_HUB_DOWNLOAD_TIMEOUT") ?? 10
        offlineVariable = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].first { HubCache.isTrue(environment[$0]) }
        usesLinks = !HubCache.isTrue(environment["HF_HUB_DISABLE_SYMLINKS"])
    }

    private static func sleep(_ seconds: TimeInterval, _ goOn: () throws(HubError) -> Void) throws(HubError) {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try goOn()
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private static func token(_ environment: [String: String]) throws(HubError) -> String? {
        guard !HubCache.isTrue(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"]) else { return nil }
        let isBlank = { (text: String) in text.allSatisfy(\.isWhitespace) }
        var source = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].first { !isBlank(environment[$0] ?? "") } ?? "HF_TOKEN"
        var text = environment[source] ?? ""
        if isBlank(text) {
            let named = environment["HF_TOKEN_PATH"].flatMap {
                $0.isEmpty ? nil : FilePath(raw: expand($0, environment))
            }
            let file = named ?? HubCache.home(environment).appending("token")
            source = visible(file)
            text = ByteSource.text(file) ?? ""
        }
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        // It becomes a line of a request: a line break in it would begin another.
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .badToken(source: source) }
        return token.isEmpty ? nil : token
    }
}
