import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// The picture of this operation under its heading, with its legend and what belongs to it.
struct StageRegion {
    let scene: Scene
    let hasFocus: Bool
    /// How it is looked at.
    let view: StageView
    private let figure: Figure

    init(scene: Scene, view: StageView, hasFocus: Bool) {
        self.scene = scene
        self.view = view
        self.hasFocus = hasFocus
        figure = scene.figure
    }

    /// The heatmap that has the stage to itself, where one has.
    static func alone(_ scene: Scene, _ view: StageView) -> Heatmap? {
        guard view.zoom > 0 else { return nil }
        let heatmaps = scene.heatmaps
        guard !heatmaps.isEmpty else { return nil }
        var heatmap = heatmaps[min(view.picture, heatmaps.count - 1)]
        if view.picture > 0 {
            heatmap.row = min(view.cell / heatmap.columns, heatmap.rows - 1)
            heatmap.column = view.cell % heatmap.columns
        }
        heatmap.reach = nil
        heatmap.rules = view.rules
        return heatmap
    }

    /// Lines that the region needs on a small screen to say what it has to say.
    var leastHeight: Int {
        switch figure.body {
        case .equation(let equation, _, _):
            let rows = equation.heatmaps.map(\.rows)
            // Heading, header and caption of the pictures, legend. More than twelve rows share lines, two in each, and a
            // matrix of weights may be pooled.
            let last = rows.last ?? 1
            return 5 + max(last > 12 ? min((last + 1) / 2, 12) : last, min((rows.max() ?? 1) / 2, 8))
        case .bars(let bars, _, let line): return 2 + min(bars.bars.count, 10) + (line == nil ? 0 : 4)
        case .tokens(let table): return 2 + min(table.rows.count, 10)
        }
    }

    func draw(on canvas: inout Canvas, in area: Rect, isTall: Bool) {
        var area = area
        drawHeading(on: &canvas, in: area.takeTop(1))
        if let alone = Self.alone(scene, view) { return draw(alone: alone, on: &canvas, in: area, isTall: isTall) }
        switch figure.body {
        case .equation(let equation, let curve, let hasHeads):
            draw(equation, curve, hasHeads: hasHeads && isTall, on: &canvas, in: area, isTall: isTall)
        case .tokens(let table):
            if isTall { _ = area.takeTop(1) }
            table.draw(on: &canvas, in: area)
        case .bars(let bars, let note, let line):
            if isTall { _ = area.takeTop(1) }
            canvas.write(note, x: area.x, y: area.y, .dim)
            _ = area.takeTop(isTall ? 2 : 1)
            if let line { line.draw(on: &canvas, in: area.takeTop(isTall ? 5 : 4)) }
            bars.draw(on: &canvas, in: area)
        }
    }

    private func drawHeading(on canvas: inout Canvas, in area: Rect) {
        let isEdited = scene.isEdited(scene.stepper.index..<scene.stepper.index + 1)
        let address = (isEdited ? "edited · " : "") + figure.address
        canvas.write(address, endingAt: area.maxX, y: area.y, .dim)
        let limit = area.maxX - address.count - 2
        let x = canvas.write(figure.title, x: area.x, y: area.y, hasFocus ? .accent : .heading)
        let formula = figure.formula
        if x + 2 + formula.unicodeScalars.count <= limit { canvas.write(formula, x: x + 2, y: area.y, .dim) }
    }

    /// Where one picture by itself is drawn, below heading and legend.
    static func aloneArea(_ area: Rect, isTall: Bool) -> Rect {
        var area = area
        _ = area.takeTop(isTall ? 3 : 2)
        return area
    }

    /// One picture by itself.
    private func draw(alone picture: Heatmap, on canvas: inout Canvas, in area: Rect, isTall: Bool) {
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
            name: name, scale: picture.scale, end: drawn.end ?? 0, rules: view.rules, notFinite: drawn.notFinite,
            note: scene.cacheNote, isCausal: picture.isCausal, hasHidden: picture.revealed != nil,
            isPooled: drawn.isPooled
        ).draw(on: &canvas, x: legendLine.x, y: legendLine.y, limit: legendLine.maxX, below: isTall)
    }

    private func draw(
        _ equation: Equation, _ curve: Curve?, hasHeads: Bool, on canvas: inout Canvas, in area: Rect, isTall: Bool
    ) {
        var area = area
        // The legend keeps its place from step to step, whatever the size of the pictures.
        let legendLine = area.takeTop(1)
        if isTall { _ = area.takeTop(1) }
        if hasHeads { _ = area.takeBottom(Thumbnails.height + 1) }
        if let curve {
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
        let drawn = equation.ruled(by: view.rules).draw(on: &canvas, in: area)
        guard let end = drawn.end, let result = equation.heatmaps.last else { return }
        Legend(
            name: equation.heatmaps.count > 1 ? result.title : "", scale: result.scale, end: end, rules: view.rules,
            notFinite: drawn.notFinite, note: scene.cacheNote, isCausal: result.isCausal,
            hasHidden: scene.stepper.revealed != nil, isPooled: drawn.isPooled
        ).draw(on: &canvas, x: legendLine.x, y: legendLine.y, limit: legendLine.maxX, below: isTall)
        if hasHeads {
            Thumbnails(heads: scene.heads, selectedHead: scene.selection.head)
                .draw(on: &canvas, in: Rect(area.x, drawn.maxY + 1, area.width, Thumbnails.height))
        }
    }
}
