import GPTFigures
import TerminalKit

extension Bars {
    func draw(on canvas: inout Canvas, in area: Rect) {
        let nameWidth = bars.map(\.name.unicodeScalars.count).max() ?? 0
        let idWidth = bars.map(\.id.unicodeScalars.count).max() ?? 0
        let valueWidth = bars.map(\.value.unicodeScalars.count).max() ?? 0
        let hasNegative = bars.contains { $0.length < 0 }
        let start = area.x + 2 + nameWidth + 2 + idWidth + 2
        let room = min(60, area.maxX - start - valueWidth - 2)
        guard room > 4, area.height > 1 else { return }
        let zero = hasNegative ? start + room / 2 : start
        let span = hasNegative ? room / 2 : room
        let height = bars.count * 2 <= area.height ? 2 : 1
        // The selected bar stays in sight; the first and the last line say what is above and below.
        var (first, lines) = (0, area.height / height)
        let selected = bars.firstIndex { $0.isSelected } ?? 0
        if bars.count > lines, selected < lines - 1 {
            lines -= 1
        } else if bars.count > lines {
            lines = max(1, lines - (selected == bars.count - 1 ? 1 : 2))
            first = selected - lines + 1
        }
        let (above, below) = (first, bars.count - first - lines)
        if above > 0 { canvas.write("… \(above) above", x: area.x + 2, y: area.y, .dim) }
        let top = area.y + (above > 0 ? height : 0)
        if below > 0, top + lines * height < area.maxY {
            canvas.write("… \(below) below", x: area.x + 2, y: top + lines * height, .dim)
        }
        for (place, bar) in bars.dropFirst(first).prefix(lines).enumerated() {
            let y = top + place * height
            if let token = bar.token {
                canvas.link(
                    Rect(area.x, y, area.width, height), to: ClickTarget.cell(row: token, column: 0).meaning)
            }
            let style: Style = bar.isSelected ? .accent : bar.isCut ? .faint : .text
            if bar.isSelected { canvas.write("▸", x: area.x, y: y, .accent) }
            canvas.write(bar.name, endingAt: area.x + 2 + nameWidth, y: y, style)
            canvas.write(bar.id, endingAt: area.x + 2 + nameWidth + 2 + idWidth, y: y, .dim)
            let length = Int((abs(bar.length) * Double(span)).rounded())
            for step in 0..<length {
                let x = bar.length < 0 ? zero - 1 - step : zero + step
                let ground = scale.ramp.role(scale == .sequential ? max(0.25, bar.length) : bar.length)
                canvas[x, y] = bar.isCut ? Cell("░", .faint) : Cell(" ", Style(.text, on: ground))
            }
            // What is no number has no length, and a mark of its own.
            if bar.number?.isFinite == false {
                canvas.write(" \(bar.value) ", x: zero, y: y, Style(.background, on: .badge, bold: true))
            }
            if hasNegative {
                canvas[zero, y].glyph = canvas[zero, y].glyph == " " && length == 0 ? "│" : canvas[zero, y].glyph
            }
            canvas.write(bar.value, endingAt: start + room + 2 + valueWidth, y: y, style)
        }
    }
}
