/// How far a file is on its way, and how fast it comes: the rate is of what came since it was begun here.
public struct PullProgress: Sendable {
    /// The file.
    public private(set) var file = ""
    /// Bytes of it that are here.
    public private(set) var bytes = 0
    /// Its size in bytes, where the hub says it.
    public private(set) var size: Int?
    private var start: (bytes: Int, time: ContinuousClock.Instant) = (0, .now)
    private var time = ContinuousClock.now

    /// Nothing is on its way.
    public init() {}

    /// Takes in what happened.
    public mutating func take(_ event: PullEvent, at now: ContinuousClock.Instant = .now) {
        switch event {
        case .started(let file, let size, let from):
            (self.file, bytes, self.size, start, time) = (file, from, size, (from, now), now)
        case .received(let file, let bytes, let size):
            (self.file, self.bytes, self.size, time) = (file, bytes, size, now)
        case .found, .waiting, .retrying, .finished, .present: break
        }
    }

    /// Bytes a second; nil while too little came to tell.
    public var rate: Double? {
        let seconds = (time - start.time) / .seconds(1)
        return seconds > 0.5 && bytes > start.bytes ? Double(bytes - start.bytes) / seconds : nil
    }

    /// Seconds until it is here; nil while nobody knows.
    public var secondsLeft: Double? {
        guard let size, let rate else { return nil }
        return Double(max(0, size - bytes)) / rate
    }
}
