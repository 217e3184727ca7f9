import GPTFigures
import TerminalKit

/// The colour scale of a picture: its ends, the colours between them, and the rule.
struct Legend {
    /// Which picture it belongs to; empty where there is one only.
    let name: String
    let scale: ColorScale
    /// The size of the ends.
    let end: Float
    /// By which rules cells are coloured.
    let rules: Heatmap.Rules
    /// Numbers that are not finite.
    let notFinite: NotFinite
    /// What is to be said first of all; nil for nothing.
    var note: String?
    /// Whether removed cells occur.
    let isCausal: Bool
    /// Whether cells are still to be run.
    let hasHidden: Bool
    /// Whether a drawn cell stands for several.
    let isPooled: Bool

    /// - Parameter below: whether the line below is free, for what does not fit.
    func draw(on canvas: inout Canvas, x: Int, y: Int, limit: Int, below: Bool = false) {
        let isBare = rules.scaling == .row || end == 0 && notFinite.count > 0
        let size = isBare ? "" : number(end, width: 7)
        let (low, high) =
            switch scale {
            case .sequential: ("0", rules.scaling == .matrix ? "1" : size)
            case .diverging: ("−" + size, "+" + size)
            }
        let rule =
            switch rules.scaling {
            case .matrix: scale == .sequential ? "probability" : "per matrix"
            case .row: "per row"
            case .percentile: "99th percentile"
            }
        // The colours keep their place from step to step, so that they need not be sent again.
        let start = x + 32
        canvas.write(name, x: x, y: y, .dim, limit: start - low.count - 2)
        canvas.write(low, endingAt: start - 1, y: y, .dim)
        let width = max(8, min(32, (limit - start - 34)))
        for step in 0..<width {
            let share = Double(step) / Double(width - 1)
            canvas[start + step, y] = Cell(
                " ", Style(.text, on: scale.ramp.role(scale == .sequential ? share : 2 * share - 1)))
        }
        var (column, line) = (canvas.write(high, x: start + width + 1, y: y, .dim), y)
        // The most telling first: what fits nowhere is left out. What cells stand for is said shortly if need be.
        let isLargest = rules.pooling == .largest
        let notes =
            (hasHidden ? ["blank: to come"] : []) + [rule] + [note].compactMap(\.self)
            + (isCausal ? ["∙ masked: the future"] : [])
            + (isPooled
                ? [
                    below
                        ? "a cell shows \(isLargest ? "its largest" : "its mean")"
                        : isLargest ? "max pooled" : "mean pooled"
                ]
                : [])
        // What is no number comes before all, on the ground that it has in the picture.
        if notFinite.count > 0 {
            column = canvas.write(
                " \(notFinite.text) ", x: column + 2, y: y, Style(.background, on: .badge, bold: true))
        }
        for note in notes {
            if column + 3 + note.unicodeScalars.count > limit, below, line == y { (column, line) = (x - 3, y + 1) }
            guard column + 3 + note.unicodeScalars.count <= limit else { continue }
            column = canvas.write(note, x: column + 3, y: line, .dim)
        }
    }
}
