import GPTStepper
import TerminalKit

/// The colour scale of a picture: its ends, the colours between them, and the rule.
struct Legend {
    /// Which picture it belongs to; empty where there is one only.
    let name: String
    let ramp: Ramp
    /// The size of the ends.
    let scale: Float
    /// By which rules cells are coloured.
    let rules: StageView
    /// Whether removed cells occur.
    let isCausal: Bool
    /// Whether cells are still to be run.
    let hasHidden: Bool
    /// Whether a drawn cell stands for several.
    let isPooled: Bool

    func draw(on canvas: inout Canvas, x: Int, y: Int, limit: Int) {
        let end = rules.scaling == .row ? "" : number(scale, width: 7)
        let (low, high, kind) =
            switch ramp {
            case .sequential: ("0", rules.scaling == .matrix ? "1" : end, "probability")
            case .diverging: ("−" + end, "+" + end, "symmetric around 0")
            }
        let rule =
            switch rules.scaling {
            case .matrix: kind
            case .row: "scale per row"
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
                " ", Style(.text, on: ramp.role(ramp == .sequential ? share : 2 * share - 1)))
        }
        var column = canvas.write(high, x: start + width + 1, y: y, .dim)
        // The most telling first: what does not fit is left out.
        let notes =
            (hasHidden ? ["blank: not computed yet"] : []) + (isCausal ? ["∙ masked: the future"] : [])
            + [rule]
            + (isPooled ? [rules.pooling == .largest ? "a cell shows its largest" : "a cell shows its mean"] : [])
        for note in notes where column + 3 + note.unicodeScalars.count <= limit {
            column = canvas.write("   " + note, x: column, y: y, .dim)
        }
    }
}
