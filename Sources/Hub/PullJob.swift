public import Checkpoints
import Foundation
import Synchronization

/// A model on its way from a hub, fetched beside whoever asked for it, who is told in pieces how it goes.
///
/// Nothing is printed, and nothing waits longer than it is told to:
///
/// ```swift
/// let job = PullJob(HubReference.candidates(for: "gpt2"), settings: try HubSettings())
/// while try job.work(for: .milliseconds(250), report: { print($0) }) == nil {}
/// ```
public final class PullJob: Sendable {
    /// What both sides know: the job can be dropped while its thread comes to an end.
    private final class Shared: Sendable {
        struct State {
            var events: [PullEvent] = []
            var result: Result<HubDownload.Snapshot, any Error>?
            var isInterrupted = false
        }

        let state = Mutex(State())
        let changed = DispatchSemaphore(value: 0)

        func add(_ event: PullEvent) {
            let isFirst = state.withLock { state in
                defer {
                    // Of how much is here only the last counts.
                    if case .received = event, case .received = state.events.last { state.events.removeLast() }
                    state.events.append(event)
                }
                return state.events.isEmpty
            }
            if isFirst { changed.signal() }
        }

        func goOn() throws(HubError) {
            if state.withLock(\.isInterrupted) { throw .interrupted }
        }
    }

    private let shared = Shared()

    /// Begins to fetch the first of the candidates that the hub knows.
    public init(_ candidates: [HubReference], settings: HubSettings) {
        Thread.detachNewThread { [shared] in
            // A connection that the other side closes is an error of the exchange, and not the end of the program.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            let download = HubDownload(settings, report: shared.add, goOn: shared.goOn)
            let result = Result { try download.fetch(candidates) }
            shared.state.withLock { $0.result = result }
            shared.changed.signal()
        }
    }

    deinit { interrupt() }

    /// Waits until something happens, or so long, and reports it.
    ///
    /// - Returns: The model, once all of it is here.
    /// - Throws: ``HubError`` or `FileError` that ended it.
    public func work(for duration: Duration, report: (PullEvent) -> Void) throws -> HubDownload.Snapshot? {
        _ = shared.changed.wait(timeout: .now() + duration / .seconds(1))
        let (events, result) = shared.state.withLock { state in
            defer { state.events = [] }
            return (state.events, state.result)
        }
        events.forEach(report)
        return try result?.get()
    }

    /// Ends it soon; what came is kept, and ``work(for:report:)`` throws ``HubError/interrupted`` then.
    public func interrupt() { shared.state.withLock { $0.isInterrupted = true } }
}
