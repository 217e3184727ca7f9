import GPTEngine
import GPTStepper
import TerminalKit

/// The listing of operations: done, here, to come. The current block unfolds, and in it the current sub-layer.
struct TimelineList {
    let scene: Scene
    let hasFocus: Bool

    /// One line of it.
    private struct Line {
        var indent: Int
        var mark: String
        var text: String
        var count: Int?
        var isHere = false
        var isDone: Bool
        /// The first of its operations, and all of them.
        var step: Int
        var last: Int?
        var range: Range<Int> { step..<(last ?? step) + 1 }
    }

    func draw(on canvas: inout Canvas, in area: Rect) {
        canvas.write("Timeline", x: area.x + 1, y: area.y, hasFocus ? .accent : .heading)
        let lines = lines
        let room = area.height - 2
        let here = lines.firstIndex { $0.isHere } ?? 0
        // The current line stays in the middle of what does not fit.
        let first = max(0, min(here - room / 2, lines.count - room))
        for (place, line) in lines.dropFirst(first).prefix(room).enumerated() {
            let y = area.y + 2 + place
            let edge = area.maxX - 3
            canvas.link(Rect(area.x, y, area.width - 1, 1), to: ClickTarget.step(line.step).meaning)
            if line.isHere { canvas.fill(Rect(area.x, y, area.width - 1, 1), .here) }
            let ground: Role = line.isHere ? .here : .background
            let style = Style(line.isHere ? .bright : line.isDone ? .text : .faint, on: ground, bold: line.isHere)
            let markRole: Role = line.isHere ? .accent : line.isDone ? .dim : .faint
            let x = canvas.write(
                line.mark + " ", x: area.x + 1 + 2 * line.indent, y: y, Style(markRole, on: ground, bold: line.isHere))
            canvas.write(line.text, x: x, y: y, style, limit: edge - 3)
            if scene.stops(in: line.range) {
                canvas.write("●", x: area.x, y: y, Style(.accent, on: ground, bold: true))
            } else if scene.isEdited(line.range) {
                canvas.write("Δ", x: area.x, y: y, Style(.accent, on: ground))
            }
            if let count = line.count { canvas.write("\(count)", endingAt: edge, y: y, Style(.faint, on: ground)) }
        }
        if first > 0 { canvas.write("…", x: area.x + 1, y: area.y + 1, .dim) }
        if first + room < lines.count { canvas.write("…", x: area.x + 1, y: area.maxY, .dim) }
    }

    private var lines: [Line] {
        let stepper = scene.stepper
        let sections = stepper.timeline.sections
        let current = stepper.timeline.section(of: stepper.index)
        // Blocks that are over, or still to come, fold into one line where there are many.
        return fold(sections.indices.filter { $0 < current }, isOver: true)
            + unfold(sections[current])
            + fold(sections.indices.filter { $0 > current }, isOver: false)
    }

    /// - Parameter isOver: whether they come before the current one.
    private func fold(_ indices: [Int], isOver: Bool) -> [Line] {
        let sections = scene.stepper.timeline.sections
        let line = { (name: String, range: Range<Int>) in
            let isDone = scene.isDone(range)
            return Line(
                indent: 0, mark: isDone ? "✓" : "·", text: name, count: range.count, isDone: isDone,
                step: range.lowerBound, last: range.upperBound - 1)
        }
        let blocks = indices.filter { sections[$0].block != nil }
        let others = indices.filter { sections[$0].block == nil }.map { line(sections[$0].name, sections[$0].range) }
        var folded = blocks.map { line(sections[$0].name, sections[$0].range) }
        if blocks.count > 3, let first = blocks.first, let last = blocks.last {
            let range = sections[first].range.lowerBound..<sections[last].range.upperBound
            folded = [line("\(sections[first].name) … \(sections[last].name)", range)]
        }
        return isOver ? others + folded : folded + others
    }

    private func unfold(_ section: Timeline.Section) -> [Line] {
        let index = scene.stepper.index
        var lines: [Line] = []
        let hasBlock = section.block != nil
        lines.append(
            Line(
                indent: 0, mark: "▾", text: section.name, count: section.range.count, isDone: true,
                step: section.range.lowerBound))
        for part in section.subLayers {
            let isCurrent = part.range.contains(index)
            if hasBlock {
                let isDone = scene.isDone(part.range)
                if isCurrent, part.range.count == 1 {
                    lines.append(
                        Line(
                            indent: 1, mark: "▸", text: part.name, count: 1, isHere: true, isDone: true,
                            step: part.range.lowerBound))
                    continue
                }
                lines.append(
                    Line(
                        indent: 1, mark: isCurrent ? "▾" : isDone ? "✓" : "·", text: part.name, count: part.range.count,
                        isDone: isDone || isCurrent, step: part.range.lowerBound,
                        last: isCurrent ? nil : part.range.upperBound - 1))
            }
            guard isCurrent else { continue }
            for step in part.range {
                let node = scene.stepper.program.nodes[step]
                let isDone = scene.isDone(step..<step + 1)
                lines.append(
                    Line(
                        indent: hasBlock ? 2 : 1, mark: step == index ? "▸" : isDone ? "✓" : "·",
                        text: node.shortName,
                        isHere: step == index, isDone: isDone || step == index, step: step))
            }
        }
        return lines
    }
}

/// The listing in one line, where there is no room for a column: this sub-layer's operations, and what lies around.
struct TimelineRow {
    let scene: Scene
    let hasFocus: Bool

    func draw(on canvas: inout Canvas, in area: Rect) {
        let stepper = scene.stepper
        let part = stepper.timeline.subLayer(of: stepper.index)
        let section = stepper.timeline.sections[stepper.timeline.section(of: stepper.index)]
        let name = section.name == part.name ? part.name : "\(section.name) \(part.name)"
        var x = canvas.write(name, x: area.x + 1, y: area.y, hasFocus ? .accent : .heading) + 2
        for index in part.range {
            let text = stepper.program.nodes[index].shortName
            let isHere = index == stepper.index
            let isDone = scene.isDone(index..<index + 1)
            let sign = scene.stops.contains(index) ? "●" : scene.isEdited(index..<index + 1) ? "Δ" : nil
            let style: Style = isHere ? Style(.bright, on: .here, bold: true) : isDone ? .text : .faint
            guard x + text.count + (isHere && sign != nil ? 4 : 3) < area.maxX else { break }
            canvas.link(Rect(x, area.y, text.count + 1, 1), to: ClickTarget.step(index).meaning)
            x = canvas.write(
                isHere ? "▸" : sign ?? (isDone ? "✓" : "·"), x: x, y: area.y,
                isHere || sign != nil ? .accent : .faint)
            x = canvas.write(text, x: x, y: area.y, style)
            if isHere, let sign { x = canvas.write(sign, x: x, y: area.y, .accent) }
            x += 1
        }
    }
}
