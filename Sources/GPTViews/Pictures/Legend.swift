import GPTStepper
import TerminalKit

/// The colour scale of a picture: its ends, the colours between them, and the rule.
struct Legend {
    /// Which picture it belongs to; empty where there is one only.
    let name: String
    let ramp: Ramp
    /// The size of the ends.
    let scale: Float
    /// Whether removed cells occur.
    let isCausal: Bool
    /// Whether cells are still to be run.
    let hasHidden: Bool
    /// Whether a drawn cell stands for several.
    let isPooled: Bool

    func draw(on canvas: inout Canvas, x: Int, y: Int, limit: Int) {
        let (low, high, rule) =
            switch ramp {
            case .sequential: ("0", "1", "probability")
            case .diverging: ("−" + number(scale, width: 7), "+" + number(scale, width: 7), "symmetric around 0")
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
            + (isPooled ? ["a cell shows its largest"] : []) + [rule]
        for note in notes where column + 3 + note.unicodeScalars.count <= limit {
            column = canvas.write("   " + note, x: column, y: y, .dim)
        }
    }
}
