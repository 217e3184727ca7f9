import GPTFigures
import Checkpoints
import GPTEngine
import GPTStepper
import TerminalKit

/// A line of text that is being edited: a prompt, or token ids for a model that reads no text.
struct PromptPanel: Panel {
    private var line: LineEditor
    /// Why the text could not be run.
    private var complaint: String?
    private let model: Model
    /// Whether ids are typed in place of text.
    private let readsIDs: Bool
    let place = PanelPlace.screen

    /// Begins with the prompt that is there: as text where that says the same tokens, else as ids.
    init(_ app: App, _ screen: Screen) {
        let tokens = Array(app.session.stepper.tokens.prefix(app.session.stepper.promptCount))
        model = app.session.model
        let prompt = String(decoding: model.promptBytes(tokens), as: UTF8.self)
        readsIDs = (try? model.encode(Array(prompt.utf8))) != tokens
        line = LineEditor(readsIDs ? tokens.map(String.init).joined(separator: ",") : prompt)
    }

    /// What is to be typed.
    private var label: String { readsIDs ? "ids" : "prompt" }

    var takesText: Bool { true }

    func keys(_ app: App) -> [(String, String)] {
        [("Enter", "run"), ("Esc", "leave as it was"), ("← →", "move"), ("Ctrl-U", "clear")]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape: return .closes()
        case .enter:
            do {
                if case .refused(let sentence) = app.session.perform(.prompt(try tokens())) {
                    complaint = sentence
                    return .stays()
                }
                app.view.reset()
                return .closes()
            } catch {
                complaint = error.description
            }
        default:
            complaint = nil
            line.press(key)
        }
        return .stays()
    }

    /// The tokens of the text.
    private func tokens() throws(PromptError) -> [Int] {
        let string = line.string
        guard readsIDs else { return try model.encode(Array(string.utf8)) }
        let parts = string.split { $0 == "," || $0 == " " }
        if let other = parts.first(where: { Int($0) == nil }) { throw .notAnID(visible(String(other))) }
        return try model.check(parts.compactMap { Int($0) })
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let box = Rect(area.x, area.maxY - 4, area.width, 4)
        canvas.fill(box, .bar)
        line.draw(label: "\(label)  ", on: &canvas, in: Rect(box.x, box.y + 1, box.width, 1))
        let hint = complaint ?? "Enter runs it, Esc leaves it as it was."
        canvas.write(
            clipped(hint, box.width - 4), x: box.x + 2, y: box.y + 2,
            Style(complaint == nil ? .dim : .accent, on: .bar))
    }
}
