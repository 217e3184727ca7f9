/// What a cell's colour means. Views name roles; only ``Theme`` knows colours.
public enum Role: Hashable, Sendable {
    /// The ground everything stands on.
    case background
    /// Values and running text.
    case text
    /// Labels and what is secondary.
    case dim
    /// What is still to come, and what is absent.
    case faint
    /// Headings and what was just asked for.
    case bright
    /// "You are here", and the keys.
    case accent
    /// The ground behind the line one is on.
    case here
    /// The ground of the title line, the key strip and token chips.
    case bar
    /// A ground that cannot be missed.
    case badge
    /// Text that reads on the cell's own ground, dark or light.
    case ink
    /// One step of a colour ramp.
    case ramp(Ramp, UInt8)
}

/// A range of colours for a quantity.
public enum Ramp: Hashable, Sendable, CaseIterable {
    /// From nothing (0) to everything (255), lighter with every step: probabilities and sizes.
    case sequential
    /// From the most negative (0) over zero (128) to the most positive (255).
    case diverging

    /// The role of `fraction`: 0 … 1 for a sequential ramp, −1 … 1 for a diverging one; beyond is clamped.
    public func role(_ fraction: Double) -> Role {
        let level =
            switch self {
            case .sequential: fraction * 255
            case .diverging: 128 + fraction * (fraction < 0 ? 128 : 127)
            }
        return .ramp(self, UInt8(min(max(level.isNaN ? (self == .diverging ? 128 : 0) : level.rounded(), 0), 255)))
    }
}

/// How a cell is written.
public struct Style: Hashable, Sendable {
    /// The role of the glyph.
    public var foreground: Role
    /// The role of the ground.
    public var background: Role
    /// Heavier strokes.
    public var bold: Bool
    /// A line under the glyph.
    public var underlined: Bool

    /// Creates a style; by default plain text on the ground.
    public init(
        _ foreground: Role = .text, on background: Role = .background, bold: Bool = false, underlined: Bool = false
    ) {
        self.foreground = foreground
        self.background = background
        self.bold = bold
        self.underlined = underlined
    }

    /// Plain text.
    public static let text = Style()
    /// Labels and what is secondary.
    public static let dim = Style(.dim)
    /// What is still to come, and what is absent.
    public static let faint = Style(.faint)
    /// Headings.
    public static let heading = Style(.bright, bold: true)
    /// "You are here".
    public static let accent = Style(.accent, bold: true)
}

/// One position of the grid: a scalar one column wide, and its style.
public struct Cell: Hashable, Sendable {
    /// The glyph.
    public var glyph: Unicode.Scalar
    /// How it is written.
    public var style: Style

    /// Creates a cell; by default an empty one, styled as the labels that most often stand beside it, since every
    /// change of style is sent.
    public init(_ glyph: Unicode.Scalar = " ", _ style: Style = .dim) {
        self.glyph = glyph
        self.style = style
    }
}
