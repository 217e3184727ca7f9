import GPTFigures
import TerminalKit

extension TokenTable {
    func draw(on canvas: inout Canvas, in area: Rect) {
        canvas.write("position", x: area.x, y: area.y, .dim)
        canvas.write("token", x: area.x + 12, y: area.y, .dim)
        canvas.write("id", endingAt: area.x + 34, y: area.y, .dim)
        let room = area.height - 1
        let first = max(0, min((selected ?? 0) - room / 2, rows.count - room))
        for (line, place) in (first..<min(rows.count, first + room)).enumerated() {
            let (row, y) = (rows[place], area.y + 1 + line)
            let isSelected = place == selected
            if isSelected { canvas.write("▸", x: area.x, y: y, .accent) }
            canvas.write("\(row.position)", endingAt: area.x + 8, y: y, isSelected ? .accent : .dim)
            canvas.write(clipped(row.name, 14), x: area.x + 12, y: y, isSelected ? .accent : .text)
            guard let id = row.id else { continue }
            canvas.write("\(id)", endingAt: area.x + 34, y: y, isSelected ? .accent : .text)
        }
        if first + room < rows.count { canvas.write("…", x: area.x + 38, y: area.maxY - 1, .dim) }
    }
}
