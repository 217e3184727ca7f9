import Foundation
import FoundationNetworking

/// One request, whose answer is read piece by piece by the thread that asked.
///
/// `URLSession` hands pieces to a queue as fast as the network brings them, and keeps all that are not dealt with in
/// memory. Here its thread waits while pieces are pending, so that a slow disk slows the sender down instead.
///
/// Unchecked: all state is behind `condition`.
final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let condition = NSCondition()
    private var request: URLRequest
    private var redirections = 0
    private var response: HTTPURLResponse?
    /// A redirection that is not followed, which is the answer then.
    private var redirection: HTTPURLResponse?
    private var pieces: [Data] = []
    private var isOver = false
    private var failure: URLError?
    /// Nobody reads on.
    private var isClosed = false
    private var session: URLSession?

    /// Sends a request, in a session of its own: on Linux a task has no delegate but its session's.
    init(_ request: URLRequest) {
        self.request = request
        super.init()
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.urlCredentialStorage = nil
        configuration.httpShouldSetCookies = false
        let queue = BoundedQueue()
        queue.maxConcurrentOperationCount = 1
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: queue)
        self.session = session
        session.dataTask(with: request).resume()
    }

    /// The status and the headers, once they are here.
    ///
    /// - Throws: `URLError` when no answer came.
    func answer() throws(URLError) -> HTTPURLResponse {
        condition.lock()
        defer { condition.unlock() }
        while response == nil && !isOver { condition.wait() }
        if let response { return response }
        throw failure ?? URLError(.badServerResponse)
    }

    /// The next piece of the body; nil at its end.
    ///
    /// - Throws: `URLError` when the connection broke; all pieces that came before were given out.
    func next() throws(URLError) -> Data? {
        condition.lock()
        defer { condition.unlock() }
        while pieces.isEmpty && !isOver { condition.wait() }
        if !pieces.isEmpty {
            condition.broadcast()
            return pieces.removeFirst()
        }
        if let failure { throw failure }
        return nil
    }

    /// Ends it, whatever is still to come; without this the session would keep it for ever.
    func close() {
        let session = condition.withLock {
            isClosed = true
            pieces = []
            condition.broadcast()
            defer { self.session = nil }
            return self.session
        }
        // Outside the lock: it waits for the network's thread, which may be waiting for the lock.
        session?.invalidateAndCancel()
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let next: URLRequest? = condition.withLock {
            redirections += 1
            // Not the address of `newRequest`, whose path was decoded on the way.
            let address = response.value(forHTTPHeaderField: "Location").flatMap { location in
                URL(string: location, relativeTo: request.url)?.absoluteURL
            }
            guard redirections <= 10, let next = redirected(request, to: address) else {
                // Nobody is told before the session is done with it: to end it now would stop the program.
                redirection = response
                return nil
            }
            request = next
            return next
        }
        completionHandler(next)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        condition.withLock {
            self.response = self.response ?? response as? HTTPURLResponse
            condition.broadcast()
        }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        condition.lock()
        defer { condition.unlock() }
        while pieces.count >= 64 && !isClosed { condition.wait() }
        guard !isClosed else { return }
        pieces.append(data)
        condition.broadcast()
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        condition.withLock {
            failure = error.map { $0 as? URLError ?? URLError(.unknown) }
            response = response ?? redirection
            isOver = true
            condition.broadcast()
        }
    }
}

/// A queue that makes whoever fills it wait once much is pending, so that the wait reaches the network.
///
/// Unchecked: it adds no state to its superclass.
final class BoundedQueue: OperationQueue, @unchecked Sendable {
    override func addOperation(_ operation: Operation) {
        super.addOperation(operation)
        if operationCount > 64 { operation.waitUntilFinished() }
    }
}
