import CNCurses
public import TerminalKit

/// The terminal the program was started in, shown through ncurses.
public struct CursesTerminal: Terminal {
    /// What it can show.
    public let capabilities: Capabilities
    /// What should be said about how it was opened; nil when all is as usual.
    public let note: String?
    private let theme: Theme
    private var shown: [Appearance?] = []
    private var shownSize = Size(0, 0)

    /// Takes the terminal over until ``close()``.
    ///
    /// - Parameters:
    ///   - input: the descriptor keys are read from.
    ///   - output: the descriptor that is drawn on.
    ///   - ascii: use no glyphs beyond ASCII.
    ///   - environment: `TERM` names the terminal; a non-empty `NO_COLOR` switches colours off.
    /// - Throws: ``TerminalError`` where there is nothing that can be drawn on.
    public static func open(
        input: Int32 = 0, output: Int32 = 1, ascii: Bool = false, environment: [String: String]
    ) throws(TerminalError) -> CursesTerminal {
        guard let term = environment["TERM"], !term.isEmpty else { throw .noName }
        var (status, note): (cn_status, String?) = (cn_open(term, input, output), nil)
        if status == CN_UNKNOWN_TERMINAL, let known = fallback(for: term) {
            status = cn_open(known, input, output)
            if status == CN_OK { note = "This machine has no terminfo entry for \(term); \(known) was used." }
        }
        switch status {
        case CN_OK: return CursesTerminal(term: term, ascii: ascii, colored: environment["NO_COLOR", default: ""].isEmpty, note: note)
        case CN_NO_CURSOR_MOTION: throw .cannotMove(term)
        case CN_NOT_A_TERMINAL: throw .notATerminal
        default: throw .unknown(term)
        }
    }

    /// Names that Debian's terminfo lacks, and the entry that suits them.
    private static func fallback(for term: String) -> String? {
        let families = ["alacritty", "foot", "xterm", "kitty", "ghostty", "wezterm", "rxvt", "konsole", "st-", "iterm", "contour", "vscode"]
        if term.hasPrefix("tmux") || term.hasPrefix("screen") { return "screen-256color" }
        return families.contains { term.hasPrefix($0) } ? "xterm-256color" : nil
    }

    private init(term: String, ascii: Bool, colored: Bool, note: String?) {
        var isUnhelped = false
        let isUnicode = cn_unicode(&isUnhelped)
        // Old terminals and the console show no UTF-8 that their locale does not promise.
        let isPlain = !isUnhelped && (term.hasPrefix("vt") || term == "linux")
        let steps = [1 << 24, 256, 16, 8]
        let count = colored ? steps.first { $0 <= Int(cn_colors()) } ?? 0 : 0
        capabilities = Capabilities(colorCount: count, unicode: isUnicode && !ascii && !isPlain)
        theme = Theme(capabilities)
        self.note = note
    }

    /// Puts the terminal back as it was. Harmless when called again.
    public func close() { cn_close() }

    /// Columns and rows at this moment.
    public var size: Size {
        var (columns, rows): (Int32, Int32) = (0, 0)
        cn_size(&columns, &rows)
        return Size(Int(columns), Int(rows))
    }

    /// Sends the cells that look different from what is shown.
    public mutating func present(_ canvas: Canvas) {
        if canvas.size != shownSize {
            shown = Array(repeating: nil, count: canvas.size.width * canvas.size.height)
            shownSize = canvas.size
        }
        for y in 0..<canvas.size.height {
            for x in 0..<canvas.size.width {
                let appearance = theme.appearance(of: canvas[x, y])
                let index = y * canvas.size.width + x
                guard shown[index] != appearance else { continue }
                shown[index] = appearance
                var attributes: UInt32 = 0
                if appearance.bold { attributes |= CN_BOLD.rawValue }
                if appearance.underlined { attributes |= CN_UNDERLINE.rawValue }
                if appearance.reversed { attributes |= CN_REVERSE.rawValue }
                cn_put(
                    Int32(y), Int32(x), appearance.glyph.value, appearance.foreground, appearance.background, attributes)
            }
        }
        cn_present()
    }

    /// Waits for a key, a change of size or a signal.
    public mutating func nextEvent(within milliseconds: Int?) -> Event {
        let event = cn_read(milliseconds.map { Int32(clamping: $0) } ?? -1)
        switch cn_event_kind(UInt32(bitPattern: event.kind)) {
        case CN_EVENT_NONE: return .timeout
        case CN_EVENT_CHARACTER: return Self.key(character: event.code).map(Event.key) ?? .timeout
        case CN_EVENT_KEY: return Self.key(code: event.code).map(Event.key) ?? .timeout
        case CN_EVENT_RESIZE:
            shownSize = Size(0, 0)
            return .resize
        case CN_EVENT_SIGNAL: return Signal(rawValue: event.code).map(Event.signal) ?? .timeout
        default: return .end
        }
    }

    /// Forgets what is shown.
    public mutating func redraw() {
        shownSize = Size(0, 0)
        cn_redraw()
    }

    /// Leaves the screen to the shell until the program is continued.
    public mutating func suspend() {
        cn_suspend()
        shownSize = Size(0, 0)
    }

    private static func key(character code: Int32) -> Key? {
        switch code {
        case 9: .tab
        case 27: .escape
        case 1...26: Unicode.Scalar(UInt32(code) + 96).map(Key.control)
        case 0..<32: nil
        default: Unicode.Scalar(UInt32(bitPattern: code)).map(Key.character)
        }
    }

    private static func key(code: Int32) -> Key? {
        let keys: [(cn_key, Key)] = [
            (CN_KEY_UP, .up), (CN_KEY_DOWN, .down), (CN_KEY_LEFT, .left), (CN_KEY_RIGHT, .right), (CN_KEY_HOME, .home),
            (CN_KEY_END, .end), (CN_KEY_PAGE_UP, .pageUp), (CN_KEY_PAGE_DOWN, .pageDown), (CN_KEY_ENTER, .enter),
            (CN_KEY_BACKSPACE, .backspace), (CN_KEY_DELETE, .delete), (CN_KEY_BACK_TAB, .backTab),
            (CN_KEY_CONTROL_LEFT, .controlLeft), (CN_KEY_CONTROL_RIGHT, .controlRight),
        ]
        let number = UInt32(bitPattern: code)
        if number >= CN_KEY_F1.rawValue { return .function(Int(number - CN_KEY_F1.rawValue) + 1) }
        return keys.first { $0.0.rawValue == number }?.1
    }
}

/// Why the full screen cannot be opened.
public enum TerminalError: Error, Hashable, CustomStringConvertible {
    /// Standard input or output is a file or a pipe.
    case notATerminal
    /// `TERM` is not set.
    case noName
    /// `TERM` names nothing that this machine knows.
    case unknown(String)
    /// A terminal whose cursor cannot be moved.
    case cannotMove(String)

    /// A sentence for the person at the shell.
    public var description: String {
        let plain = "`gptstep ops`, `gptstep show ADDRESS` and `gptstep generate` print plain text."
        return switch self {
        case .notATerminal: "The full screen needs a terminal for input and output. \(plain)"
        case .noName: "TERM is not set, so nothing is known about this terminal: set it, as in TERM=xterm-256color. \(plain)"
        case .unknown(let term): "This machine knows no terminal \"\(term)\": set TERM to one it knows, as in TERM=xterm-256color. \(plain)"
        case .cannotMove(let term): "TERM=\(term) is a terminal whose cursor cannot be moved, so there is no full screen. \(plain)"
        }
    }
}
