/// What happens while a model is fetched, for whoever shows it.
public enum PullEvent: Hashable, Sendable {
    /// The hub knows the model; so many files are wanted.
    case found(name: String, commit: String, files: Int)
    /// Another program is fetching this file; its end is waited for.
    case waiting(String)
    /// A file begins, or goes on after what an earlier attempt left.
    case started(String, bytes: Int?, from: Int)
    /// So much of a file is here.
    case received(String, bytes: Int, of: Int?)
    /// A connection broke, or the hub asks to wait; the file goes on after so many seconds.
    case retrying(String, reason: String, after: Int)
    /// A file is whole, checked and in the cache.
    case finished(String, bytes: Int)
    /// A file was in the cache already.
    case present(String, bytes: Int)
}
