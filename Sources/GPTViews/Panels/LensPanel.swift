import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// What the model would say if it stopped: after each write to the stream at one position, or over several positions.
struct LensPanel {
    var table: LensTable
    /// The chosen stream, by its place in the list.
    var place: Int
    /// Whether several positions are shown, with the likeliest token of each.
    var isWide = false

    init(_ scene: Scene) {
        table = LensTable(scene.stepper.program)
        place = max(0, (table.streams.firstIndex { $0 > scene.stepper.index } ?? table.streams.count) - 1)
    }

    static let labelWidth = 15
    static let cellWidth = 12

    /// The positions that are shown in an area when one is selected.
    func positions(around position: Int, of count: Int, width: Int) -> Range<Int> {
        guard isWide else { return position..<position + 1 }
        let room = max(1, (width - Self.labelWidth) / Self.cellWidth)
        let first = max(0, min(position - room + 1, count - room))
        return first..<min(count, first + room)
    }
}

extension App {
    mutating func openLens() {
        guard trace != nil else { return message = "There are no weights, so nothing is predicted." }
        panel = .lens(LensPanel(scene))
    }

    /// The positions that the lens shows.
    func positions(_ lens: LensPanel) -> Range<Int> {
        lens.positions(around: stepper.selection.position, of: stepper.tokens.count, width: stageArea.width)
    }

    /// Gives a key to the lens.
    mutating func pressInLens(_ key: Key, _ lens: LensPanel) {
        var lens = lens
        let last = lens.table.streams.count - 1
        switch key {
        case .down, .character("j"): lens.place = min(last, lens.place + 1)
        case .up, .character("k"): lens.place = max(0, lens.place - 1)
        case .pageDown, .character(" "): lens.place = min(last, lens.place + 10)
        case .pageUp: lens.place = max(0, lens.place - 10)
        case .home, .character("g"): lens.place = 0
        case .end, .character("G"): lens.place = last
        case .left, .character("h"): stepper.select(position: stepper.selection.position - 1)
        case .right, .character("l"): stepper.select(position: stepper.selection.position + 1)
        case .character("p"): lens.isWide.toggle()
        case .enter:
            panel = nil
            stepper.go(to: lens.table.streams[lens.place])
            return
        case .escape, .character("q"):
            panel = nil
            return
        default: break
        }
        panel = .lens(lens)
    }

    // MARK: Drawing

    func drawLens(_ lens: LensPanel, on canvas: inout Canvas, in area: Rect) {
        canvas.fill(area)
        var area = area
        let heading = area.takeTop(1)
        let x = canvas.write("Predictions", x: heading.x, y: heading.y, .accent)
        let position = stepper.selection.position
        let positions = lens.positions(around: position, of: stepper.tokens.count, width: area.width)
        let hidden =
            positions.count < stepper.tokens.count
            ? " · \(positions.lowerBound)–\(positions.upperBound - 1) of \(stepper.tokens.count)" : ""
        let what =
            lens.isWide
            ? "the likeliest next token, had it stopped; ◆ a change" + hidden
            : "the logit lens after \(scene.name(position: position))"
        let streams = lens.table.streams
        let room = area.height - (area.height >= 26 ? 3 : 2)
        let first = max(0, min(lens.place - room / 2, streams.count - room))
        let part =
            streams.count > room ? "\(first + 1)–\(min(streams.count, first + room)) of \(streams.count)" : ""
        canvas.write(part, endingAt: heading.maxX, y: heading.y, .dim)
        canvas.write(clipped(what, heading.maxX - x - part.count - 4), x: x + 2, y: heading.y, .dim)
        if area.height >= 26 { _ = area.takeTop(1) }
        let header = area.takeTop(1)
        canvas.write("stream after", x: header.x, y: header.y, .dim)
        for (place, position) in positions.enumerated() where lens.isWide {
            canvas.write(
                clippedName(scene.name(position: position), LensPanel.cellWidth - 1),
                x: header.x + LensPanel.labelWidth + place * LensPanel.cellWidth, y: header.y,
                position == stepper.selection.position ? .accent : .dim)
        }
        if !lens.isWide {
            canvas.write(
                "likeliest first; ◆ a change", x: header.x + LensPanel.labelWidth, y: header.y, .dim)
        }
        let legend = area.takeBottom(1)
        for (line, place) in (first..<min(streams.count, first + room)).enumerated() {
            drawLine(lens, place, positions, on: &canvas, in: Rect(area.x, area.y + line, area.width, 1))
        }
        canvas.write(
            clipped(
                "ln_final and unembedding of each stream, temperature 1; last: the model's own.",
                legend.width), x: legend.x, y: legend.y, .dim)
    }

    private func drawLine(
        _ lens: LensPanel, _ place: Int, _ positions: Range<Int>, on canvas: inout Canvas, in line: Rect
    ) {
        let stream = lens.table.streams[place]
        let node = stepper.program.nodes[stream]
        let isHere = place == lens.place
        canvas.link(line, to: ClickTarget.row(place).meaning)
        let label =
            node.block.map { "L\($0) " + (stepper.program.nodes[node.inputs[1]].role.subLayer.rawValue) } ?? "embedding"
        canvas.write(
            (isHere ? "▸" : " ") + label, x: line.x, y: line.y, isHere ? .accent : .text)
        let before = place > 0 ? lens.table.streams[place - 1] : nil
        for (column, position) in positions.enumerated() {
            let x = line.x + LensPanel.labelWidth + column * LensPanel.cellWidth
            guard let candidates = lens.table.candidates(after: stream, at: position) else {
                canvas.write("…", x: x, y: line.y, .faint)
                continue
            }
            let old = before.flatMap { lens.table.candidates(after: $0, at: position)?.first?.token }
            let isNew = old != nil && old != candidates.first?.token
            if lens.isWide {
                draw(candidates[0], isNew: isNew, x: x, y: line.y, width: LensPanel.cellWidth, on: &canvas)
            } else {
                let fitting = (line.width - LensPanel.labelWidth) / 16
                for (rank, candidate) in candidates.prefix(fitting).enumerated() {
                    draw(candidate, isNew: isNew && rank == 0, x: x + rank * 16, y: line.y, width: 16, on: &canvas)
                }
            }
        }
    }

    /// A token on a ground as bright as its probability, with the number where there is room.
    private func draw(
        _ candidate: LensTable.Candidate, isNew: Bool, x: Int, y: Int, width: Int, on canvas: inout Canvas
    ) {
        let ground = Ramp.sequential.role(Double(candidate.probability))
        let isShaded = canvas.capabilities.colorCount >= 256
        if isShaded { canvas.fill(Rect(x, y, width - 1, 1), ground) }
        let style = isShaded ? Style(.ink, on: ground, bold: isNew) : Style(.text, bold: isNew)
        let percent = 100 * candidate.probability
        let share = percent < 1 ? "<1 %" : String(format: "%.0f %%", percent)
        let room = width - 1 - share.count - 1
        canvas.write(
            (isNew ? "◆" : " ") + clipped(model.label(candidate.token), room - 1), x: x, y: y, style)
        canvas.write(share, endingAt: x + width - 1, y: y, style)
    }
}
