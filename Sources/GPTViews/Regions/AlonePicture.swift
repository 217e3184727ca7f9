import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// One picture that has the stage to itself: all of it, or a part around the selected cell, down to its numbers; below it
/// what the selected row, the selected column and the whole add up to.
struct AlonePicture {
    private let whole: Heatmap
    private let view: StageView
    /// The nearest that one can go.
    let mostZoom: Int

    /// - Parameter area: where it will be drawn.
    init(_ picture: Heatmap, _ view: StageView, in area: Rect, halfBlocks: Bool) {
        whole = picture
        let pool = HeatmapLayout(
            picture, width: area.width, height: Self.bodyHeight(area), halfBlocks: halfBlocks)
        var (level, most) = (max(pool.pool.rows, pool.pool.columns), 1)
        while level > 1 { (level, most) = ((level + 1) / 2, most + 1) }
        mostZoom = pool.showsNumbers ? 1 : most + 1
        var view = view
        view.zoom = min(max(1, view.zoom), mostZoom)
        self.view = view
        let room = (
            rows: Self.bodyHeight(area), columns: max(1, area.width - pool.nameWidth - picture.asides.count * 9)
        )
        let isNumbers = view.zoom == mostZoom
        let shift = view.zoom - 1
        let count: (rows: Int, columns: Int) =
            if isNumbers {
                (room.rows, max(1, room.columns / 8))
            } else {
                (
                    room.rows * (halfBlocks ? 2 : 1) * max(1, (pool.pool.rows + (1 << shift) - 1) >> shift),
                    room.columns * max(1, (pool.pool.columns + (1 << shift) - 1) >> shift)
                )
            }
        rows = Self.window(around: picture.row ?? 0, count: count.rows, of: picture.rows, isAll: view.zoom == 1)
        columns = Self.window(
            around: picture.column ?? 0, count: count.columns, of: picture.columns, isAll: view.zoom == 1)
    }

    private let rows: Range<Int>
    private let columns: Range<Int>

    private static func window(around center: Int, count: Int, of all: Int, isAll: Bool) -> Range<Int> {
        guard !isAll, count < all else { return 0..<all }
        let first = max(0, min(center - count / 2, all - count))
        return first..<first + count
    }

    /// Lines that are left for cells beside title, names, caption and sums.
    private static func bodyHeight(_ area: Rect) -> Int { max(1, area.height - 3 - sumHeight(area)) }

    private static func sumHeight(_ area: Rect) -> Int { area.height >= 14 ? 4 : 0 }

    func draw(on canvas: inout Canvas, in area: Rect) -> Heatmap.Drawn {
        var area = area
        let sums = area.takeBottom(Self.sumHeight(area))
        let part = whole.part(rows: rows, columns: columns)
        // Colours mean the same wherever one looks: the ends are those of the whole, or of whole rows.
        let field = whole.rules.scaling == .row ? whole.part(rows: rows, columns: 0..<whole.columns) : whole
        let drawn = part.draw(on: &canvas, in: area, scaledBy: field)
        if sums.height > 0 { drawSums(on: &canvas, in: Rect(sums.x, sums.y + 1, sums.width, sums.height - 1)) }
        return drawn
    }

    /// What the selected row, the selected column, and all numbers have in common.
    private func drawSums(on canvas: inout Canvas, in area: Rect) {
        guard let slice = whole.slice, whole.revealed == nil else { return }
        let names = [
            whole.row.map { row in
                (
                    "row \(whole.rowNames.isEmpty ? "\(row)" : whole.rowNames[row])",
                    slice.row(row, isCausal: whole.isCausal)
                )
            },
            whole.column.map { column in
                (
                    "column \(whole.columnNames.isEmpty ? "\(column)" : whole.columnNames[column])",
                    slice.column(column, isCausal: whole.isCausal)
                )
            },
        ]
        for (line, entry) in names.compactMap(\.self).enumerated() {
            let (name, numbers) = entry
            // What is no number is counted, and the others are summed up.
            let (bad, others) = (NotFinite(numbers), numbers.filter(\.isFinite))
            let statistics = Statistics(others)
            let sum = others.reduce(0.0) { $0 + Double($1) }
            let facts = [
                ("Σ", Float(sum)), ("mean", Float(statistics.mean)), ("σ", Float(statistics.deviation)),
                ("least", statistics.minimum), ("most", statistics.maximum),
            ]
            var x = canvas.write(clippedName(name, 18), x: area.x, y: area.y + line, .dim)
            x = area.x + 20
            if bad.count > 0 {
                x = canvas.write(" \(bad.text) ", x: x, y: area.y + line, Style(.background, on: .badge, bold: true))
                x = canvas.write(" others: ", x: x, y: area.y + line, .dim)
            }
            for (name, value) in facts where x + 14 <= area.maxX {
                canvas.write([(name + " ", .dim), (number(value, width: 7), .text)], x: x, y: area.y + line)
                x += 14
            }
        }
        let (low, high) = slice.ends(isCausal: whole.isCausal)
        let bins = slice.histogram(24, from: low, to: high, isCausal: whole.isCausal)
        let most = bins.max() ?? 0
        guard most > 0, area.height > 2 else { return }
        let y = area.y + 2
        canvas.write("all numbers", x: area.x, y: y, .dim)
        let heights: [Unicode.Scalar] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        var x = canvas.write(number(low, width: 8) + " ", x: area.x + 20, y: y, .dim)
        for count in bins {
            let level = count == 0 ? nil : min(7, Int(Double(count) / Double(most) * 8))
            canvas[x, y] = Cell(level.map { heights[$0] } ?? " ", Style(.text))
            x += 1
        }
        canvas.write(" " + number(high, width: 8), x: x, y: y, .dim)
    }
}
