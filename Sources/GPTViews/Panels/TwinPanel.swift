import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// Two runs side by side: what this operation is in each, and their difference.
struct TwinPanel: Panel {
    let place = PanelPlace.stage

    init(_ app: App, _ screen: Screen) throws(Refusal) {
        guard app.session.twin != nil else { throw Refusal("There is no second run.") }
    }

    func keys(_ app: App) -> [(String, String)] {
        [
            ("→ ←", "step"), ("f n l", "first, next, largest difference"), ("P", "patch from the other"), ("w", "swap"),
            ("[ ]", "head"), ("Esc", "close"), ("D", "end the second run"),
        ]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape, .character("q"), .character("d"): return .closes()
        case .character("f"): app.session.perform(.difference(isFirst: true, tolerance: nil))
        case .character("n"): app.session.perform(.difference(isFirst: false, tolerance: nil))
        case .character("l"): app.session.selectLargestDifference()
        case .character("P"):
            let node = app.session.stepper.node
            let target =
                node.axes.contains(.head) && node.block != nil
                ? "L\(node.block ?? 0).H\(app.session.stepper.selection.head).\(node.name.split(separator: ".").last ?? "z")"
                : node.address
            app.run("patch \(target) from other")
        case .character("w"): app.run("other swap")
        case .character("D"):
            app.run("other off")
            return .closes()
        case .character(":"), .character("x"), .character("U"), .character("?"): return .passes()
        default:
            guard let action = KeyBindings.action(for: key, in: .timeline) else { break }
            if case .command(let command) = action { app.session.perform(command) }
        }
        return app.session.twin == nil ? .closes() : .stays()
    }

    func needsWork(_ app: App) -> Bool { !app.session.isActing && app.session.twinNeedsWork }
    mutating func work(_ app: inout App, _ screen: Screen) -> Answer {
        app.session.workOnTwin()
        return .stays()
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        canvas.fill(area)
        guard let twin = app.session.twin else { return }
        let (scene, other) = (app.session.scene, app.session.twinScene)
        canvas.write(scene.node.address, endingAt: area.maxX, y: area.y, .dim)
        canvas.write(
            clipped("First − second · \(app.session.twinWords)", area.width - scene.node.address.count - 2), x: area.x,
            y: area.y, .heading)
        tokens(scene.stepper.tokens, twin, scene, on: &canvas, in: Rect(area.x, area.y + 1, area.width, 2))
        let body = Rect(area.x, area.y + 4, area.width, area.height - 5)
        if scene.node.isAnswer, let other { return drawAnswers(scene, other, on: &canvas, in: body) }
        guard let other, let mine = scene.heatmaps.first, let theirs = other.heatmaps.first else {
            return write("Here are no matrices to lay side by side: → steps on.", on: &canvas, in: body)
        }
        guard mine.slice != nil else { return write(mine.absence, on: &canvas, in: body) }
        guard theirs.slice != nil else { return write("the second run: \(theirs.absence)", on: &canvas, in: body) }
        var (first, second) = (mine, theirs)
        (first.title, second.title) = ("first", "second")
        guard let difference = Self.difference(mine, theirs) else {
            return write("The two runs have different shapes here.", on: &canvas, in: body)
        }
        _ = Equation(first, [("−", second), ("=", difference.map)]).ruled(by: app.view.rules).draw(
            on: &canvas, in: body)
        let at =
            difference.map.row.flatMap { row in
                difference.map.column.map {
                    "\(mine.rowNames.isEmpty ? "\(row)" : mine.rowNames[row]), \(mine.columnLabel($0))"
                }
            } ?? ""
        canvas.write(
            clipped(
                "largest difference \(Digits.short(difference.most))" + (at.isEmpty ? "" : " at \(at)"), area.width),
            x: area.x, y: area.maxY - 1, .accent)
    }

    /// The likeliest tokens of both runs with their chances.
    private func drawAnswers(_ scene: Scene, _ other: Scene, on canvas: inout Canvas, in area: Rect) {
        guard let mine = scene.prediction, let theirs = other.prediction, mine.logits.count == theirs.logits.count
        else {
            return write("The answers are not both computed yet, or their vocabularies differ.", on: &canvas, in: area)
        }
        func share(_ prediction: Prediction, _ id: Int) -> Double { Double(prediction.probabilities[flat: id]) }
        let ids = mine.ranking(8) + theirs.ranking(8).filter { !mine.ranking(8).contains($0) }
        canvas.write("token            first     second    difference", x: area.x, y: area.y, .dim)
        for (row, id) in ids.prefix(max(0, area.height - 1)).enumerated() {
            let (a, b) = (share(mine, id), share(theirs, id))
            canvas.write(clipped(scene.model.label(id), 14), x: area.x, y: area.y + 1 + row, .text)
            canvas.write(Digits.smallPercent(a), endingAt: area.x + 22, y: area.y + 1 + row, .accent)
            canvas.write(Digits.smallPercent(b), endingAt: area.x + 33, y: area.y + 1 + row, .accent)
            canvas.write(Digits.short(Float(a - b)), endingAt: area.x + 47, y: area.y + 1 + row, .text)
        }
    }

    private func write(_ text: String, on canvas: inout Canvas, in area: Rect) {
        canvas.write(clipped(text, area.width), x: area.x, y: area.y, .dim)
    }

    /// Both texts, position by position; where they differ is marked.
    private func tokens(_ mine: [Int], _ twin: Twin, _ scene: Scene, on canvas: inout Canvas, in area: Rect) {
        let theirs = twin.values.tokens
        var x = area.x
        for position in 0..<max(mine.count, theirs.count) {
            let a = position < mine.count ? scene.model.label(mine[position]) : "–"
            let b = position < theirs.count ? twin.model.label(theirs[position]) : "–"
            let width = max(a.unicodeScalars.count, b.unicodeScalars.count) + 1
            guard x + width < area.maxX - 1 else {
                canvas.write("…", x: x, y: area.y, .dim)
                return
            }
            let style: Style = a == b ? .text : .accent
            canvas.write(a, x: x, y: area.y, style)
            canvas.write(b, x: x, y: area.y + 1, style)
            x += width
        }
    }

    /// The first less the second, as far as both go, marked where it is largest.
    private static func difference(_ a: Heatmap, _ b: Heatmap) -> (map: Heatmap, most: Float)? {
        guard let mine = a.slice, let theirs = b.slice else { return nil }
        let (rows, columns) = (min(a.rows, b.rows), min(a.columns, b.columns))
        guard a.columns == b.columns || a.columns == a.rows, rows > 0, columns > 0 else { return nil }
        var numbers = [Float](repeating: 0, count: rows * columns)
        var (most, place) = (Float(-1), 0)
        for row in 0..<rows {
            for column in 0..<columns where !(a.isCausal && column > row) {
                let (x, y) = (mine[row, column], theirs[row, column])
                let difference = x == y ? 0 : x - y
                numbers[row * columns + column] = difference
                if abs(difference) > most { (most, place) = (abs(difference), row * columns + column) }
            }
        }
        var map = Heatmap(title: "difference", rows: rows, columns: columns)
        map.slice = Slice(Tensor([rows, columns], numbers))
        (map.isCausal, map.rowNames, map.columnNames) = (
            a.isCausal, Array(a.rowNames.prefix(rows)), Array(a.columnNames.prefix(columns))
        )
        if most > 0 { (map.row, map.column) = (place / columns, place % columns) }
        return (map, max(0, most))
    }
}
