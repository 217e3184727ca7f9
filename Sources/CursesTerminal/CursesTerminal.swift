import CNCurses
public import TerminalKit

/// The terminal the program was started on, drawn full screen.
///
/// There is one screen, so there is one such terminal at a time; a copy is another name for it. Between ``open`` and
/// ``close()`` standard error is held back, and it is written out when the screen is gone.
public struct CursesTerminal: Terminal {
    /// What it can show.
    public let capabilities: Capabilities
    /// One sentence for standard error when the terminal had to be taken for another type, else nil.
    public let note: String?
    private let theme: Theme
    /// Whether a tmux stands between the program and the person's terminal.
    private let isInTmux: Bool
    /// What each cell looks like now; nil where that is not known.
    private var shown: [Appearance?] = []
    private var shownSize = Size(0, 0)
    /// Events that came in the middle of another, the next one first.
    private var waiting: [Event] = []

    /// Opens the full screen.
    ///
    /// - Parameters:
    ///   - input: The descriptor keys are read from.
    ///   - output: The descriptor to draw on.
    ///   - ascii: Draws with ASCII only.
    ///   - color: Draws with colour where there is any. A `NO_COLOR` in the environment that is not empty forbids it.
    ///   - mouse: Takes presses and the wheel as events; otherwise the terminal keeps the mouse and selects text.
    ///   - environment: The environment; `TERM` names the type of terminal, and `TMUX` is there inside tmux.
    /// - Throws: ``TerminalError`` when there is no screen to be had; the terminal is then untouched.
    public static func open(
        input: Int32 = 0, output: Int32 = 1, ascii: Bool = false, color: Bool = true, mouse: Bool = true,
        environment: [String: String]
    ) throws -> CursesTerminal {
        let name = environment["TERM"] ?? ""
        var drawnAs = name
        var status = cn_open(name, input, output, mouse)
        if status == CN_UNKNOWN_TERMINAL, let relative = Fallback.type(for: name) {
            drawnAs = relative
            status = cn_open(relative, input, output, mouse)
        }
        switch status {
        case CN_OK: break
        case CN_NOT_A_TERMINAL: throw TerminalError.notATerminal
        case CN_IN_BACKGROUND: throw TerminalError.inBackground
        case CN_NO_SCREEN: throw TerminalError.noScreen(name)
        case CN_NO_CURSOR_MOTION: throw TerminalError.noCursorMotion(name)
        default: throw name.isEmpty ? TerminalError.unnamed : TerminalError.unknownType(name)
        }
        let wantsColor = color && (environment["NO_COLOR"] ?? "").isEmpty
        return CursesTerminal(
            Capabilities(colorCount: wantsColor ? quantized(cn_colors()) : 0, unicode: !ascii && drawsUnicode(name)),
            isInTmux: !(environment["TMUX"] ?? "").isEmpty,
            note: drawnAs == name
                ? nil : "The terminal type \(name) is not in the terminfo database here; it was drawn as \(drawnAs).")
    }

    private init(_ capabilities: Capabilities, isInTmux: Bool, note: String?) {
        self.capabilities = capabilities
        self.isInTmux = isInTmux
        self.note = note
        theme = Theme(capabilities)
    }

    /// Leaves the full screen: puts the terminal, the signal handlers and standard error back as they were. Harmless
    /// when it is closed already.
    public func close() { cn_close() }

    /// Columns and rows at this moment.
    public var size: Size {
        var width: Int32 = 0
        var height: Int32 = 0
        cn_size(&width, &height)
        return Size(Int(width), Int(height))
    }

    /// Shows a canvas; only cells that look different from before are sent.
    ///
    /// What lies outside the screen is left out, and where the canvas ends early the rest of the screen is empty.
    /// Every third row goes first: curses would otherwise scroll parts of the screen wherever a few rows of the new one
    /// read like rows of the old, which saves few bytes on a grid of colours, and not every emulator follows.
    public mutating func present(_ canvas: Canvas) {
        let size = self.size
        if size != shownSize || shown.isEmpty {
            shown = Array(repeating: nil, count: size.width * size.height)
            shownSize = size
        }
        for first in 0..<3 {
            for y in stride(from: first, to: size.height, by: 3) {
                for x in 0..<size.width {
                    let appearance = theme.appearance(of: canvas[x, y])
                    guard shown[y * size.width + x] != appearance else { continue }
                    shown[y * size.width + x] = appearance
                    put(appearance, x, y)
                }
            }
            cn_present()
        }
    }

    private func put(_ appearance: Appearance, _ x: Int, _ y: Int) {
        var attributes: UInt32 = 0
        if appearance.bold { attributes |= CN_BOLD.rawValue }
        if appearance.underlined { attributes |= CN_UNDERLINE.rawValue }
        if appearance.reversed { attributes |= CN_REVERSE.rawValue }
        cn_put(Int32(y), Int32(x), appearance.glyph.value, appearance.foreground, appearance.background, attributes)
    }

    /// Waits for one event, at most `milliseconds`; without end when nil.
    public mutating func nextEvent(within milliseconds: Int?) -> Event {
        if !waiting.isEmpty { return waiting.removeFirst() }
        return translated(cn_read(milliseconds.map { Int32(clamping: max(0, $0)) } ?? -1))
    }

    private mutating func translated(_ event: cn_event) -> Event {
        switch cn_event_kind(UInt32(bitPattern: event.kind)) {
        case CN_EVENT_NONE: return .timeout
        case CN_EVENT_CHARACTER: return .key(Key(code: event.code))
        case CN_EVENT_KEY where event.code == Int32(CN_KEY_PASTE_BEGIN.rawValue): return .paste(pastedText())
        case CN_EVENT_KEY where event.code == Int32(CN_KEY_PASTE_END.rawValue): return .timeout
        case CN_EVENT_KEY: return .key(Key(cn_key(UInt32(bitPattern: event.code))))
        case CN_EVENT_MOUSE:
            let kind = MouseEvent.Kind(cn_mouse(UInt32(bitPattern: event.code)))
            return .mouse(MouseEvent(x: Int(event.x), y: Int(event.y), kind: kind))
        case CN_EVENT_SIGNAL: return Signal(rawValue: event.code).map(Event.signal) ?? .end
        case CN_EVENT_RESIZE:
            shown = []
            return .resize
        default: return .end
        }
    }

    /// What is pasted, up to the mark at its end; keys that have no character are left out.
    ///
    /// The mark may never come. A pause ends the text, as do keys that come one by one, and what was pressed since the
    /// first control character, which nobody pastes, is pressed after all.
    private mutating func pastedText() -> String {
        var text = ""
        var keys: [Event] = []
        let start = ContinuousClock.now
        for count in 1... {
            let event = cn_read(200)
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            let kind = cn_event_kind(UInt32(bitPattern: event.kind))
            if kind == CN_EVENT_KEY, event.code == Int32(CN_KEY_PASTE_END.rawValue) { return text }
            switch kind {
            // Text that looks like a report must not end itself, since the rest would be taken for keys.
            case CN_EVENT_NONE, CN_EVENT_MOUSE: break
            case CN_EVENT_CHARACTER, CN_EVENT_KEY:
                let isEnter = kind == CN_EVENT_KEY && event.code == Int32(CN_KEY_ENTER.rawValue)
                let scalar: Unicode.Scalar? =
                    isEnter ? "\n" : kind == CN_EVENT_KEY ? nil : Unicode.Scalar(UInt32(bitPattern: event.code))
                let isControl = scalar.map { $0.value < 0x20 && $0 != "\n" && $0 != "\t" } ?? false
                if !keys.isEmpty || isControl { keys.append(translated(event)) }
                // A text without end is no reason to take all memory.
                if let scalar, text.utf8.count < 1 << 20 { text.unicodeScalars.append(scalar) }
            default:
                // A signal or a change of size is not lost.
                waiting.append(translated(event))
                return text
            }
            // Pasted text comes faster than anybody types.
            guard kind == CN_EVENT_NONE || milliseconds > 400 && Double(count) < milliseconds / 2 else { continue }
            waiting += keys
            let typed = keys.count
            return typed == 0 ? text : String(text.unicodeScalars.dropLast(min(typed, text.unicodeScalars.count)))
        }
        return text
    }

    /// Forgets what is shown, so that the next canvas is sent whole.
    public mutating func redraw() {
        shown = []
        cn_redraw()
    }

    /// Leaves the screen to the shell, as ^Z does, and returns when the program is continued.
    public mutating func suspend() {
        shown = []
        cn_suspend()
    }

    /// Puts text on the clipboard of the person who sits at the terminal, where the terminal allows that.
    ///
    /// Of a text of more than 75,000 bytes only the beginning is copied, since terminals drop what is too long.
    public mutating func copy(_ text: String) {
        let bytes = Clipboard.sequence(for: text, inTmux: isInTmux)
        cn_send(bytes, bytes.count)
    }

    /// The richest of the colour counts that looks are made for.
    private static func quantized(_ count: Int32) -> Int {
        [1 << 24, 256, 16, 8].first { $0 <= Int(count) } ?? 0
    }

    /// Whether glyphs beyond ASCII arrive as such: a locale that did not say so was helped, and a bare console or a
    /// serial terminal most likely meant it.
    private static func drawsUnicode(_ name: String) -> Bool {
        var found = false
        let writes = cn_unicode(&found)
        return writes && (found || !(name == "linux" || name.hasPrefix("vt")))
    }
}
