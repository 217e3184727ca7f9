import Checkpoints
import GPTFigures
import TerminalKit

/// A line of text with a cursor in it.
struct LineEditor {
    private(set) var text: [Unicode.Scalar]
    private(set) var cursor: Int

    /// Begins with a text, the cursor at its end.
    init(_ text: String = "") {
        self.text = Array(text.unicodeScalars)
        cursor = self.text.count
    }

    var string: String { String(String.UnicodeScalarView(text)) }

    /// What stands before the cursor.
    var before: String { String(String.UnicodeScalarView(text[..<cursor])) }

    /// Puts text in the place of the last `count` scalars before the cursor.
    mutating func replace(last count: Int, by other: String) {
        text.replaceSubrange(cursor - count..<cursor, with: Array(other.unicodeScalars))
        cursor += other.unicodeScalars.count - count
    }

    /// Takes a key that edits; others change nothing.
    mutating func press(_ key: Key) {
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
        case .control("w"):
            var start = cursor
            while start > 0, text[start - 1] == " " { start -= 1 }
            while start > 0, text[start - 1] != " " { start -= 1 }
            text.removeSubrange(start..<cursor)
            cursor = start
        default: break
        }
    }

    /// Draws it after a label on a bar, the cursor in sight.
    func draw(label: String, on canvas: inout Canvas, in box: Rect) {
        canvas.write(label, x: box.x + 2, y: box.y, Style(.dim, on: .bar))
        let start = box.x + 2 + label.unicodeScalars.count
        let room = box.maxX - start - 2
        // What cannot be shown as it is takes several columns, as \u{4F60} does.
        let shown = (text + [" "]).enumerated().flatMap { place, scalar in
            visible(String(scalar)).unicodeScalars.map { (place, $0) }
        }
        let last = shown.lastIndex { $0.0 == cursor } ?? 0
        for (column, (place, scalar)) in shown.dropFirst(max(0, last - room + 1)).prefix(room).enumerated() {
            let isCursor = place == cursor
            canvas[start + column, box.y] = Cell(
                scalar, Style(isCursor ? .background : .bright, on: isCursor ? .accent : .bar))
        }
    }
}
