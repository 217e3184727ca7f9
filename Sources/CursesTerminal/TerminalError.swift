/// Why there is no full screen, and what to do about it.
public enum TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Input or output is a file or a pipe.
    case notATerminal
    /// The environment has no `TERM`.
    case unnamed
    /// `TERM` names a type that the terminfo database does not have.
    case unknownType(String)
    /// The terminal is another job's, and no shell is there to bring this one to the front.
    case inBackground
    /// The library that draws makes no screen of it.
    case noScreen(String)
    /// `TERM` names a type whose cursor cannot be moved.
    case noCursorMotion(String)

    /// The reason and the remedy, in full sentences.
    public var description: String {
        switch self {
        case .notATerminal:
            """
            The full screen needs a terminal for input and output. \
            The commands `gptstep ops` and `gptstep show` print plain text.
            """
        case .unnamed:
            """
            TERM is not set, so the type of this terminal is unknown. \
            Set it, for example with TERM=xterm-256color; `gptstep ops` and `gptstep show` print plain text without it.
            """
        case .inBackground:
            """
            The terminal is in use by another job: the full screen has to be started in the foreground. \
            The commands `gptstep ops` and `gptstep show` print plain text.
            """
        case .noScreen(let name):
            """
            No screen can be made of this terminal (TERM=\(shown(name))). \
            The commands `gptstep ops` and `gptstep show` print plain text.
            """
        case .unknownType(let name):
            """
            The terminal type TERM=\(shown(name)) is not in the terminfo database here. \
            Set TERM to one that is, for example TERM=xterm-256color.
            """
        case .noCursorMotion(let name):
            """
            A terminal of type TERM=\(shown(name)) cannot be drawn on, since its cursor cannot be moved. \
            The commands `gptstep ops` and `gptstep show` print plain text.
            """
        }
    }

    /// The beginning of a name that should have been a short one; what it holds beyond plain characters is masked.
    private func shown(_ name: String) -> String {
        let plain = name.unicodeScalars.prefix(60).map { (" "..."~").contains($0) ? Character($0) : "?" }
        return String(plain) + (name.unicodeScalars.count > 60 ? "…" : "")
    }
}
