import GPTEngine
import GPTStepper
import TerminalKit

extension Picture {
    /// Lines above the body: the title, and the names of the columns or the mark over one.
    private static let headerHeight = 2
    /// The line below the body that says what a cell stands for.
    private static let captionHeight = 1

    /// How a picture came out.
    struct Drawn {
        /// The size of the colour scale's ends; 0 where there are no numbers.
        var scale: Float
        /// Whether a drawn cell stands for several.
        var isPooled: Bool
        /// The first line below it.
        var maxY: Int
    }

    /// Draws the picture at the top left of an area.
    ///
    /// - Parameter field: the picture whose numbers set the ends of the colours; nil for its own.
    func draw(on canvas: inout Canvas, in area: Rect, scaledBy field: Picture? = nil) -> Drawn {
        let height = area.height - Self.headerHeight - Self.captionHeight
        guard height > 0, area.width > 3 else { return Drawn(scale: 0, isPooled: false, maxY: area.y) }
        let layout = PictureLayout(self, width: area.width, height: height, halfBlocks: canvas.capabilities.halfBlocks)
        let body = Rect(
            area.x + layout.nameWidth, area.y + Self.headerHeight, layout.bodyWidth(columns), layout.bodyHeight)
        drawTitle(on: &canvas, area: area, body: body)
        guard let slice else {
            drawAbsence(
                on: &canvas,
                body: Rect(body.x, body.y, max(body.width, min(area.width, 16)), min(height, max(body.height, 3))),
                area: area)
            return Drawn(scale: 0, isPooled: false, maxY: area.maxY)
        }
        let pooled = pooled(layout)
        let scales = Scales(field ?? self, field?.slice ?? slice, field?.pooled(layout) ?? pooled, layout)
        if layout.showsNumbers {
            drawNumbers(on: &canvas, body: body, layout, scales)
        } else {
            drawPixels(on: &canvas, body: body, layout, pooled, scales)
        }
        drawMarks(on: &canvas, body: body, layout)
        if isResult { linkCells(on: &canvas, body: body, layout) }
        drawRowNames(on: &canvas, body: body, area: area, layout)
        drawColumnNames(on: &canvas, body: body, layout)
        drawAsides(on: &canvas, body: body, layout)
        drawCaption(on: &canvas, body: body, area: area, layout, scales.whole)
        return Drawn(scale: scales.whole, isPooled: layout.isPooled, maxY: body.maxY + Self.captionHeight)
    }

    /// The numbers as a layout draws them, those that share a cell as one; none where each has a cell for its number.
    private func pooled(_ layout: PictureLayout) -> [Float] {
        guard let slice, layout.isPooled || !layout.showsNumbers else { return [] }
        return slice.pooled(
            height: layout.pool.rows, width: layout.pool.columns, limit: revealedHere, by: rules.pooling)
    }

    // MARK: Body

    private func drawNumbers(on canvas: inout Canvas, body: Rect, _ layout: PictureLayout, _ scales: Scales) {
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
                    let ground = value.isFinite ? ramp.role(scales.fraction(value, row: r)) : .badge
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
        on canvas: inout Canvas, body: Rect, _ layout: PictureLayout, _ pooled: [Float], _ scales: Scales
    ) {
        let width = (columns + layout.pool.columns - 1) / layout.pool.columns
        let height = (rows + layout.pool.rows - 1) / layout.pool.rows
        /// The role of a drawn cell; nil where there is nothing to draw.
        func role(_ r: Int, _ c: Int) -> Role? {
            guard r < height else { return nil }
            switch content(r * layout.pool.rows, c * layout.pool.columns) {
            case .hidden: return nil
            // A pooled cell on the diagonal holds numbers even where its corner is masked.
            case .masked where pooled[r * width + c] == 0: return nil
            case .masked, .number:
                let value = pooled[r * width + c]
                // What is no number stands out; it is never drawn as zero.
                return value.isNaN ? .badge : ramp.role(scales.fraction(value, row: r * layout.pool.rows))
            }
        }
        for c in 0..<width {
            let x = body.x + c * layout.cellWidth
            if layout.cellHeight == 0 {
                for line in 0..<body.height {
                    let style = Style(role(2 * line, c) ?? .background, on: role(2 * line + 1, c) ?? .background)
                    for dx in 0..<layout.cellWidth { canvas[x + dx, body.y + line] = Cell("▀", style) }
                }
            } else {
                for r in 0..<height {
                    let cell = Rect(x, body.y + r * layout.cellHeight, layout.cellWidth, layout.cellHeight)
                    if let role = role(r, c) {
                        canvas.fill(cell, role)
                    } else if case .masked = content(r * layout.pool.rows, c * layout.pool.columns) {
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
    private func drawMarks(on canvas: inout Canvas, body: Rect, _ layout: PictureLayout) {
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
    private func drawEnds(on canvas: inout Canvas, body: Rect, _ layout: PictureLayout) {
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
    private func linkCells(on canvas: inout Canvas, body: Rect, _ layout: PictureLayout) {
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

    private func drawRowNames(on canvas: inout Canvas, body: Rect, area: Rect, _ layout: PictureLayout) {
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

    private func drawColumnNames(on canvas: inout Canvas, body: Rect, _ layout: PictureLayout) {
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
            var label = columnNames.isEmpty ? "\(c)" : clippedName(columnNames[c], 10)
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

    private func drawAsides(on canvas: inout Canvas, body: Rect, _ layout: PictureLayout) {
        for (place, aside) in asides.prefix(layout.asideCount).enumerated() {
            let edge = body.maxX + (place + 1) * PictureLayout.asideWidth
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

    private func drawCaption(on canvas: inout Canvas, body: Rect, area: Rect, _ layout: PictureLayout, _ scale: Float) {
        // What does not fit goes, the least important first; the gap to the next picture may be used.
        let room = (isResult ? area.maxX : min(area.maxX + 4, canvas.size.width - 1)) - body.x
        // The ends of a part are those of its whole, which the legend says.
        let isLargest = whole == nil && ramp == .diverging && rules.scaling == .matrix && rules.pooling == .largest
        let ends = isLargest ? ["largest \(number(scale, width: 7))"] : []
        let pool = layout.pool
        let cells =
            pool.rows == 1
            ? "\(pool.columns) columns" : pool.columns == 1 ? "\(pool.rows) rows" : "\(pool.rows)×\(pool.columns)"
        let rule = rules.pooling == .largest ? "the largest" : "their mean"
        // What a cell stands for comes before all else.
        let choices =
            layout.isPooled
            ? [
                (ends + ["1 cell = \(cells), \(rule)"]).joined(separator: "  "), "1 cell = \(cells), \(rule)",
                "1 cell = \(cells)", "\(cells) each", cells,
            ] : ends
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

/// A number in at most `width` columns, with up to `decimals` decimals and a real minus sign before it; what these would
/// show as zero, and what is too large, has an exponent.
func number(_ value: Float, width: Int, decimals: Int = 3) -> String {
    let size = abs(value)
    let room = value < 0 ? width - 1 : width
    let fitting = min(decimals, decimalsFitting(value, width: width))
    let isTiny = size > 0 && size < 0.5 / Float(repeatElement(10, count: fitting).reduce(1, *))
    let text = !size.isFinite || size >= 100_000 || isTiny ? exponential(size, room) : fixed(size, decimals: fitting)
    return value < 0 ? "−" + text : text
}

/// How many decimals of a number fit into `width` columns, at most three.
func decimalsFitting(_ value: Float, width: Int) -> Int {
    guard value.isFinite, abs(value) < 100_000 else { return 3 }
    return max(0, min(3, width - (value < 0 ? 1 : 0) - String(Int(abs(value))).count - 1))
}

private func fixed(_ size: Float, decimals: Int) -> String {
    let scale = repeatElement(10, count: decimals).reduce(1, *)
    let scaled = Int((Double(size) * Double(scale)).rounded())
    guard decimals > 0 else { return String(scaled) }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

private func exponential(_ size: Float, _ room: Int) -> String {
    guard size.isFinite else { return size.isNaN ? "NaN" : "∞" }
    var (mantissa, exponent) = (size, 0)
    while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let tail = "e\(exponent)"
    return fixed(mantissa, decimals: room - tail.count >= 3 ? 1 : 0) + tail
}

/// Text cut to a width, with a mark where it was cut: between words where that leaves most of it.
func clipped(_ text: String, _ width: Int) -> String {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count > width else { return text }
    var kept = scalars.prefix(max(0, width - 1))
    if scalars[kept.count] != " ", let space = kept.lastIndex(of: " "), space > width / 2 { kept = kept[..<space] }
    return String(String.UnicodeScalarView(kept)) + "…"
}

/// The name of a position, `·trees 12`, cut to a width: the place stays whole, and the token gives way.
func clippedName(_ name: String, _ width: Int) -> String {
    guard name.unicodeScalars.count > width, let space = name.lastIndex(of: " ") else { return clipped(name, width) }
    let (token, place) = (name[..<space], name[name.index(after: space)...])
    let room = width - 1 - place.unicodeScalars.count
    // A part of an id would be another id.
    let isID = token.hasPrefix("#") && token.count > 1 && token.dropFirst().allSatisfy(\.isNumber)
    return room < 3 || isID ? clipped(String(place), width) : clipped(String(token), room) + " " + place
}
