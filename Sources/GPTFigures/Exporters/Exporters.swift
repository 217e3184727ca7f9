import GPTEngine

/// A way to write a figure as text.
public protocol Exporter: SendableMetatype {
    /// What it is called where one chooses, and how its files end: `svg`.
    static var name: String { get }
    /// The figure as text.
    static func text(of figure: Figure) -> String
}

/// The ways there are: a new one is a file in this folder and a line here.
public enum Exporters {
    /// All of them.
    public static let all: [any Exporter.Type] = [SVG.self, Markdown.self]
}

extension Digits {
    /// A number as other programs read it: with a hyphen for its sign, and the digits that tell it from its neighbours.
    static func plain(_ value: Float) -> String {
        value.isFinite ? "\(value)" : name(Double(value)).replacing("−", with: "-")
    }
}

extension Figure {
    /// A number with its place, as what a pointer over it says.
    static func caption(_ address: String, _ index: [Int], _ value: String) -> String {
        "\(address)[\(index.map(String.init).joined(separator: ", "))] = \(value)"
    }
}
