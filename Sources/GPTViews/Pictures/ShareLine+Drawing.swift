import Foundation
import GPTEngine
import GPTFigures
import TerminalKit

extension ShareLine {
    func draw(on canvas: inout Canvas, in area: Rect) {
        let width = area.width
        guard width > 10 else { return }
        // Each column shows the token that its middle falls on; where several lie in one they are not told apart.
        let ids = prediction.probabilities.values.indices.filter { prediction.probabilities[flat: $0] > 0 }
        guard prediction.notFinite == 0, var sum = ids.first.map({ Double(prediction.probabilities[flat: $0]) }) else {
            canvas.write(
                "the logits are not all numbers: there is no line to sample from", x: area.x, y: area.y, .accent)
            return
        }
        var place = 0
        /// Of the tokens with a share, the one that lies at a point of the line, by place.
        func token(at point: Double) -> Int {
            while sum <= point, place < ids.count - 1 {
                place += 1
                sum += Double(prediction.probabilities[flat: ids[place]])
            }
            return place
        }
        var starts: [(id: Int, x: Int, ground: Role)] = []
        var hasCrowds = false
        let isColored = canvas.capabilities.colorCount >= 8
        for x in 0..<width {
            let first = token(at: Double(x) / Double(width))
            let middle = token(at: (Double(x) + 0.5) / Double(width))
            let last = token(at: min((Double(x) + 1) / Double(width), 1 - 1e-6))
            let id = ids[middle]
            let isHit = prediction.draw.map { Int($0 * Double(width)) == x } ?? false || id == prediction.token
            let isCrowd = last - first > 1 && !isHit
            hasCrowds = hasCrowds || isCrowd
            if starts.last?.id != id {
                let ground: Role =
                    id == prediction.token
                    ? .accent : Ramp.sequential.role(starts.count.isMultiple(of: 2) ? 0.45 : 0.25)
                starts.append((id, x, ground))
            }
            let ground = isHit ? .accent : starts[starts.count - 1].ground
            canvas[area.x + x, area.y + 2] =
                isCrowd ? Cell("░", .dim) : Cell(isHit && !isColored ? "█" : " ", Style(.ink, on: ground))
        }
        canvas.write(
            "the line of length 1, tokens by id" + (hasCrowds ? "; ░ several in a column" : ""), x: area.x, y: area.y,
            .dim)
        for (place, start) in starts.enumerated() {
            let end = place + 1 < starts.count ? starts[place + 1].x : width
            let name = label(start.id)
            guard end - start.x >= name.unicodeScalars.count + 2 else { continue }
            canvas.write(
                name, x: area.x + start.x + 1, y: area.y + 2,
                Style(start.ground == .accent ? .background : .ink, on: start.ground))
        }
        canvas.write("0", x: area.x, y: area.y + 3, .dim)
        canvas.write("1", endingAt: area.x + width, y: area.y + 3, .dim)
        guard let draw = prediction.draw else {
            canvas.write("temperature 0: the likeliest is taken, nothing is random", x: area.x + 3, y: area.y + 3, .dim)
            return
        }
        let x = min(width - 1, Int(draw * Double(width)))
        let text = String(format: "u = %.4f", draw)
        canvas.write("▼", x: area.x + x, y: area.y + 1, .accent)
        canvas.write(
            text, x: x + 2 + text.count <= width ? area.x + x + 2 : area.x + x - 1 - text.count, y: area.y + 1, .accent)
    }
}
