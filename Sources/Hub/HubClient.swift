import Foundation
import FoundationNetworking
import Checkpoints

/// Asks a hub, patiently, and lets nobody else see the token.
struct HubClient {
    /// How often in a row a request may fail.
    static let attempts = 5

    let settings: HubSettings
    let report: (PullEvent) -> Void

    init(_ settings: HubSettings, report: @escaping (PullEvent) -> Void) {
        (self.settings, self.report) = (settings, report)
    }

    /// The hub, as messages name it.
    var endpoint: String { settings.endpoint.absoluteString }

    /// What the hub says about a file, or nil where the repository has none of this name.
    ///
    /// - Parameter commit: what the revision stands for, once it is known; every file has to be of this commit.
    /// - Throws: ``HubError``.
    func metadata(of file: String, in reference: HubReference, commit: String? = nil) throws(HubError) -> RemoteFile? {
        var request = try request(for: file, in: reference.repository, revision: commit ?? reference.revision)
        request.httpMethod = "HEAD"
        request.timeoutInterval = settings.metadataTimeout
        let answer = try patiently(request, about: file, in: reference)
        switch answer.statusCode {
        case 200..<400:
            let remote = try RemoteFile(name: file, answer: answer, endpoint: endpoint)
            guard commit == nil || commit == remote.commit else {
                throw .notHub(endpoint: endpoint, reason: "\(file) is of another commit than was asked for")
            }
            return remote
        case 404:
            let code = answer.value(forHTTPHeaderField: "X-Error-Code")
            if code == "RevisionNotFound" { throw .unknownRevision(name: "\(reference)", endpoint: endpoint) }
            let isKnown = commit != nil || answer.value(forHTTPHeaderField: "X-Repo-Commit") != nil
            if code == "EntryNotFound" || (isKnown && code != "RepoNotFound") { return nil }
            throw .unknownModel(names: ["\(reference)"], endpoint: endpoint)
        default: throw refusal(of: "\(reference)", answer, what: "\(reference) \(file)")
        }
    }

    /// Asks for the bytes of a file from a place on.
    func open(_ file: RemoteFile, in reference: HubReference, from start: Int) throws(HubError) -> Exchange {
        // The address at the hub, not the one it redirects to: that one is signed for a limited time.
        var request = try request(for: file.name, in: reference.repository, revision: file.commit)
        request.timeoutInterval = settings.downloadTimeout
        if start > 0 { request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range") }
        return Exchange(request)
    }

    /// The error for a status that is not an answer.
    func refusal(of name: String, _ answer: HTTPURLResponse, what: String) -> HubError {
        let status = answer.statusCode
        guard status == 401 || status == 403 else { return .failed(endpoint: endpoint, what: what, status: status) }
        return .refused(
            name: name, endpoint: endpoint, status: status, sentToken: settings.token != nil,
            saying: answer.value(forHTTPHeaderField: "X-Error-Message").map(visible))
    }

    /// Whether another attempt may help.
    static func isPassing(status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }

    /// Why an answer is not taken, with the time that it asks to wait.
    static func reason(_ answer: HTTPURLResponse, from sender: String = "the hub") -> String {
        let wait = retryAfter(answer)
        return "\(sender) answers with status \(answer.statusCode)"
            + (wait > 0 ? " and asks to wait \(Int(wait.rounded(.up))) s" : "")
    }

    /// Waits after so many failures in a row: longer each time, and at least as long as an answer asks for.
    func pause(_ failures: Int, _ answer: HTTPURLResponse?) {
        settings.pause(max(Double(1 << min(failures - 1, 3)), answer.map(Self.retryAfter) ?? 0))
    }

    /// Seconds that an answer asks to wait, five minutes at most; 0 where it does not say, or gives a date.
    private static func retryAfter(_ answer: HTTPURLResponse) -> TimeInterval {
        let seconds = answer.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) ?? 0
        return seconds > 0 ? min(seconds, 300) : 0
    }

    /// What went wrong, in words without an address: addresses can be signed.
    static func reason(_ error: URLError) -> String {
        switch error.code {
        case .timedOut: "no answer in time"
        case .cannotFindHost, .dnsLookupFailed: "its name has no address"
        case .cannotConnectToHost: "nothing answers there"
        case .networkConnectionLost: "the connection was lost"
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            "its certificate is not trusted"
        case .badServerResponse: "its answer is none that HTTP knows"
        // What the layers below have no other word for, an untrusted certificate among them.
        case .unknown: "the connection broke, or could not be secured"
        default: "network error \(error.errorCode)"
        }
    }

    private func request(for file: String, in repository: String, revision: String) throws(HubError) -> URLRequest {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        let quote = { (text: String) in text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text }
        let path = "\(endpoint)/\(repository)/resolve/\(quote(revision))/\(quote(file))"
        guard let address = URL(string: path) else { throw .unsafeName(kind: "a file", name: visible(file)) }
        var request = URLRequest(url: address)
        // Compressed on the way, a file would have another size and could not be resumed.
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        request.setValue("gptstep", forHTTPHeaderField: "User-Agent")
        if let token = settings.token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        return request
    }

    /// The status and headers that a request without a body is answered with, asked for again while that may help.
    private func patiently(
        _ request: URLRequest, about file: String, in reference: HubReference
    ) throws(HubError) -> HTTPURLResponse {
        var failures = 0
        while true {
            var error: HubError
            var reason: String
            var refused: HTTPURLResponse?
            do throws(URLError) {
                let exchange = Exchange(request)
                defer { exchange.close() }
                let answer = try exchange.answer()
                guard Self.isPassing(status: answer.statusCode) else { return answer }
                error = .failed(endpoint: endpoint, what: "\(reference) \(file)", status: answer.statusCode)
                (refused, reason) = (answer, Self.reason(answer))
            } catch let failure {
                reason = Self.reason(failure)
                error = .unreachable(endpoint: endpoint, reason: reason)
            }
            failures += 1
            guard failures < Self.attempts else { throw error }
            report(.retrying(file, reason: reason))
            pause(failures, refused)
        }
    }
}
