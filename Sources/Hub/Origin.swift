import Foundation
import FoundationNetworking

/// What a token is meant for: nothing that differs in one of these ever sees it.
struct Origin: Hashable {
    let scheme: String
    let host: String
    let port: Int
}

extension URL {
    /// Where a web address leads; nil where it is none.
    var origin: Origin? {
        guard let scheme = scheme?.lowercased(), let host = host?.lowercased(), !host.isEmpty,
            let standard = ["http": 80, "https": 443][scheme]
        else { return nil }
        return Origin(scheme: scheme, host: host, port: port ?? standard)
    }
}

/// The request that follows a redirection, or nil where it is not to be followed.
///
/// A request about a file stays at its host: a redirection to another one is itself the answer and carries what is asked
/// for. A download goes where it is sent, without the token as soon as that is elsewhere, and never from https to http.
func redirected(_ request: URLRequest, to address: URL?) -> URLRequest? {
    guard let address, let new = address.origin, let old = request.url?.origin else { return nil }
    var next = request
    next.url = address
    guard new != old else { return next }
    guard request.httpMethod != "HEAD", old.scheme == new.scheme || new.scheme == "https" else { return nil }
    next.setValue(nil, forHTTPHeaderField: "Authorization")
    return next
}
