import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// What the model would say if it stopped: after each write to the stream at one position, or over several positions.
struct LensPanel: Panel {
    private var table: LensTable
    /// The chosen stream, by its place in the list.
    private var chosen: Int
    /// Whether several positions are shown, with the likeliest token of each.
    private var isWide = false
    /// Columns of the screen that it has.
    private var width: Int
    let place = PanelPlace.stage

    init(_ app: App, _ screen: Screen) throws(Refusal) {
        guard app.session.values != nil else { throw Refusal("There are no weights, so nothing is predicted.") }
        let stepper = app.session.stepper
        table = LensTable(stepper.program)
        chosen = max(0, (table.streams.firstIndex { $0 > stepper.index } ?? table.streams.count) - 1)
        width = app.stageArea(screen.size).width
    }

    mutating func adapt(to area: Rect) { width = area.width }

    private static let labelWidth = 15
    private static let cellWidth = 12

    /// The positions that are shown.
    private func positions(_ stepper: Stepper) -> Range<Int> {
        let (position, count) = (stepper.selection.position, stepper.tokens.count)
        guard isWide else { return position..<position + 1 }
        let room = max(1, (width - Self.labelWidth) / Self.cellWidth)
        let first = max(0, min(position - room + 1, count - room))
        return first..<min(count, first + room)
    }

    var row: Int? {
        get { chosen }
        set { chosen = newValue ?? chosen }
    }

    func keys(_ app: App) -> [(String, String)] {
        [
            ("↓ ↑", "write"), ("← →", "position"), ("p", isWide ? "one position" : "all positions"),
            ("Enter", "go there"), ("Esc", "close"),
        ]
    }

    func needsWork(_ app: App) -> Bool { table.needsWork(positions(app.session.stepper)) }

    mutating func work(_ app: inout App, _ screen: Screen) -> Answer {
        if let values = app.session.values { _ = table.work(values, positions(app.session.stepper)) }
        return .stays()
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        let position = app.session.stepper.selection.position
        switch key {
        case .left, .character("h"): app.session.perform(.position(max(0, position - 1)))
        case .right, .character("l"):
            app.session.perform(.position(min(position + 1, app.session.stepper.tokens.count - 1)))
        case .character("p"): isWide.toggle()
        case .enter:
            app.session.perform(.goto(table.streams[chosen]))
            return .closes()
        case .escape, .character("q"): return .closes()
        default: chosen = Self.move(key, from: chosen, of: table.streams.count) ?? chosen
        }
        return .stays()
    }

    // MARK: Drawing

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let (scene, stepper) = (app.session.scene, app.session.stepper)
        canvas.fill(area)
        var area = area
        let heading = area.takeTop(1)
        let x = canvas.write("Predictions", x: heading.x, y: heading.y, .accent)
        let position = stepper.selection.position
        let positions = positions(stepper)
        let hidden =
            positions.count < stepper.tokens.count
            ? " · \(positions.lowerBound)–\(positions.upperBound - 1) of \(stepper.tokens.count)" : ""
        let what =
            isWide
            ? "the likeliest next token, had it stopped; ◆ a change" + hidden
            : "the logit lens after \(scene.name(position: position))"
        let streams = table.streams
        let room = area.height - (area.height >= 26 ? 3 : 2)
        let first = max(0, min(chosen - room / 2, streams.count - room))
        let part =
            streams.count > room ? "\(first + 1)–\(min(streams.count, first + room)) of \(streams.count)" : ""
        canvas.write(part, endingAt: heading.maxX, y: heading.y, .dim)
        canvas.write(clipped(what, heading.maxX - x - part.count - 4), x: x + 2, y: heading.y, .dim)
        if area.height >= 26 { _ = area.takeTop(1) }
        let header = area.takeTop(1)
        canvas.write("stream after", x: header.x, y: header.y, .dim)
        for (place, position) in positions.enumerated() where isWide {
            canvas.write(
                clippedName(scene.name(position: position), Self.cellWidth - 1),
                x: header.x + Self.labelWidth + place * Self.cellWidth, y: header.y,
                position == stepper.selection.position ? .accent : .dim)
        }
        if !isWide {
            canvas.write(
                "likeliest first; ◆ a change", x: header.x + Self.labelWidth, y: header.y, .dim)
        }
        let legend = area.takeBottom(1)
        for (line, place) in (first..<min(streams.count, first + room)).enumerated() {
            drawLine(place, positions, scene, on: &canvas, in: Rect(area.x, area.y + line, area.width, 1))
        }
        canvas.write(
            clipped(
                "ln_final and unembedding of each stream, temperature 1; last: the model's own.",
                legend.width), x: legend.x, y: legend.y, .dim)
    }

    private func drawLine(
        _ place: Int, _ positions: Range<Int>, _ scene: Scene, on canvas: inout Canvas, in line: Rect
    ) {
        let stream = table.streams[place]
        let nodes = scene.stepper.program.nodes
        let node = nodes[stream]
        let isHere = place == chosen
        canvas.link(line, to: ClickTarget.row(place).meaning)
        let label =
            node.block.map { "L\($0) " + (nodes[node.inputs[1]].role.subLayer.rawValue) } ?? "embedding"
        canvas.write(
            (isHere ? "▸" : " ") + label, x: line.x, y: line.y, isHere ? .accent : .text)
        let before = place > 0 ? table.streams[place - 1] : nil
        for (column, position) in positions.enumerated() {
            let x = line.x + Self.labelWidth + column * Self.cellWidth
            guard let candidates = table.candidates(after: stream, at: position) else {
                canvas.write("…", x: x, y: line.y, .faint)
                continue
            }
            guard !candidates.isEmpty else {
                canvas.write(" NaN or ∞ ", x: x, y: line.y, Style(.background, on: .badge, bold: true))
                continue
            }
            let old = before.flatMap { table.candidates(after: $0, at: position)?.first?.token }
            let isNew = old != nil && old != candidates.first?.token
            if isWide {
                draw(candidates[0], isNew: isNew, x: x, y: line.y, width: Self.cellWidth, scene, on: &canvas)
            } else {
                let fitting = (line.width - Self.labelWidth) / 16
                for (rank, candidate) in candidates.prefix(fitting).enumerated() {
                    draw(
                        candidate, isNew: isNew && rank == 0, x: x + rank * 16, y: line.y, width: 16, scene, on: &canvas
                    )
                }
            }
        }
    }

    /// A token on a ground as bright as its probability, with the number where there is room.
    private func draw(
        _ candidate: LensTable.Candidate, isNew: Bool, x: Int, y: Int, width: Int, _ scene: Scene,
        on canvas: inout Canvas
    ) {
        let ground = Ramp.sequential.role(Double(candidate.probability))
        let isShaded = canvas.capabilities.colorCount >= 256
        if isShaded { canvas.fill(Rect(x, y, width - 1, 1), ground) }
        let style = isShaded ? Style(.ink, on: ground, bold: isNew) : Style(.text, bold: isNew)
        let share = candidate.probability < 0.01 ? "<1 %" : Digits.percent(Double(candidate.probability), 0)
        let room = width - 1 - share.count - 1
        canvas.write(
            (isNew ? "◆" : " ") + clipped(scene.model.label(candidate.token), room - 1), x: x, y: y, style)
        canvas.write(share, endingAt: x + width - 1, y: y, style)
    }
}
