import GPTStepper
import TerminalKit

/// Named bars, one a line.
struct Bars {
    /// One of them.
    struct Bar {
        var name: String
        var id: String
        /// 0 … 1 of the longest possible; negative to the left of zero.
        var length: Double
        /// The value as text.
        var value: String
        var isSelected = false
        /// Shown struck out of the race.
        var isCut = false
    }

    let bars: [Bar]
    /// The colours of the bars.
    let ramp: Ramp

    func draw(on canvas: inout Canvas, in area: Rect) {
        let nameWidth = bars.map(\.name.unicodeScalars.count).max() ?? 0
        let idWidth = bars.map(\.id.unicodeScalars.count).max() ?? 0
        let valueWidth = bars.map(\.value.unicodeScalars.count).max() ?? 0
        let hasNegative = bars.contains { $0.length < 0 }
        let start = area.x + 2 + nameWidth + 2 + idWidth + 2
        let room = min(60, area.maxX - start - valueWidth - 2)
        guard room > 4 else { return }
        let zero = hasNegative ? start + room / 2 : start
        let span = hasNegative ? room / 2 : room
        let height = bars.count * 2 <= area.height ? 2 : 1
        for (place, bar) in bars.enumerated() where (place + 1) * height <= area.height {
            let y = area.y + place * height
            let style: Style = bar.isSelected ? .accent : bar.isCut ? .faint : .text
            if bar.isSelected { canvas.write("▸", x: area.x, y: y, .accent) }
            canvas.write(bar.name, endingAt: area.x + 2 + nameWidth, y: y, style)
            canvas.write(bar.id, endingAt: area.x + 2 + nameWidth + 2 + idWidth, y: y, .dim)
            let length = Int((abs(bar.length) * Double(span)).rounded())
            for step in 0..<length {
                let x = bar.length < 0 ? zero - 1 - step : zero + step
                let ground = bar.isCut ? Role.here : ramp.role(ramp == .sequential ? max(0.25, bar.length) : bar.length)
                canvas[x, y] = bar.isCut ? Cell("░", .faint) : Cell(" ", Style(.text, on: ground))
            }
            if hasNegative {
                canvas[zero, y].glyph = canvas[zero, y].glyph == " " && length == 0 ? "│" : canvas[zero, y].glyph
            }
            canvas.write(bar.value, endingAt: start + room + 2 + valueWidth, y: y, style)
        }
    }
}
