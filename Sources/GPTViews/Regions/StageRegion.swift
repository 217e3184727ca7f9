import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// The picture of this operation under its heading, with its legend and what belongs to it.
struct StageRegion {
    let scene: Scene
    let hasFocus: Bool
    /// How it is looked at.
    let view: StageView
    private let stage: Stage

    init(scene: Scene, view: StageView, hasFocus: Bool) {
        self.scene = scene
        self.view = view
        self.hasFocus = hasFocus
        stage = Stage(scene)
    }

    /// The picture that has the stage to itself, where one has.
    static func alone(_ scene: Scene, _ view: StageView) -> Picture? {
        guard view.zoom > 0 else { return nil }
        let pictures = Stage(scene).pictures(scene)
        guard !pictures.isEmpty else { return nil }
        var picture = pictures[min(view.picture, pictures.count - 1)]
        if view.picture > 0 {
            (picture.row, picture.column) = (
                min(view.row, picture.rows - 1), min(view.column, picture.columns - 1)
            )
        }
        picture.reach = nil
        picture.rules = view
        return picture
    }

    /// Lines that the region needs on a small screen to say what it has to say.
    var leastHeight: Int {
        switch stage {
        case .equation(let equation, _):
            let rows = equation.parts.compactMap { if case .picture(let picture) = $0 { picture.rows } else { nil } }
            // Heading, header and caption of the pictures, legend. More than twelve rows share lines, two in each, and a
            // matrix of weights may be pooled.
            let last = rows.last ?? 1
            return 5 + max(last > 12 ? min((last + 1) / 2, 12) : last, min((rows.max() ?? 1) / 2, 8))
        case .bars(let bars, _, let line): return 2 + min(bars.bars.count, 10) + (line == nil ? 0 : 4)
        case .tokens: return 2 + min(scene.stepper.tokens.count, 10)
        }
    }

    func draw(on canvas: inout Canvas, in area: Rect, isTall: Bool) {
        var area = area
        drawHeading(on: &canvas, in: area.takeTop(1))
        if let picture = Self.alone(scene, view) { return draw(alone: picture, on: &canvas, in: area, isTall: isTall) }
        if case .equation(let equation, let extras) = stage {
            return draw(equation, extras, on: &canvas, in: area, isTall: isTall)
        }
        if isTall { _ = area.takeTop(1) }
        switch stage {
        case .equation, .tokens: drawTokens(on: &canvas, in: area)
        case .bars(let bars, let note, let line):
            canvas.write(note, x: area.x, y: area.y, .dim)
            _ = area.takeTop(isTall ? 2 : 1)
            if let line { line.draw(on: &canvas, in: area.takeTop(isTall ? 5 : 4)) }
            bars.draw(on: &canvas, in: area)
        }
    }

    private func drawHeading(on canvas: inout Canvas, in area: Rect) {
        let node = scene.node
        let address = node.address
        canvas.write(address, endingAt: area.maxX, y: area.y, .dim)
        let limit = area.maxX - address.count - 2
        let x = canvas.write(Words.of(node).title, x: area.x, y: area.y, hasFocus ? .accent : .heading)
        let formula = scene.formula
        if x + 2 + formula.unicodeScalars.count <= limit { canvas.write(formula, x: x + 2, y: area.y, .dim) }
    }

    /// Where one picture by itself is drawn, below heading and legend.
    static func aloneArea(_ area: Rect, isTall: Bool) -> Rect {
        var area = area
        _ = area.takeTop(isTall ? 3 : 2)
        return area
    }

    /// One picture by itself.
    private func draw(alone picture: Picture, on canvas: inout Canvas, in area: Rect, isTall: Bool) {
        var area = area
        let legendLine = area.takeTop(1)
        if isTall { _ = area.takeTop(1) }
        let drawn = AlonePicture(picture, view, in: area, halfBlocks: canvas.capabilities.halfBlocks)
            .draw(on: &canvas, in: area)
        var name = picture.title
        if view.picture > 0, let slice = picture.slice, let row = picture.row, let column = picture.column {
            name = "[\(row), \(column)] = \(Digits.short(slice[row, column]))"
        }
        Legend(
            name: name, ramp: picture.ramp, scale: drawn.scale, rules: view, note: scene.cacheNote,
            isCausal: picture.isCausal,
            hasHidden: picture.revealed != nil, isPooled: drawn.isPooled
        ).draw(on: &canvas, x: legendLine.x, y: legendLine.y, limit: legendLine.maxX, below: isTall)
    }

    private func draw(
        _ equation: Equation, _ extras: Stage.Extras, on canvas: inout Canvas, in area: Rect, isTall: Bool
    ) {
        var area = area
        // The legend keeps its place from step to step, whatever the size of the pictures.
        let legendLine = area.takeTop(1)
        if isTall { _ = area.takeTop(1) }
        let hasHeads = extras.hasHeads && isTall
        if hasHeads { _ = area.takeBottom(Thumbnails.height + 1) }
        if let curve = extras.curve {
            if isTall {
                // The pictures keep a line for each position if they can.
                var place = area.takeBottom(max(8, min(14, area.height - scene.stepper.tokens.count - 6)))
                curve.draw(on: &canvas, in: place.takeLeft(64))
                _ = area.takeBottom(1)
            } else {
                // Beside the pictures, where there are no lines to spare below.
                var rest = area
                let left = rest.takeLeft(area.width - 34)
                curve.draw(on: &canvas, in: rest.inset(columns: 3))
                area = left
            }
        }
        let drawn = equation.ruled(by: view).draw(on: &canvas, in: area)
        guard drawn.scale > 0 else { return }
        let pictures = equation.parts.compactMap { if case .picture(let picture) = $0 { picture.title } else { nil } }
        Legend(
            name: pictures.count > 1 ? pictures.last ?? "" : "", ramp: extras.ramp, scale: drawn.scale, rules: view,
            note: scene.cacheNote,
            isCausal: extras.isCausal, hasHidden: scene.stepper.revealed != nil,
            isPooled: drawn.isPooled
        )
        .draw(on: &canvas, x: legendLine.x, y: legendLine.y, limit: legendLine.maxX, below: isTall)
        if hasHeads {
            Thumbnails(heads: scene.heads, selectedHead: scene.selection.head)
                .draw(on: &canvas, in: Rect(area.x, drawn.maxY + 1, area.width, Thumbnails.height))
        }
    }

    private func drawTokens(on canvas: inout Canvas, in area: Rect) {
        canvas.write("position", x: area.x, y: area.y, .dim)
        canvas.write("token", x: area.x + 12, y: area.y, .dim)
        canvas.write("id", endingAt: area.x + 34, y: area.y, .dim)
        let tokens = scene.stepper.tokens
        let room = area.height - 1
        let first = max(0, min(scene.selection.position - room / 2, tokens.count - room))
        for (line, position) in (first..<min(tokens.count, first + room)).enumerated() {
            let y = area.y + 1 + line
            let isSelected = position == scene.selection.position
            if isSelected { canvas.write("▸", x: area.x, y: y, .accent) }
            canvas.write("\(position)", endingAt: area.x + 8, y: y, isSelected ? .accent : .dim)
            canvas.write(
                clipped(scene.model.label(tokens[position]), 14), x: area.x + 12, y: y, isSelected ? .accent : .text)
            guard scene.stepper.isRevealed(row: position, column: 0) else { continue }
            canvas.write("\(tokens[position])", endingAt: area.x + 34, y: y, isSelected ? .accent : .text)
        }
        if first + room < tokens.count { canvas.write("…", x: area.x + 38, y: area.maxY - 1, .dim) }
    }
}
