import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// The attention patterns of all heads of a block, small, each with numbers that tell heads apart.
struct Thumbnails {
    /// Each head's pattern made small, as far as they are known.
    let heads: [HeadStatistics]
    let selectedHead: Int
    /// How many lines a map takes.
    static let height = 4
    private static let width = 27

    func draw(on canvas: inout Canvas, in area: Rect) {
        let fitting = max(1, (area.width - 8) / Self.width)
        // The chosen head stays in sight.
        let first = max(0, min(selectedHead - fitting / 2, heads.count - fitting))
        canvas.write("heads", x: area.x, y: area.y, .dim)
        for (place, head) in heads.indices.dropFirst(first).prefix(fitting).enumerated() {
            let x = area.x + 8 + place * Self.width
            canvas.write("H\(head)", x: x, y: area.y, head == selectedHead ? .accent : .text)
            let map = Rect(x + 4, area.y, 8, area.height)
            heads[head].draw(on: &canvas, in: map)
            for (line, score) in HeadScore.shown(area.height).enumerated() {
                canvas.write(
                    "\(score.rawValue) " + share(heads[head][score]), x: map.maxX + 1, y: area.y + line, .dim)
            }
        }
        if heads.count > fitting, area.height > 1 {
            canvas.write("of \(heads.count)", x: area.x, y: area.y + 1, .dim)
        }
    }
}

extension HeadScore {
    /// The scores that so many lines have room for, the first ones and one that is asked for.
    static func shown(_ lines: Int, including chosen: HeadScore? = nil) -> [HeadScore] {
        let first = allCases.prefix(lines)
        guard let chosen, !first.contains(chosen) else { return Array(first) }
        return first.dropLast() + [chosen]
    }
}

extension HeadStatistics {
    /// A small pattern, its pixels as large as there is room for.
    func draw(on canvas: inout Canvas, in area: Rect) {
        let halves = canvas.capabilities.halfBlocks
        let lines = area.height * (halves ? 2 : 1)
        // Of a small canvas every n-th pixel is left out by taking the largest of each square.
        let step = max(1, (self.side + min(lines, area.width) - 1) / min(lines, area.width))
        let side = (self.side + step - 1) / step
        let scale = max(1, min(lines / side, area.width / side))
        func role(_ y: Int, _ x: Int) -> Role? {
            let (r, c) = (y / scale, x / scale)
            guard r < side, c <= r else { return nil }
            var largest: Float = 0
            for row in r * step..<min(self.side, (r + 1) * step) {
                for column in c * step..<min(self.side, (c + 1) * step) {
                    let share = map[row * self.side + column]
                    largest = share.isNaN || largest.isNaN ? .nan : max(largest, share)
                }
            }
            // What is no number stands out; it is never drawn as nothing.
            return largest.isNaN ? .badge : Ramp.sequential.role(Double(largest))
        }
        for x in 0..<min(area.width, side * scale) {
            for line in 0..<area.height {
                let (upper, lower) =
                    halves ? (role(2 * line, x), role(2 * line + 1, x)) : (role(line, x), role(line, x))
                guard upper != nil || lower != nil else { continue }
                canvas[area.x + x, area.y + line] =
                    halves
                    ? Cell("▀", Style(upper ?? .background, on: lower ?? .background))
                    : Cell(" ", Style(.text, on: upper ?? .background))
            }
        }
    }
}

/// A share or an entropy with two decimals; a dash where there is none.
func share(_ value: Double) -> String { value.isNaN ? "–" : String(format: "%.2f", value) }
