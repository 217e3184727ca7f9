import Checkpoints
import GPTEngine
import GPTViews
import Hub

/// Fetches presets from the hub for the full screen, on a thread of its own.
struct HubFetcher: Fetcher {
    private var job: PullJob?
    private var name = ""
    private var tally = PullProgress()
    private var news: FetchProgress?

    var source: String { (try? HubSettings())?.endpoint.absoluteString ?? "the hub" }
    var isRunning: Bool { job != nil || news != nil }

    mutating func begin(_ preset: String) {
        (name, tally) = (preset, PullProgress())
        do {
            job = PullJob(HubReference.candidates(for: preset), settings: try HubSettings())
        } catch { fail(error) }
    }

    mutating func interrupt() { job?.interrupt() }

    mutating func progress() -> FetchProgress? {
        if let job {
            var events: [PullEvent] = []
            do {
                let snapshot = try job.work(for: .zero) { events.append($0) }
                events.forEach { take($0) }
                if snapshot != nil { (self.job, news) = (nil, FetchProgress(.done)) }
            } catch { fail(error) }
        }
        defer { news = nil }
        return news
    }

    private mutating func take(_ event: PullEvent) {
        tally.take(event)
        var next = FetchProgress(.receiving)
        switch event {
        case .found, .finished, .present: next.phase = .waiting("asking the hub")
        case .waiting: next.phase = .waiting("another program is fetching it; waiting for its end")
        case .retrying(_, let reason, let seconds):
            next.phase = .waiting("\(reason); trying again in \(duration(Double(seconds)))")
        case .started, .received: break
        }
        (next.file, next.bytes, next.size) = (visible(tally.file), tally.bytes, tally.size)
        (next.rate, next.secondsLeft) = (tally.rate, tally.secondsLeft)
        news = next
    }

    private mutating func fail(_ error: any Error) {
        job = nil
        if let error = error as? HubError, error == .interrupted { return news = FetchProgress(.interrupted) }
        let known = NoNetwork.explaining(error, name: name)
        let remedy = (known as? any DescribedError)?.remedy.map { " " + $0 } ?? ""
        news = FetchProgress(.failed("\(known)\(remedy)"))
    }
}
