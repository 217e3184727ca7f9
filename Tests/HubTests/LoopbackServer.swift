import Foundation

/// A web server on a port of its own that does exactly what a test says, down to where a body breaks off.
///
/// Unchecked: what changes is behind `lock`.
final class LoopbackServer: @unchecked Sendable {
    /// What was asked.
    struct Request: Sendable {
        let method: String
        let path: String
        /// Names in lower case.
        let headers: [String: String]
    }

    /// What is answered.
    struct Response: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body = Data()
        /// After so many bytes of the body the connection is cut.
        var cut: Int?
        /// Whether it says how long it is.
        var saysLength = true
        /// Whether the body comes some time after the head.
        var comesLate = false
    }

    let address: String
    private let listener: CInt
    private let answer: @Sendable (Request) -> Response
    private let lock = NSLock()
    private var log: [Request] = []

    init(_ answer: @escaping @Sendable (Request) -> Response) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        address = "http://127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                self?.serve(connection)
                close(connection)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// What was asked so far.
    var requests: [Request] { lock.withLock { log } }

    /// One request for each connection.
    private func serve(_ connection: CInt) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        let end = Array("\r\n\r\n".utf8)
        while !bytes.suffix(4).elementsEqual(end) {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            bytes += buffer[..<count]
        }
        let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
        let words = (lines.first ?? "").split(separator: " ").map(String.init)
        guard words.count == 3 else { return }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
                .trimmingCharacters(in: .whitespaces)
        }
        let request = Request(method: words[0], path: words[1], headers: headers)
        lock.withLock { log.append(request) }
        let response = answer(request)
        var head = "HTTP/1.1 \(response.status) Status\r\nConnection: close\r\n"
        let length = response.saysLength ? ["Content-Length": "\(response.body.count)"] : [:]
        let fields = length.merging(response.headers) { $1 }
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        let body = request.method == "HEAD" ? Data() : response.body.prefix(response.cut ?? response.body.count)
        let start = Array((head + "\r\n").utf8)
        for part in response.comesLate ? [start, Array(body)] : [start + body] {
            var rest = part[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { return }
                rest = rest.dropFirst(sent)
            }
            if response.comesLate { usleep(50_000) }
        }
    }
}
