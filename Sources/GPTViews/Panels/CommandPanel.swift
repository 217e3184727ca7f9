import Checkpoints
import GPTFigures
import GPTStepper
import TerminalKit

/// The `:` line: commands of the language, with what was typed before and what may follow.
struct CommandPanel: Panel {
    private var line: LineEditor
    /// How far back in what was typed before one is, and what was being typed.
    private var past: (index: Int, typed: String)?
    private var hint = "Tab completes, ↑ goes back, Enter runs it; help lists all commands."
    let place = PanelPlace.screen

    init(_ app: App, _ screen: Screen) { line = LineEditor() }

    /// Begins with a text.
    init(_ text: String) { line = LineEditor(text) }

    var takesText: Bool { true }

    func keys(_ app: App) -> [(String, String)] {
        [("Enter", "run"), ("Tab", "complete"), ("↑ ↓", "history"), ("Esc", "leave"), ("Ctrl-U", "clear")]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape: return .closes()
        case .backspace where line.text.isEmpty: return .closes()
        case .enter: return run(&app)
        case .tab: complete(app)
        case .up: go(back: 1, app)
        case .down: go(back: -1, app)
        default:
            past = nil
            line.press(key)
        }
        return .stays()
    }

    private mutating func run(_ app: inout App) -> Answer {
        // An empty line repeats the last command.
        let text = line.text.allSatisfy { $0 == " " } ? app.session.lastLine : line.string
        guard !text.isEmpty else { return .closes() }
        do {
            try app.session.run(text)
            app.session.lastLine = text
            if app.session.history.last != text { app.session.history.append(text) }
            return .closes()
        } catch let error as LanguageError {
            hint = error.place.line > 1 ? "\(error)" : "column \(error.place.column): \(error.message)"
        } catch { hint = "\(error)" }
        return .stays()
    }

    /// Goes through what was typed before and begins as this does.
    private mutating func go(back step: Int, _ app: App) {
        let typed = past?.typed ?? line.string
        let fitting = app.session.history.indices.reversed().filter { app.session.history[$0].hasPrefix(typed) }
        let next = (past?.index ?? -1) + step
        guard next < fitting.count else { return }
        past = next < 0 ? nil : (next, typed)
        line = LineEditor(next < 0 ? typed : app.session.history[fitting[next]])
    }

    private mutating func complete(_ app: App) {
        let completion = app.session.completion(of: line.before)
        guard !completion.candidates.isEmpty else { return hint = "Nothing follows that is known here." }
        let common = completion.common
        line.replace(last: completion.length, by: common)
        hint = completion.candidates.count == 1 ? "" : completion.candidates.prefix(40).joined(separator: "  ")
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let lines = wrapped(visible(hint), width: area.width - 4).prefix(4)
        let box = Rect(area.x, area.maxY - 3 - max(1, lines.count), area.width, 3 + max(1, lines.count))
        canvas.fill(box, .bar)
        line.draw(label: ":", on: &canvas, in: Rect(box.x, box.y + 1, box.width, 1))
        for (row, text) in lines.enumerated() {
            canvas.write(clipped(text, box.width - 4), x: box.x + 2, y: box.y + 2 + row, Style(.dim, on: .bar))
        }
    }
}
