import CCurl
import Foundation

/// What is asked of a web server.
struct Request {
    let address: URL
    var isHead = false
    /// Proof of who asks.
    var token: String?
    /// The byte to begin with.
    var start = 0
    /// Seconds without an answer, or with next to no bytes, before it is given up.
    var patience: TimeInterval

    /// The request that follows a redirection, or nil where it is not to be followed.
    ///
    /// A request about a file stays at its host: a redirection to another one is itself the answer and carries what is
    /// asked for. A download goes where it is sent, without the token as soon as that is elsewhere, and never from https to
    /// http.
    func redirected(to address: URL?) -> Request? {
        guard let address, let new = address.origin, let old = self.address.origin else { return nil }
        guard new == old || !isHead && (old.scheme == new.scheme || new.scheme == "https") else { return nil }
        return Request(
            address: address, isHead: isHead, token: new == old ? token : nil, start: start, patience: patience)
    }
}

/// Status and headers of what a web server answers.
struct Answer {
    let status: Int
    /// Who answered, after all redirections.
    let address: URL
    private let headers: [String: String]

    init(status: Int, address: URL, lines: String) {
        (self.status, self.address) = (status, address)
        var headers: [String: String] = [:]
        for line in lines.split(whereSeparator: \.isNewline).dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        self.headers = headers
    }

    /// Where the answer redirects to; nil where it does not.
    var redirection: URL? {
        guard (300..<400).contains(status), let location = header("Location") else { return nil }
        return URL(string: location, relativeTo: address)?.absoluteURL
    }

    /// The value of a header, whatever the case of its name.
    func header(_ name: String) -> String? { headers[name.lowercased()] }
}

/// Connections that stay open from one exchange to the next.
final class Connections {
    fileprivate let pool = cc_pool_open()

    deinit { cc_pool_close(pool) }
}

/// One request, with its redirections, whose answer is read piece by piece by the thread that asked.
///
/// libcurl keeps at most a mebibyte that was not asked for yet, so that a slow disk slows the sender down.
final class Exchange {
    /// Fewer bytes a second than this, and a sender is given up.
    static let lowestRate = 1000

    private var request: Request
    private var handle: OpaquePointer?
    private var buffer = [UInt8](repeating: 0, count: 1 << 17)
    private let connections: Connections
    private let goOn: () throws(HubError) -> Void

    /// Prepares a request.
    ///
    /// - Parameter goOn: is called at least four times a second, and may throw to end it.
    init(_ request: Request, over connections: Connections, goOn: @escaping () throws(HubError) -> Void) {
        (self.request, self.connections, self.goOn) = (request, connections, goOn)
    }

    deinit { cc_close(handle) }

    /// The status and the headers, once they are here.
    ///
    /// - Throws: ``HubError/lost(reason:)`` when no answer came, and what `goOn` throws.
    func answer() throws(HubError) -> Answer {
        var redirections = 0
        while true {
            let answer = try open()
            // After so many, the redirection is the answer, which nobody takes for one.
            guard redirections < 10, let next = request.redirected(to: answer.redirection) else { return answer }
            redirections += 1
            request = next
        }
    }

    /// Sends the request as it is now, and waits for the headers.
    private func open() throws(HubError) -> Answer {
        cc_close(handle)
        handle = request.address.absoluteString.withCString { address in
            request.token.withOptionalCString { token in
                var plain = cc_request(
                    url: address, is_head: request.isHead, token: token, from: Int64(request.start),
                    patience: request.patience, lowest_rate: Self.lowestRate)
                return cc_open(connections.pool, &plain)
            }
        }
        guard let handle else { throw .lost(reason: "its address is none", isUnreachable: false) }
        while cc_status(handle) == 0 {
            try goOn()
            if !cc_advance(handle, 100), cc_status(handle) == 0 {
                throw failure ?? .lost(reason: "its answer is none that HTTP knows", isUnreachable: false)
            }
        }
        var count = 0
        let lines = cc_headers(handle, &count)
        let bytes = UnsafeRawBufferPointer(start: lines, count: count)
        return Answer(
            status: cc_status(handle), address: request.address, lines: String(decoding: bytes, as: UTF8.self))
    }

    /// The next piece of the body; nil at its end.
    ///
    /// - Throws: ``HubError/lost(reason:)`` when the connection broke; all pieces that came before were given out.
    func next() throws(HubError) -> Data? {
        while true {
            if let piece = taken() { return piece }
            try goOn()
            // What came with the end is still to be taken.
            guard !cc_advance(handle, 100) else { continue }
            if let piece = taken() { return piece }
            if let failure { throw failure }
            return nil
        }
    }

    private func taken() -> Data? {
        let count = cc_take(handle, &buffer, buffer.count)
        return count > 0 ? Data(buffer[..<count]) : nil
    }

    private var failure: HubError? {
        cc_failure(handle).map { .lost(reason: String(cString: $0), isUnreachable: cc_is_unreachable(handle)) }
    }
}

extension String? {
    /// Gives `body` the text for C, or NULL.
    fileprivate func withOptionalCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return self.withCString { body($0) }
    }
}
