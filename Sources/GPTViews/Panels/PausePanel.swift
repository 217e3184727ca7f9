import GPTFigures
import TerminalKit

/// A script that waits for Enter, with what it says.
struct PausePanel: Panel {
    private let words: String
    let place = PanelPlace.screen

    init(_ words: String) { self.words = words.isEmpty ? "paused" : words }
    init(_ app: App, _ screen: Screen) throws(Refusal) { throw Refusal("No script is running.") }

    func keys(_ app: App) -> [(String, String)] { [("Enter", "go on"), ("Esc", "stop the script")] }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .enter, .character(" "): return .closes()
        case .escape, .character("q"):
            app.session.stopActing()
            return .closes()
        default: return .stays()
        }
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let lines = wrapped(words, width: area.width - 4).prefix(6)
        let box = Rect(area.x, area.maxY - lines.count - 2, area.width, lines.count + 2)
        canvas.fill(box, .bar)
        for (row, line) in lines.enumerated() {
            canvas.write(line, x: box.x + 2, y: box.y + 1 + row, Style(.bright, on: .bar))
        }
    }
}
