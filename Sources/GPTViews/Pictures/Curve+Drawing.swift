import GPTFigures
import TerminalKit

extension Curve {
    func draw(on canvas: inout Canvas, in area: Rect) {
        guard area.width >= 16, area.height >= 5 else { return }
        // A point that is no number, or far outside, has no place on a curve.
        let point = point.flatMap { abs($0) <= 1000 ? $0 : nil }
        let reach = max(3, (abs(point ?? 0) * 1.2).rounded(.up))
        let (width, height) = (area.width, area.height - 1)
        let samples = (0..<width).map { function(argument($0, width, reach)) }
        // Cut off above, so that the dip below zero is seen; the marked point is never cut off.
        let low = min(samples.min() ?? 0, -0.3)
        let high = max(1.5, point.map(function) ?? 0)
        /// Half a line is the unit: a cell has an upper and a lower half.
        func half(_ value: Float) -> Int { Int(((high - value) / (high - low) * Float(2 * height - 1)).rounded()) }
        func column(_ x: Float) -> Int { Int(((x + reach) / (2 * reach) * Float(width - 1)).rounded()) }

        for x in 0..<width { canvas[area.x + x, area.y + half(0) / 2] = Cell("─", .faint) }
        for y in 0..<height { canvas[area.x + column(0), area.y + y] = Cell("│", .faint) }
        canvas[area.x + column(0), area.y + half(0) / 2] = Cell("┼", .faint)
        for (x, value) in samples.enumerated() where value <= high {
            let style = Style(.ramp(.diverging, value < 0 ? 40 : 216))
            canvas[area.x + x, area.y + half(value) / 2] = Cell(half(value).isMultiple(of: 2) ? "▀" : "▄", style)
        }
        canvas.write("−\(Int(reach))", x: area.x, y: area.maxY - 1, .dim)
        canvas.write("x", x: area.x + column(0), y: area.maxY - 1, .dim)
        canvas.write(String(format: "%.1f", high), x: area.x + column(0) + 2, y: area.y, .dim)
        canvas.write("+\(Int(reach))", endingAt: area.maxX, y: area.maxY - 1, .dim)
        if let point { canvas[area.x + column(point), area.y + half(function(point)) / 2] = Cell("◆", .accent) }
    }

    private func argument(_ column: Int, _ width: Int, _ reach: Float) -> Float {
        (Float(column) / Float(width - 1) * 2 - 1) * reach
    }
}
