/// Heatmaps side by side with signs between them: operands and their result, as a line of mathematics.
public struct Equation: Sendable {
    /// One piece of it.
    public enum Part: Sendable {
        /// A matrix; the result is drawn last and never left out.
        case heatmap(Heatmap)
        /// `·`, `+`, `=`.
        case sign(String)
    }

    /// The pieces in order.
    public var parts: [Part]
    /// How many of the first heatmaps only show what came before, and go where the result's numbers need the room.
    public var contextCount = 0

    /// `a · b = c` and the like: heatmaps with the signs that stand before each but the first.
    public init(_ first: Heatmap, _ rest: (String, Heatmap)...) { self.init(first, rest) }

    /// The same, of a list.
    public init(_ first: Heatmap, _ rest: [(String, Heatmap)]) {
        parts = [.heatmap(first)] + rest.flatMap { [.sign($0.0), .heatmap($0.1)] }
    }

    /// The same, coloured and pooled by some rules.
    public func ruled(by rules: Heatmap.Rules) -> Equation {
        var result = self
        result.parts = parts.map { part in
            guard case .heatmap(var heatmap) = part else { return part }
            heatmap.rules = rules
            return .heatmap(heatmap)
        }
        return result
    }

    /// Heatmaps side by side, with nothing between them.
    public init(_ heatmaps: [Heatmap]) { parts = heatmaps.map(Part.heatmap) }

    /// Its heatmaps, the result last.
    public var heatmaps: [Heatmap] { parts.compactMap { if case .heatmap(let heatmap) = $0 { heatmap } else { nil } } }
    /// Its signs.
    public var signs: [String] { parts.compactMap { if case .sign(let sign) = $0 { sign } else { nil } } }
}
