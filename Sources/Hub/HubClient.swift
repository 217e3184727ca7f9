import Foundation
import Checkpoints

/// Asks a hub, patiently, and lets nobody else see the token.
struct HubClient {
    /// How often in a row a request may fail.
    static let attempts = 5

    let settings: HubSettings
    let report: (PullEvent) -> Void
    private let connections = Connections()
    /// Called at least four times a second while something is waited for; throws to end it.
    let goOn: () throws(HubError) -> Void

    init(
        _ settings: HubSettings, report: @escaping (PullEvent) -> Void,
        goOn: @escaping () throws(HubError) -> Void = {}
    ) {
        (self.settings, self.report, self.goOn) = (settings, report, goOn)
    }

    /// The hub, as messages name it.
    var endpoint: String { settings.endpoint.absoluteString }

    /// What the hub says about a file, or nil where the repository has none of this name.
    ///
    /// - Parameter commit: what the revision stands for, once it is known; every file has to be of this commit.
    /// - Throws: ``HubError``.
    func metadata(of file: String, in reference: HubReference, commit: String? = nil) throws(HubError) -> RemoteFile? {
        var request = try request(for: file, in: reference.repository, revision: commit ?? reference.revision)
        request.isHead = true
        let answer = try patiently(request, about: file, in: reference)
        switch answer.status {
        case 200..<400:
            let remote = try RemoteFile(name: file, answer: answer, endpoint: endpoint)
            guard commit == nil || commit == remote.commit else {
                throw .notHub(endpoint: endpoint, reason: "\(file) is of another commit than was asked for")
            }
            return remote
        case 404:
            let code = answer.header("X-Error-Code")
            if code == "RevisionNotFound" { throw .unknownRevision(name: "\(reference)", endpoint: endpoint) }
            let isKnown = commit != nil || answer.header("X-Repo-Commit") != nil
            if code == "EntryNotFound" || (isKnown && code != "RepoNotFound") { return nil }
            throw .unknownModel(names: ["\(reference)"], endpoint: endpoint)
        default: throw refusal(of: "\(reference)", answer, what: "\(reference) \(file)")
        }
    }

    /// Asks for the bytes of a file from a place on.
    func open(_ file: RemoteFile, in reference: HubReference, from start: Int) throws(HubError) -> Exchange {
        // The address at the hub, not the one it redirects to: that one is signed for a limited time.
        var request = try request(for: file.name, in: reference.repository, revision: file.commit)
        request.start = start
        request.patience = settings.downloadTimeout
        return exchange(request)
    }

    /// The error for a status that is not an answer.
    func refusal(of name: String, _ answer: Answer, what: String) -> HubError {
        let status = answer.status
        guard status == 401 || status == 403 else { return .failed(endpoint: endpoint, what: what, status: status) }
        return .refused(
            name: name, endpoint: endpoint, status: status, sentToken: settings.token != nil,
            saying: answer.header("X-Error-Message").map(visible))
    }

    /// Whether another attempt may help.
    static func isPassing(status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }

    /// Why an answer is not taken, with the time that it asks to wait.
    static func reason(_ answer: Answer, from sender: String = "the hub") -> String {
        let wait = retryAfter(answer)
        return "\(sender) answers with status \(answer.status)"
            + (wait > 0 ? " and asks to wait \(Int(wait.rounded(.up))) s" : "")
    }

    /// Waits after so many failures in a row, and says so: longer each time, and at least as long as an answer asks for.
    func pause(_ failures: Int, _ answer: Answer?, about file: String, reason: String) throws(HubError) {
        let seconds = max(Double(1 << min(failures - 1, 3)), answer.map(Self.retryAfter) ?? 0)
        report(.retrying(file, reason: reason, after: Int(seconds.rounded(.up))))
        try settings.pause(seconds, goOn)
    }

    private func exchange(_ request: Request) -> Exchange { Exchange(request, over: connections, goOn: goOn) }

    /// Seconds that an answer asks to wait, five minutes at most; 0 where it does not say, or gives a date.
    private static func retryAfter(_ answer: Answer) -> TimeInterval {
        let seconds = answer.header("Retry-After").flatMap(Double.init) ?? 0
        return seconds > 0 ? min(seconds, 300) : 0
    }

    private func request(for file: String, in repository: String, revision: String) throws(HubError) -> Request {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        let quote = { (text: String) in text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text }
        let path = "\(endpoint)/\(repository)/resolve/\(quote(revision))/\(quote(file))"
        guard let address = URL(string: path) else { throw .unsafeName(kind: "a file", name: visible(file)) }
        return Request(address: address, token: settings.token, patience: settings.metadataTimeout)
    }

    /// The status and headers that a request without a body is answered with, asked for again while that may help.
    private func patiently(
        _ request: Request, about file: String, in reference: HubReference
    ) throws(HubError) -> Answer {
        var failures = 0
        while true {
            var (answer, reason, isUnreachable): (Answer?, String, Bool)
            do throws(HubError) {
                let found = try exchange(request).answer()
                guard Self.isPassing(status: found.status) else { return found }
                (answer, reason, isUnreachable) = (found, Self.reason(found), false)
            } catch {
                guard case .lost(let why, let isNobody) = error else { throw error }
                (answer, reason, isUnreachable) = (nil, why, isNobody)
            }
            failures += 1
            guard failures < Self.attempts else {
                if let answer { throw .failed(endpoint: endpoint, what: "\(reference) \(file)", status: answer.status) }
                throw isUnreachable
                    ? .unreachable(endpoint: endpoint, reason: reason) : .notHub(endpoint: endpoint, reason: reason)
            }
            try pause(failures, answer, about: file, reason: reason)
        }
    }
}
