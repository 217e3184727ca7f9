import GPTEngine

extension SVG.Page {
    /// Heatmaps one beside the other while they fit, with their signs.
    mutating func draw(_ equation: Equation) {
        let (heatmaps, signs) = (equation.heatmaps, equation.signs)
        // Alike ones have one size, so that the heads of a block stand in rows.
        var (x, top, bottom) = (margin, y, y)
        for (place, heatmap) in heatmaps.enumerated() {
            let sign = place > 0 && place <= signs.count ? signs[place - 1] : ""
            let gap = sign.isEmpty ? 20 : 16 + 7 * Double(sign.count)
            // A sign stands before its heatmap where that begins a row, too.
            let size = HeatmapSize(heatmap, room: sign.isEmpty ? room : room - gap)
            if x > margin, x + gap + size.width > width - margin { (x, top) = (margin, bottom) }
            if !sign.isEmpty { text(sign, x: x + 6, y: top + 14, size: 12, weight: "bold") }
            if x > margin || !sign.isEmpty { x += gap }
            draw(heatmap, size, x: x, y: top)
            x += size.width
            bottom = max(bottom, top + size.height)
        }
        y = bottom
        // One legend for all that have one scale; what each one's ends stand for is said under it.
        if let last = heatmaps.last(where: { $0.slice != nil }) { drawLegend(last, heatmaps) }
    }

    /// Draws one at a place.
    private mutating func draw(_ heatmap: Heatmap, _ size: HeatmapSize, x: Double, y: Double) {
        let body = (x: x + size.names, y: y + 22 + size.labels)
        text(
            heatmap.title + (size.width > 200 ? " · \(heatmap.rows) × \(heatmap.columns)" : ""), x: x, y: y + 14,
            size: 12,
            weight: "bold")
        guard heatmap.slice != nil else {
            text(heatmap.absence, x: body.x, y: body.y + 14, size: 11, fill: "#666")
            return
        }
        let pooled = PooledHeatmap(heatmap, size.pool)
        drawNames(heatmap, pooled, size, body)
        for row in 0..<pooled.rows {
            for column in 0..<pooled.columns {
                drawCell(
                    pooled, row, column, size, x: body.x + Double(column) * size.cell.width,
                    y: body.y + Double(row) * size.cell.height)
            }
        }
        let isPooled = size.pool != Heatmap.Pool(1, 1)
        let notes = [
            pooled.end > 0 && heatmap.scale == .diverging ? "largest \(number(pooled.end, width: 9))" : "",
            isPooled ? "1 cell = \(size.pool.rows) × \(size.pool.columns), \(heatmap.rules.pooling.phrase)" : "",
            pooled.notFinite.text,
        ]
        text(
            notes.filter { !$0.isEmpty }.joined(separator: " · "), x: body.x,
            y: body.y + Double(pooled.rows) * size.cell.height + 14, size: 10, fill: "#666")
    }

    private mutating func drawCell(
        _ pooled: PooledHeatmap, _ row: Int, _ column: Int, _ size: HeatmapSize, x: Double, y: Double
    ) {
        let (rows, columns) = pooled.source(row, column)
        let (address, index) = pooled.heatmap.place(row * pooled.pool.rows, column * pooled.pool.columns)
        let isOne = rows.count * columns.count == 1
        let extent =
            isOne ? "" : " \(pooled.heatmap.rules.pooling.phrase) of \(rows.count) × \(columns.count) from there"
        func caption(_ value: String) -> String { Figure.caption(address, index, value) + extent }
        switch pooled.content(row, column) {
        case .hidden: return
        case .masked:
            rect(
                x: x, y: y, width: size.cell.width, height: size.cell.height, fill: "#fff",
                title: caption(pooled.plain(row, column)))
            text(
                "∙", x: x + size.cell.width / 2, y: y + size.cell.height / 2 + 4, size: 10, fill: "#aaa",
                anchor: "middle")
        case .number(let value):
            let color =
                value.isFinite
                ? SVG.color(pooled.fraction(value, row: row), pooled.heatmap.scale) : (fill: "#E8963C", isDark: false)
            rect(
                x: x, y: y, width: size.cell.width, height: size.cell.height, fill: color.fill,
                title: caption(pooled.plain(row, column)))
            guard size.showsNumbers else { return }
            text(
                number(value, width: Int(size.cell.width / 6.2), decimals: 3), x: x + size.cell.width / 2,
                y: y + size.cell.height / 2 + 4, size: 10, fill: color.isDark ? "#fff" : "#222", anchor: "middle")
        }
    }

    private mutating func drawNames(
        _ heatmap: Heatmap, _ pooled: PooledHeatmap, _ size: HeatmapSize, _ body: (x: Double, y: Double)
    ) {
        let step = max(1, Int((11 / size.cell.height).rounded(.up)))
        for row in stride(from: 0, to: pooled.rows, by: step) where size.names > 0 {
            text(
                clippedName(heatmap.rowNames[row * size.pool.rows], 16), x: body.x - 5,
                y: body.y + (Double(row) + 0.5) * size.cell.height + 4, size: 10, fill: "#555", anchor: "end")
        }
        let isTurned = size.isTurned
        let room = isTurned ? 12.0 : 7 * Double((0..<pooled.columns).map { label(heatmap, size, $0).count }.max() ?? 1)
        let stepAcross = max(1, Int((room / size.cell.width).rounded(.up)))
        for column in stride(from: 0, to: pooled.columns, by: stepAcross) {
            let x = body.x + (Double(column) + 0.5) * size.cell.width
            text(
                label(heatmap, size, column), x: isTurned ? x + 3 : x, y: body.y - 5, size: 10, fill: "#555",
                anchor: isTurned ? "" : "middle", turned: isTurned)
        }
    }

    private func label(_ heatmap: Heatmap, _ size: HeatmapSize, _ column: Int) -> String {
        clippedName(heatmap.columnLabel(column * size.pool.columns), 12)
    }

    /// The colours with what their ends stand for.
    private mutating func drawLegend(_ last: Heatmap, _ all: [Heatmap]) {
        y += 8
        let (x, steps, width) = (margin + 60, 48, 5.0)
        let isShare = last.scale == .sequential
        text(isShare ? "0" : "−largest", x: x - 6, y: y + 10, size: 10, fill: "#555", anchor: "end")
        for step in 0..<steps {
            let share = Double(step) / Double(steps - 1)
            rect(
                x: x + Double(step) * width, y: y, width: width, height: 12,
                fill: SVG.color(isShare ? share : 2 * share - 1, last.scale).fill, extra: " stroke=\"none\"")
        }
        let end = x + Double(steps) * width
        let bad = all.contains { $0.slice != nil && PooledHeatmap($0, Heatmap.Pool(1, 1)).notFinite.count > 0 }
        let notes =
            [isShare ? "probability" : "colours to the largest of each matrix"]
            + (last.isCausal ? ["∙ masked: the future"] : []) + (bad ? ["orange: NaN or infinite"] : [])
        text(
            ([isShare ? "1" : "+largest"] + notes).joined(separator: " · "), x: end + 6, y: y + 10, size: 10,
            fill: "#555")
        y += 22
    }
}

/// How large the parts of a heatmap are on a page, in pixels.
private struct HeatmapSize {
    let names: Double
    let labels: Double
    let cell: (width: Double, height: Double)
    let pool: Heatmap.Pool
    let showsNumbers: Bool
    let isTurned: Bool
    let width: Double
    let height: Double

    init(_ heatmap: Heatmap, room: Double) {
        let longest = min(16, max(0, heatmap.longestName))
        names = heatmap.rowNames.isEmpty ? 0 : 6.2 * Double(longest) + 8
        pool = Heatmap.Pool(heatmap, rows: 256, columns: 256)
        let columns = (heatmap.columns + pool.columns - 1) / pool.columns
        let rows = (heatmap.rows + pool.rows - 1) / pool.rows
        let fitting = (room - names) / Double(columns)
        // Numbers where they can be read; else cells that are about as wide as high while they are few.
        showsNumbers = fitting >= 36 && rows <= 64
        let cellWidth = showsNumbers ? min(46, fitting) : min(16, fitting)
        let cellHeight = showsNumbers ? 20 : rows <= 32 ? 16 : max(2, 512 / Double(rows))
        cell = (cellWidth, cellHeight)
        let widest = heatmap.columnNames.map { min(12, $0.unicodeScalars.count) }.max() ?? 0
        isTurned = 6.2 * Double(widest) > cell.width
        labels = isTurned ? 0.87 * 6.2 * Double(widest) + 6 : 8
        width = names + Double(columns) * cell.width
        height = 22 + labels + Double(rows) * cell.height + 26
    }
}
