/// Why there is no full screen, and what to do about it.
public enum TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Input or output is a file or a pipe.
    case notATerminal
    /// The environment has no `TERM`.
    case unnamed
    /// `TERM` names a type that the terminfo database does not have.
    case unknownType(String)
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
        case .unknownType(let name):
            """
            The terminal type TERM=\(name) is not in the terminfo database here. \
            Set TERM to one that is, for example TERM=xterm-256color.
            """
        case .noCursorMotion(let name):
            """
            A terminal of type TERM=\(name) cannot be drawn on, since its cursor cannot be moved. \
            The commands `gptstep ops` and `gptstep show` print plain text.
            """
        }
    }
}
