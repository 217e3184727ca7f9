/// How a cell is sent to a terminal: a glyph, colour numbers and attributes.
public struct Appearance: Hashable, Sendable {
    /// The glyph, already replaced where the terminal lacks it.
    public var glyph: Unicode.Scalar
    /// A colour number of the terminal, or −1 for its own.
    public var foreground: Int32 = -1
    /// A colour number of the terminal, or −1 for its own.
    public var background: Int32 = -1
    /// Heavier strokes.
    public var bold = false
    /// A line under the glyph.
    public var underlined = false
    /// Glyph and ground exchanged.
    public var reversed = false
}

/// Turns roles into colours and glyphs that a terminal has: the only place that knows either.
///
/// Four looks, from the richest down: exact colours, the 256 of the xterm palette, 8 or 16, and none. With fewer than
/// 256 a ramp is drawn with shades, so that its order stays visible; colour is never the only carrier.
public struct Theme: Sendable {
    private let capabilities: Capabilities

    /// A theme for what a terminal can show.
    public init(_ capabilities: Capabilities) {
        self.capabilities = capabilities
    }

    /// The appearance of a cell.
    public func appearance(of cell: Cell) -> Appearance {
        var result = Appearance(glyph: glyph(cell.glyph))
        result.bold = cell.style.bold
        result.underlined = cell.style.underlined
        switch capabilities.colorCount {
        case 1 << 24: paint(cell.style, &result, isLight: Palette.isLight(rgb:)) { Int32(Palette.exact($0)) }
        case 256...: paint(cell.style, &result, isLight: Palette.isLight(index:)) { Int32(Palette.indexed($0)) }
        case 8...: sketch(cell, &result)
        default: outline(cell, &result)
        }
        return result
    }

    /// Every cell has an exact ground and an exact ink.
    private func paint(
        _ style: Style, _ result: inout Appearance, isLight: (Int) -> Bool, color: (Role) -> Int32
    ) {
        result.background = color(style.background)
        // A blank cell of a picture has no ink to send: half of what a picture costs.
        if case .ramp = style.background, result.glyph == " " { return }
        result.foreground =
            style.foreground == .ink
            ? color(isLight(Int(result.background)) ? .background : .bright) : color(style.foreground)
        // Two equal pixels are one blank cell.
        if result.glyph == "▀", result.foreground == result.background { (result.glyph, result.foreground) = (" ", -1) }
    }

    /// 8 or 16 colours on the terminal's own ground.
    private func sketch(_ cell: Cell, _ result: inout Appearance) {
        if case .ramp(let ramp, let level) = cell.style.background {
            let size = Self.size(ramp, level)
            if cell.glyph == " " { result.glyph = shade(size, isNegative: false) }
            result.foreground = ramp == .sequential ? ANSI.cyan : (level < 128 ? ANSI.blue : ANSI.red)
            if size < 0.05 { result.foreground = ANSI.white }
            result.bold = cell.style.bold || size > 0.6
            return
        }
        switch cell.style.foreground {
        case .accent: result.foreground = ANSI.yellow
        case .ramp(let ramp, let level):
            result.foreground = ramp == .sequential ? ANSI.cyan : (level < 128 ? ANSI.blue : ANSI.red)
            result.bold = Self.size(ramp, level) > 0.6
        case .bright: result.bold = true
        case .text, .dim, .faint, .ink, .background, .here, .bar, .badge: break
        }
        standOut(cell, &result)
    }

    /// No colour: shades, weight and reversal only.
    private func outline(_ cell: Cell, _ result: inout Appearance) {
        if case .ramp(let ramp, let level) = cell.style.background, cell.glyph == " " {
            // Sign is told by the kind of shade where there is no colour to tell it.
            result.glyph = shade(Self.size(ramp, level), isNegative: ramp == .diverging && level < 128)
        }
        if cell.style.foreground == .accent || cell.style.foreground == .bright { result.bold = true }
        standOut(cell, &result)
    }

    /// Grounds that must be told apart without a colour of their own are reversed.
    private func standOut(_ cell: Cell, _ result: inout Appearance) {
        switch cell.style.background {
        case .bar, .badge: result.reversed = true
        case .here: result.underlined = true
        case .background, .text, .dim, .faint, .bright, .accent, .ink, .ramp: break
        }
    }

    /// How far a level is from nothing, 0 … 1.
    private static func size(_ ramp: Ramp, _ level: UInt8) -> Double {
        switch ramp {
        case .sequential: Double(level) / 255
        case .diverging: min(1, abs(Double(level) - 128) / 127)
        }
    }

    private func shade(_ fraction: Double, isNegative: Bool) -> Unicode.Scalar {
        let shades: [Unicode.Scalar] =
            isNegative
            ? (capabilities.unicode ? [" ", "·", "−", "=", "≡"] : [" ", ".", "-", "=", "%"])
            : (capabilities.unicode ? [" ", "░", "▒", "▓", "█"] : [" ", ":", "+", "*", "#"])
        return shades[min(4, Int((fraction * 5).rounded(.down)))]
    }

    private func glyph(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        capabilities.unicode || scalar.isASCII ? scalar : Self.asciiForms[scalar] ?? "?"
    }

    /// What stands in for a glyph where only ASCII is to be had.
    private static let asciiForms: [Unicode.Scalar: Unicode.Scalar] = [
        "Δ": "~", "▸": ">", "▾": "v", "✓": "+", "·": ".", "●": "*", "▀": "\"", "▄": "_", "▌": "|", "▐": "|", "▎": "|",
        "▍": "|",
        "▋": "#", "▊": "#", "▉": "#", "▏": "|", "▕": "|",
        "◆": "@", "∙": ".", "→": ">", "←": "<", "↑": "^", "↓": "v", "⏎": "$", "Σ": "S", "−": "-", "×": "x", "÷": "/",
        "…": "~", "│": "|", "─": "-", "┼": "+", "└": "+", "┘": "+", "┐": "+", "┌": "+", "├": "+", "┤": "+", "┴": "+",
        "┬": "+", "█": "#", "▓": "*", "▒": "+", "░": ".", "▁": "_", "▂": "_", "▃": "-", "▅": "=", "▆": "=", "▇": "#",
        "␣": "_", "␊": "$", "␉": ">", "⏸": "=", "√": "V", "ᵀ": "'", "μ": "u", "σ": "s", "γ": "g", "β": "b", "ε": "e",
        "≈": "~", "∞": "I", "²": "2", "³": "3", "⋯": "~", "⊙": "*", "’": "'", "é": "e",
        "▪": "#", "■": "#", "□": ".", "∅": "0", "π": "p", "▲": "^", "▼": "v", "•": ".", "⌫": "<", "±": "+", "–": "-",
    ]
}

/// The eight colours that every colour terminal has.
private enum ANSI {
    static let red: Int32 = 1
    static let yellow: Int32 = 3
    static let blue: Int32 = 4
    static let cyan: Int32 = 6
    static let white: Int32 = 7
}
