import GPTFigures
import Checkpoints
import GPTEngine
import GPTStepper
import TerminalKit

/// A line of text that is being edited: a prompt, or token ids for a model that reads no text.
struct PromptPanel: Panel {
    private var text: [Unicode.Scalar]
    private var cursor: Int
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
        text = Array((readsIDs ? tokens.map(String.init).joined(separator: ",") : prompt).unicodeScalars)
        cursor = text.count
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
        default: edit(key)
        }
        return .stays()
    }

    private mutating func edit(_ key: Key) {
        complaint = nil
        switch key {
        case .character(let scalar):
            text.insert(scalar, at: cursor)
            cursor += 1
        case .backspace where cursor > 0:
            cursor -= 1
            text.remove(at: cursor)
        case .delete where cursor < text.count: text.remove(at: cursor)
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(text.count, cursor + 1)
        case .home, .control("a"): cursor = 0
        case .end, .control("e"): cursor = text.count
        case .control("u"):
            text.removeSubrange(..<cursor)
            cursor = 0
        case .control("k"): text.removeSubrange(cursor...)
        default: break
        }
    }

    /// The tokens of the text.
    private func tokens() throws(PromptError) -> [Int] {
        let string = String(String.UnicodeScalarView(text))
        guard readsIDs else { return try model.encode(Array(string.utf8)) }
        let parts = string.split { $0 == "," || $0 == " " }
        if let other = parts.first(where: { Int($0) == nil }) { throw .notAnID(visible(String(other))) }
        return try model.check(parts.compactMap { Int($0) })
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let box = Rect(area.x, area.maxY - 4, area.width, 4)
        canvas.fill(box, .bar)
        let label = "\(label)  "
        let start = box.x + 2 + label.count
        canvas.write(label, x: box.x + 2, y: box.y + 1, Style(.dim, on: .bar))
        let room = box.maxX - start - 2
        // What cannot be shown as it is takes several columns, as \u{4F60} does.
        let shown = (text + [" "]).enumerated().flatMap { place, scalar in
            visible(String(scalar)).unicodeScalars.map { (place, $0) }
        }
        let last = shown.lastIndex { $0.0 == cursor } ?? 0
        for (column, (place, scalar)) in shown.dropFirst(max(0, last - room + 1)).prefix(room).enumerated() {
            let isCursor = place == cursor
            canvas[start + column, box.y + 1] = Cell(
                scalar, Style(isCursor ? .background : .bright, on: isCursor ? .accent : .bar))
        }
        let hint = complaint ?? "Enter runs it, Esc leaves it as it was."
        canvas.write(
            clipped(hint, box.width - 4), x: box.x + 2, y: box.y + 2,
            Style(complaint == nil ? .dim : .accent, on: .bar))
    }
}
