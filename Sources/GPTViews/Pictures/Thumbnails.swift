import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// The attention patterns of all heads of a block, small, each with three numbers that tell heads apart.
struct Thumbnails {
    /// [H, T, T].
    let pattern: Tensor
    let selectedHead: Int
    /// How many lines a map takes.
    static let height = 4
    private static let width = 27

    func draw(on canvas: inout Canvas, in area: Rect) {
        let (H, T) = (pattern.shape[0], pattern.shape[1])
        let fitting = max(1, (area.width - 8) / Self.width)
        // The chosen head stays in sight.
        let first = max(0, min(selectedHead - fitting / 2, H - fitting))
        canvas.write("heads", x: area.x, y: area.y, .dim)
        for (place, head) in (first..<min(H, first + fitting)).enumerated() {
            let x = area.x + 8 + place * Self.width
            canvas.write("H\(head)", x: x, y: area.y, head == selectedHead ? .accent : .text)
            let map = Rect(x + 4, area.y, 8, area.height)
            draw(Slice.head(head, ofMaps: pattern), on: &canvas, in: map)
            for (line, fact) in facts(head, T).enumerated() where line < area.height {
                canvas.write(fact, x: map.maxX + 1, y: area.y + line, .dim)
            }
        }
        if H > fitting, area.height > 1 { canvas.write("of \(H)", x: area.x, y: area.y + 1, .dim) }
    }

    private func draw(_ map: Slice, on canvas: inout Canvas, in area: Rect) {
        let lines = area.height * (canvas.capabilities.halfBlocks ? 2 : 1)
        let step = max((map.rows + lines - 1) / lines, (map.columns + area.width - 1) / area.width)
        let pooled = map.pooled(height: step, width: step)
        let size = (map.rows + step - 1) / step
        func role(_ r: Int, _ c: Int) -> Role {
            r < size && c <= r ? Ramp.sequential.role(Double(pooled[r * size + c])) : .background
        }
        for c in 0..<size {
            for line in 0..<area.height {
                let cell =
                    canvas.capabilities.halfBlocks
                    ? Cell("▀", Style(role(2 * line, c), on: role(2 * line + 1, c)))
                    : Cell(" ", Style(.text, on: role(line, c)))
                canvas[area.x + c, area.y + line] = cell
            }
        }
    }

    /// Entropy, the share on the position itself and on the one before, as means over the queries.
    private func facts(_ head: Int, _ T: Int) -> [String] {
        var (entropy, own, previous) = (0.0, 0.0, 0.0)
        pattern.withValues { values in
            for query in 0..<T {
                let row = (head * T + query) * T
                for key in 0...query where values[row + key] > 0 {
                    entropy -= Double(values[row + key]) * log2(Double(values[row + key]))
                }
                own += Double(values[row + query])
                if query > 0 { previous += Double(values[row + query - 1]) }
            }
        }
        let format = { (value: Double) in String(format: "%.2f", value) }
        let count = Double(T)
        return ["entropy " + format(entropy / count), "on itself " + format(own / count)]
            + (T > 1 ? ["before " + format(previous / Double(T - 1))] : [])
    }
}
