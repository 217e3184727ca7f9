import GPTFigures
import TerminalKit

extension Heatmap {
    /// Lines above the body: the title, and the names of the columns or the mark over one.
    private static let headerHeight = 2
    /// The line below the body that says what a cell stands for.
    private static let captionHeight = 1

    /// How a picture came out.
    struct Drawn {
        /// The size of the colour scale's ends; nil where there are no numbers.
        var end: Float?
        /// Whether a drawn cell stands for several.
        var isPooled = false
        /// Numbers that are not finite.
        var notFinite = NotFinite()
        /// The first line below it.
        var maxY: Int
    }

    /// Draws the heatmap at the top left of an area.
    ///
    /// - Parameters:
    ///   - field: the heatmap whose numbers set the ends of the colours; nil for its own.
    ///   - room: what it may take beside others.
    func draw(
        on canvas: inout Canvas, in area: Rect, scaledBy field: Heatmap? = nil, room: HeatmapRoom = HeatmapRoom()
    ) -> Drawn {
        let height = area.height - Self.headerHeight - Self.captionHeight
        guard height > 0, area.width > 3 else { return Drawn(maxY: area.y) }
        let layout = HeatmapLayout(
            self, width: area.width, height: height, halfBlocks: canvas.capabilities.halfBlocks, room: room)
        let body = Rect(
            area.x + layout.nameWidth, area.y + Self.headerHeight, layout.bodyWidth(columns), layout.bodyHeight)
        drawTitle(on: &canvas, area: area, body: body)
        guard slice != nil else {
            drawAbsence(
                on: &canvas,
                body: Rect(body.x, body.y, max(body.width, min(area.width, 16)), min(height, max(body.height, 3))),
                area: area)
            return Drawn(maxY: area.maxY)
        }
        let pooled = PooledHeatmap(self, layout.pool, scaledBy: field)
        if layout.showsNumbers {
            drawNumbers(on: &canvas, body: body, layout, pooled)
        } else {
            drawPixels(on: &canvas, body: body, layout, pooled)
        }
        drawMarks(on: &canvas, body: body, layout)
        if isResult { linkCells(on: &canvas, body: body, layout) }
        drawRowNames(on: &canvas, body: body, area: area, layout)
        drawColumnNames(on: &canvas, body: body, layout)
        drawAsides(on: &canvas, body: body, layout)
        drawCaption(on: &canvas, body: body, area: area, layout, pooled)
        return Drawn(
            end: pooled.end, isPooled: layout.isPooled, notFinite: pooled.notFinite,
            maxY: body.maxY + Self.captionHeight)
    }

    // MARK: Body

    private func drawNumbers(on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout, _ pooled: PooledHeatmap) {
        // All with as many decimals as the one with the least room.
        var decimals = 3
        for r in 0..<rows {
            for c in 0..<columns {
                guard case .number(let value) = content(r, c) else { continue }
                decimals = min(decimals, decimalsFitting(value, width: layout.cellWidth - 2))
            }
        }
        for r in 0..<rows {
            for c in 0..<columns {
                let cell = Rect(
                    body.x + layout.x(of: c), body.y + layout.line(of: r), layout.cellWidth, layout.cellHeight)
                switch content(r, c) {
                case .hidden: continue
                case .masked: canvas.write("∙", x: cell.x + cell.width / 2, y: cell.y, .dim)
                case .number(let value):
                    let ground = value.isFinite ? scale.ramp.role(pooled.fraction(value, row: r)) : .badge
                    let hasGrounds = canvas.capabilities.colorCount >= 256
                    // Shades would make the number hard to read: there they stand beside and below it.
                    canvas.fill(hasGrounds ? cell : Rect(cell.x, cell.y + 1, cell.width, cell.height - 1), ground)
                    canvas.fill(Rect(cell.maxX - 1, cell.y, 1, 1), ground)
                    canvas.write(
                        number(value, width: cell.width - 2, decimals: decimals), endingAt: cell.maxX - 1, y: cell.y,
                        hasGrounds
                            ? Style(.ink, on: ground, bold: isSelected(r, c)) : Style(ground, bold: isSelected(r, c)))
                }
                guard isSelected(r, c) else { continue }
                for y in cell.y..<cell.maxY {
                    mark("▌", on: &canvas, x: cell.x, y: y)
                    mark("▐", on: &canvas, x: cell.maxX - 1, y: y)
                }
            }
        }
    }

    private func drawPixels(
        on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout, _ pooled: PooledHeatmap
    ) {
        /// The role of a drawn cell, and the sign of what is no number; nil where there is nothing to draw.
        func look(_ r: Int, _ c: Int) -> (role: Role, sign: Unicode.Scalar?)? {
            guard r < pooled.rows, case .number(let value) = pooled.content(r, c) else { return nil }
            return value.isFinite
                ? (scale.ramp.role(pooled.fraction(value, row: r)), nil)
                : (.badge, value.isNaN ? "N" : value > 0 ? "∞" : "−")
        }
        for c in 0..<pooled.columns {
            let x = body.x + c * layout.cellWidth
            if layout.cellHeight == 0 {
                for line in 0..<body.height {
                    let (upper, lower) = (look(2 * line, c), look(2 * line + 1, c))
                    var cell = Cell("▀", Style(upper?.role ?? .background, on: lower?.role ?? .background))
                    // What is no number takes both halves: it is never drawn as a shade.
                    if let sign = upper?.sign ?? lower?.sign { cell = Cell(sign, Style(.background, on: .badge)) }
                    for dx in 0..<layout.cellWidth { canvas[x + dx, body.y + line] = cell }
                }
            } else {
                for r in 0..<pooled.rows {
                    let cell = Rect(x, body.y + r * layout.cellHeight, layout.cellWidth, layout.cellHeight)
                    if let look = look(r, c) {
                        canvas.fill(cell, look.role)
                        if let sign = look.sign { canvas[cell.x, cell.y] = Cell(sign, Style(.background, on: .badge)) }
                    } else if pooled.content(r, c) == .masked {
                        canvas.write("∙", x: cell.x, y: cell.y, .dim)
                    }
                }
            }
        }
        if hasCell, let row, let column {
            let x = body.x + layout.x(of: column)
            let cell = Rect(x, body.y + layout.line(of: row), layout.cellWidth, max(1, layout.cellHeight))
            canvas.fill(cell, .accent)
            canvas[cell.x, cell.y] = Cell("◆", Style(.background, on: .accent))
        }
    }

    private func isSelected(_ r: Int, _ c: Int) -> Bool { hasCell && r == row && c == column }

    /// Marks the row or the column that the selected cell of the result was made of, as far as it was.
    private func drawMarks(on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout) {
        // Without colours a line would hide the shades that it runs over.
        guard !hasCell, layout.cellHeight > 0, canvas.capabilities.colorCount >= 256 else {
            return drawEnds(on: &canvas, body: body, layout)
        }
        if let row, column == nil {
            let y = body.y + layout.line(of: row) + layout.cellHeight - 1
            let end = layout.x(of: min(columns - 1, reach ?? columns - 1)) + layout.cellWidth
            for x in body.x..<body.x + end { line("▁", on: &canvas, x: x, y: y) }
        }
        if let column, row == nil {
            let end = layout.line(of: min(rows - 1, reach ?? rows - 1)) + layout.cellHeight
            for y in body.y..<body.y + end { line("▏", on: &canvas, x: body.x + layout.x(of: column), y: y) }
        }
    }

    /// Two rows of the matrix share a line: there marks stand at the ends only.
    private func drawEnds(on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout) {
        guard !hasCell else { return }
        if let column, row == nil { canvas.write("▴", x: body.x + layout.x(of: column), y: body.maxY, .accent) }
        if let row, column == nil, layout.nameWidth > 0 {
            canvas.write("▸", x: body.x - 1, y: body.y + layout.line(of: row), .accent)
        }
    }

    /// Draws a line over a cell: over a blank one as a glyph, under a number as an underline.
    private func line(_ glyph: Unicode.Scalar, on canvas: inout Canvas, x: Int, y: Int) {
        let cell = canvas[x, y]
        if cell.glyph == " " {
            canvas[x, y] = Cell(glyph, Style(.accent, on: cell.style.background, bold: true))
        } else {
            canvas[x, y].style.underlined = true
        }
    }

    /// Puts a mark over a cell without losing its ground.
    private func mark(_ glyph: Unicode.Scalar, on canvas: inout Canvas, x: Int, y: Int) {
        canvas[x, y] = Cell(glyph, Style(.accent, on: canvas[x, y].style.background, bold: true))
    }

    /// Says which cell of the whole matrix lies where.
    private func linkCells(on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout) {
        guard canvas.recordsLinks else { return }
        for row in stride(from: 0, to: rows, by: layout.pool.rows) {
            for column in stride(from: 0, to: columns, by: layout.pool.columns) {
                canvas.link(
                    Rect(
                        body.x + layout.x(of: column), body.y + layout.line(of: row), layout.cellWidth,
                        max(1, layout.cellHeight)),
                    to: ClickTarget.cell(row: row + origin.row, column: column + origin.column).meaning)
            }
        }
    }

    // MARK: Names

    private func drawTitle(on canvas: inout Canvas, area: Rect, body: Rect) {
        let isPart = whole.map { $0 != (rows, columns) } ?? false
        let extent =
            isPart
            ? "rows \(origin.row)–\(origin.row + rows - 1) of \(whole?.rows ?? rows), columns \(origin.column)–\(origin.column + columns - 1) of \(whole?.columns ?? columns)"
            : "\(rows) × \(columns)"
        let room = area.maxX - body.x
        let short = title.unicodeScalars.count + extent.unicodeScalars.count + 2 > room
        // An operand's title may use the gap to the next picture.
        let limit = isResult ? area.maxX : min(area.maxX + 4, canvas.size.width)
        canvas.write([(title, .text), (short ? "" : "  " + extent, .dim)], x: body.x, y: area.y, limit: limit)
    }

    private func drawRowNames(on canvas: inout Canvas, body: Rect, area: Rect, _ layout: HeatmapLayout) {
        guard layout.nameWidth > 0 else { return }
        var taken: Set<Int> = []
        // The selected row's name comes first where rows share a line.
        for r in [row].compactMap(\.self) + Array(rowNames.indices) {
            let line = layout.line(of: r)
            guard taken.insert(line).inserted else { continue }
            canvas.write(
                clippedName(rowNames[r], layout.nameWidth - 1), endingAt: body.x - 1, y: body.y + line,
                r == row ? .accent : .dim)
        }
    }

    private func drawColumnNames(on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout) {
        let y = body.y - 1
        if !columnNames.isEmpty, layout.pool.columns == 1, layout.cellWidth > 4 {
            for c in columnNames.indices {
                let name = clippedName(columnNames[c], layout.cellWidth - 1)
                let x = body.x + layout.x(of: c) + (layout.cellWidth - name.unicodeScalars.count) / 2
                canvas.write(name, x: x, y: y, c == column ? .accent : .dim)
            }
            return
        }
        // As many as there is room for, each beginning at its column; the selected one's comes first.
        var free = [body.x..<max(body.maxX, body.x + 8)]
        for c in [column].compactMap(\.self) + Array(stride(from: 0, to: columnNames.count, by: layout.pool.columns)) {
            let (x, isChosen) = (body.x + layout.x(of: c), c == column)
            var label = columnNames.isEmpty ? columnLabel(c) : clippedName(columnLabel(c), 10)
            if isChosen {
                let room = (free.last?.upperBound ?? x) - x
                label = "▾" + (label.unicodeScalars.count < room ? label : "")
            }
            let end = x + label.unicodeScalars.count
            guard let place = free.firstIndex(where: { $0.contains(x) && end <= $0.upperBound }) else { continue }
            canvas.write(label, x: x, y: y, .dim)
            if isChosen { canvas.write("▾", x: x, y: y, .accent) }
            let whole = free[place]
            free.replaceSubrange(
                place...place,
                with: [
                    whole.lowerBound..<max(whole.lowerBound, x - 1), min(end + 2, whole.upperBound)..<whole.upperBound,
                ])
        }
    }

    private func drawAsides(on canvas: inout Canvas, body: Rect, _ layout: HeatmapLayout) {
        for (place, aside) in asides.prefix(layout.asideCount).enumerated() {
            let edge = body.maxX + (place + 1) * HeatmapLayout.asideWidth
            canvas.write(aside.title, endingAt: edge, y: body.y - 1, .dim)
            var taken: Set<Int> = []
            for r in [row].compactMap(\.self) + Array(aside.values.indices) {
                let line = layout.line(of: r)
                let isRun = revealed.map { (r + origin.row) * (whole?.columns ?? columns) < $0 } ?? true
                guard isRun, taken.insert(line).inserted else { continue }
                canvas.write(
                    number(aside.values[r], width: 8), endingAt: edge, y: body.y + line, r == row ? .text : .dim)
            }
        }
    }

    private func drawCaption(
        on canvas: inout Canvas, body: Rect, area: Rect, _ layout: HeatmapLayout, _ pooled: PooledHeatmap
    ) {
        // What does not fit goes, the least important first; the gap to the next picture may be used.
        let room = (isResult ? area.maxX : min(area.maxX + 4, canvas.size.width - 1)) - body.x
        // The ends of a part are those of its whole, which the legend says.
        let isLargest = whole == nil && scale == .diverging && rules == Rules()
        let bad = pooled.notFinite
        let ends =
            (isLargest && (pooled.end > 0 || bad.count == 0) ? ["largest \(number(pooled.end, width: 7))"] : [])
            + (bad.count > 0 ? [bad.text] : [])
        let pool = layout.pool
        let cells =
            pool.rows == 1
            ? "\(pool.columns) columns" : pool.columns == 1 ? "\(pool.rows) rows" : "\(pool.rows)×\(pool.columns)"
        let rule = rules.pooling == .largest ? "the largest" : "their mean"
        // What is no number comes first, then what a cell stands for.
        let first = bad.count > 0 ? bad.text + "  " : ""
        let choices =
            layout.isPooled
            ? [
                (ends + ["1 cell = \(cells), \(rule)"]).joined(separator: "  "), first + "1 cell = \(cells), \(rule)",
                first + "1 cell = \(cells)", first + "\(cells) each", first + cells,
            ] : [ends.joined(separator: "  "), bad.text]
        if let text = choices.first(where: { $0.unicodeScalars.count <= room && !$0.isEmpty }) {
            canvas.write(text, x: body.x, y: body.maxY, .dim)
        }
    }

    private func drawAbsence(on canvas: inout Canvas, body: Rect, area: Rect) {
        for y in body.y..<body.maxY {
            for x in body.x..<body.maxX { canvas[x, y] = Cell("·", .faint) }
        }
        let text = absence.unicodeScalars.count + 2 <= body.width ? absence : "absent"
        canvas.write(
            " \(text) ", x: body.x + max(0, (body.width - text.unicodeScalars.count - 2) / 2),
            y: body.y + body.height / 2, .dim)
    }
}
