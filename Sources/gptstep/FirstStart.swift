import Checkpoints
import GPTEngine
import SystemPackage

/// Whether somebody starts the full screen for the first time: then the tour is offered once.
enum FirstStart {
    /// `$XDG_STATE_HOME/gptstep/started`, or the same below `~/.local/state`.
    private static func file(_ environment: [String: String]) -> FilePath? {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.local/state" }
        guard let state = environment["XDG_STATE_HOME"].flatMap({ $0.isEmpty ? nil : $0 }) ?? home else { return nil }
        return FilePath(raw: state + "/gptstep/started")
    }

    /// Whether no start was remembered.
    static func isNow(_ environment: [String: String]) -> Bool {
        file(environment).map { !$0.exists } ?? false
    }

    /// Remembers this start; where nothing can be written, the next start is a first one again.
    static func remember(_ environment: [String: String]) {
        guard let file = file(environment), isNow(environment) else { return }
        try? file.removingLastComponent().createFolder()
        try? writeFile(file) { _ in }
    }
}
