import Foundation

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
