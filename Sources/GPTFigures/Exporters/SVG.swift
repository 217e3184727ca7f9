import Foundation
import GPTEngine

/// A figure as a picture in SVG 1.1, as wide as a column of text: every cell says its number to the pointer, and shows it
/// where it fits.
///
/// Source: W3C, "Scalable Vector Graphics (SVG) 1.1" (2011).
public enum SVG: Exporter {
    /// How its files end.
    public static let name = "svg"

    /// The figure as an SVG document.
    public static func text(of figure: Figure) -> String {
        var page = Page()
        page.y = 22
        page.text(figure.title, x: page.margin, size: 16, weight: "bold")
        page.y += 18
        let formula = figure.formula.isEmpty ? "" : " = " + figure.formula
        page.text(page.fitting(figure.address + formula, size: 11), x: page.margin, size: 11, fill: "#666")
        if !figure.source.isEmpty {
            page.y += 15
            page.text(page.fitting(figure.source, size: 11), x: page.margin, size: 11, fill: "#666")
        }
        page.y += 12
        switch figure.body {
        case .equation(let equation, let curve, _):
            page.draw(equation)
            if let curve { page.draw(curve) }
        case .bars(let bars, let note, let line):
            page.draw(bars, note)
            if let line { page.draw(line) }
        case .tokens(let table): page.draw(table)
        }
        return page.document(named: figure.title)
    }

    /// A page that is filled from the top.
    struct Page {
        /// Its width in pixels: that of a column of text.
        let width = 760.0
        let margin = 16.0
        /// The line that is written next.
        var y = 0.0
        private var elements: [String] = []

        /// The columns that are left between the margins.
        var room: Double { width - 2 * margin }

        func document(named title: String) -> String {
            let height = Int(y + margin)
            return """
                <?xml version="1.0" encoding="UTF-8"?>
                <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(height)" \
                viewBox="0 0 \(Int(width)) \(height)" font-family="ui-monospace, Menlo, Consolas, monospace" role="img" \
                aria-label="\(escaped(title))">
                <rect width="100%" height="100%" fill="#fff"/>

                """ + elements.joined(separator: "\n") + "\n</svg>\n"
        }

        /// Adds an element, with what the pointer over it is told.
        mutating func add(_ name: String, _ attributes: String, _ title: String = "") {
            elements.append(
                title.isEmpty
                    ? "<\(name) \(attributes)/>" : "<\(name) \(attributes)><title>\(escaped(title))</title></\(name)>")
        }

        mutating func rect(
            x: Double, y: Double, width: Double, height: Double, fill: String, title: String = "", extra: String = ""
        ) {
            add(
                "rect",
                "x=\"\(place(x))\" y=\"\(place(y))\" width=\"\(place(width))\" height=\"\(place(height))\" fill=\"\(fill)\"\(extra)",
                title)
        }

        /// Writes text on the current line, or on another.
        mutating func text(
            _ text: String, x: Double, y: Double? = nil, size: Double, fill: String = "#222", weight: String = "",
            anchor: String = "", turned: Bool = false
        ) {
            var attributes =
                "x=\"\(place(x))\" y=\"\(place(y ?? self.y))\" font-size=\"\(place(size))\" fill=\"\(fill)\""
            if !weight.isEmpty { attributes += " font-weight=\"\(weight)\"" }
            if !anchor.isEmpty { attributes += " text-anchor=\"\(anchor)\"" }
            if turned { attributes += " transform=\"rotate(-60 \(place(x)) \(place(y ?? self.y)))\"" }
            elements.append("<text \(attributes) pointer-events=\"none\">\(escaped(text))</text>")
        }

        /// Text cut to the width of the page.
        func fitting(_ text: String, size: Double) -> String { clipped(text, Int(room / (0.6 * size))) }

        private func place(_ value: Double) -> String { String(format: "%g", (value * 100).rounded() / 100) }
    }

    /// Text without markup and without what XML cannot hold.
    static func escaped(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    switch scalar {
                    case "&": Array("&amp;".unicodeScalars)
                    case "<": Array("&lt;".unicodeScalars)
                    case ">": Array("&gt;".unicodeScalars)
                    case "\"": Array("&quot;".unicodeScalars)
                    case "\t", "\n", "\r": [" "]
                    default: scalar.value < 0x20 || (0xFFFE...0xFFFF).contains(scalar.value) ? ["\u{FFFD}"] : [scalar]
                    }
                }))
    }

    /// The colour of a share of a scale's end, on white paper: viridis reversed for shares, blue to red for signed numbers.
    static func color(_ fraction: Double, _ scale: ColorScale) -> (fill: String, isDark: Bool) {
        let anchors: [Int]
        let place: Double
        switch scale {
        case .sequential:
            anchors = [0xFDFDF5, 0xD2E9B8, 0x7FCDA0, 0x35A3A0, 0x2A6F8E, 0x3B4180, 0x440154]
            place = min(1, max(0, fraction)) * Double(anchors.count - 1)
        case .diverging:
            anchors = [0x1F4E79, 0x3A83B8, 0x8FC0DD, 0xDCEAF2, 0xFFFFFF, 0xF8E0D4, 0xEDA183, 0xC9503F, 0x8A1420]
            place = (min(1, max(-1, fraction)) + 1) / 2 * Double(anchors.count - 1)
        }
        let index = min(Int(place), anchors.count - 2)
        let rgb = [16, 8, 0].map { shift -> Double in
            let (low, high) = (Double(anchors[index] >> shift & 255), Double(anchors[index + 1] >> shift & 255))
            return low + (high - low) * (place - Double(index))
        }
        let fill = "#" + rgb.map { String(format: "%02x", Int($0.rounded())) }.joined()
        return (fill, 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] < 140)
    }
}
