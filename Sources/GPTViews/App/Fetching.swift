/// Who fetches the weights of a preset for an app, beside it: begun and ended by effects, asked between two looks at the
/// keyboard.
public protocol Fetcher {
    /// Where weights come from, as a person knows it: `https://huggingface.co`.
    var source: String { get }
    /// Whether something is being fetched.
    var isRunning: Bool { get }
    /// Begins to fetch a preset, or goes on after what is here of it.
    mutating func begin(_ preset: String)
    /// Ends it soon; what came is kept.
    mutating func interrupt()
    /// How it goes; nil where nothing is new.
    mutating func progress() -> FetchProgress?
}

/// How the fetching of a model goes.
public struct FetchProgress: Hashable, Sendable {
    /// What is going on.
    public enum Phase: Hashable, Sendable {
        /// The hub is asked, or waited for; why.
        case waiting(String)
        /// Bytes come.
        case receiving
        /// All is here and checked.
        case done
        /// It was interrupted; what came is kept.
        case interrupted
        /// It failed; why, and what to do.
        case failed(String)
    }

    /// What is going on.
    public var phase: Phase
    /// The file that is fetched.
    public var file = ""
    /// Bytes of it that are here.
    public var bytes = 0
    /// Its size in bytes, where the hub says it.
    public var size: Int?
    /// Bytes a second.
    public var rate: Double?
    /// Seconds until it is here.
    public var secondsLeft: Double?

    /// A phase without numbers.
    public init(_ phase: Phase) { self.phase = phase }
}
