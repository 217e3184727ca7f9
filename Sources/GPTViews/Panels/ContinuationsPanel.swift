import GPTFigures
import GPTStepper
import TerminalKit

/// What was there before tokens were given back, to be taken up again.
struct ContinuationsPanel: Panel {
    private var selected: Int
    let place = PanelPlace.screen

    init(_ app: App, _ screen: Screen) throws(Refusal) {
        guard !app.session.stepper.left.isEmpty else {
            throw Refusal("No continuation was left: T gives a token back, and keeps what was there.")
        }
        selected = app.session.stepper.left.count - 1
    }

    var row: Int? {
        get { selected }
        set { selected = newValue ?? selected }
    }

    func keys(_ app: App) -> [(String, String)] { [("↓ ↑", "choose"), ("Enter", "take it up"), ("Esc", "close")] }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        let left = app.session.stepper.left
        switch key {
        case .enter:
            app.session.perform(.takeUp(left[selected]))
            return .closes()
        case .escape, .character("q"), .character("R"): return .closes()
        default: selected = Self.move(key, from: selected, of: left.count) ?? selected
        }
        return .stays()
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let room = min(app.session.stepper.left.count, 10)
        let box = Rect(area.x, area.maxY - room - 3, area.width, room + 3)
        canvas.fill(box, .bar)
        canvas.write(
            [
                ("Continuations", Style(.bright, on: .bar, bold: true)),
                ("  what was there before tokens were given back", Style(.dim, on: .bar)),
            ], x: box.x + 2, y: box.y + 1)
        let first = max(0, min(selected - room / 2, app.session.stepper.left.count - room))
        for (line, place) in (first..<first + room).enumerated() {
            let isHere = place == selected
            canvas.link(Rect(box.x, box.y + 2 + line, box.width, 1), to: ClickTarget.row(place).meaning)
            let tokens = app.session.stepper.left[place].dropFirst(app.session.stepper.promptCount)
            let text = "\(tokens.count) taken: " + tokens.map(app.session.model.label).joined(separator: " ")
            canvas.write(isHere ? "▸" : " ", x: box.x + 2, y: box.y + 2 + line, Style(.accent, on: .bar, bold: true))
            canvas.write(
                clipped(text, box.width - 8), x: box.x + 4, y: box.y + 2 + line,
                Style(isHere ? .accent : .text, on: .bar, bold: isHere))
        }
    }
}
