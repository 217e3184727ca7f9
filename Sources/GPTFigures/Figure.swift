/// What a moment looks like, without a place to draw it.
///
/// ```swift
/// var map = Heatmap(title: "weights", rows: 2, columns: 2)
/// map.slice = Slice(Tensor([2, 2], [1, -2, 3, 0.5]))
/// let figure = Figure(title: "Weights", address: "w", formula: "", body: .equation(Equation([map])))
/// print(SVG.text(of: figure))
/// ```
public struct Figure {
    /// What it shows.
    public enum Body {
        /// Operands, signs and the result; with a function and a point on it, and whether the maps of all heads belong to it.
        case equation(Equation, curve: Curve? = nil, hasHeads: Bool = false)
        /// A bar for each of the vocabulary's tokens that is listed; what is said above, and the line that is sampled from.
        case bars(Bars, note: String, line: ShareLine? = nil)
        /// The tokens of a text.
        case tokens(TokenTable)
    }

    /// Its heading: `Attention pattern`.
    public let title: String
    /// What its numbers are called.
    public let address: String
    /// How they are computed, in letters; empty for nothing.
    public let formula: String
    /// What it is of: the model, the text, the state of the weights; empty for nothing.
    public let source: String
    /// What it shows.
    public let body: Body

    /// A figure under a heading.
    public init(title: String, address: String, formula: String, source: String = "", body: Body) {
        (self.title, self.address, self.formula, self.source, self.body) = (title, address, formula, source, body)
    }
}

/// The tokens of a text with their places and ids.
public struct TokenTable: Sendable {
    /// A token in its place.
    public struct Row: Sendable {
        /// Its place, from 0.
        public let position: Int
        /// The token as it is shown.
        public let name: String
        /// Its id; nil where it is not known yet.
        public let id: Int?

        /// A token at a place.
        public init(position: Int, name: String, id: Int?) {
            (self.position, self.name, self.id) = (position, name, id)
        }
    }

    /// The tokens in order.
    public let rows: [Row]
    /// The chosen one, by its place among them.
    public let selected: Int?
    /// What the ids are called.
    public let address: String

    /// Some tokens.
    public init(_ rows: [Row], selected: Int?, address: String) {
        (self.rows, self.selected, self.address) = (rows, selected, address)
    }
}
