import Foundation
import TerminalKit

/// What can be pressed now, most needed first; whole entries drop from the right when the width shrinks.
struct KeyStrip {
    /// The keys with a word each.
    let entries: [(String, String)]

    /// What can be pressed in an app: what guides comes first, then what is in front, or the table of keys.
    init(_ app: App) {
        entries = (app.guide?.keys(app) ?? []) + (app.front?.keys(app) ?? Self.bindings(app))
    }

    func draw(on canvas: inout Canvas, in area: Rect) {
        canvas.fill(area, .bar)
        var x = area.x + 1
        for (signs, word) in entries {
            let symbols = keyNames(signs, canvas.capabilities)
            guard x + symbols.unicodeScalars.count + 1 + word.unicodeScalars.count < area.maxX else { break }
            x = canvas.write(symbols, x: x, y: area.y, Style(.accent, on: .bar, bold: true))
            x = canvas.write(" " + word, x: x, y: area.y, Style(.text, on: .bar)) + 2
        }
    }

    private static func bindings(_ app: App) -> [(String, String)] {
        let fault = app.session.faults.first.map { [(KeyBindings.fault.symbols, "first \($0.name)")] } ?? []
        return fault
            + KeyBindings.all.filter {
                // Arrows step where they step; elsewhere the letter is shown in their place.
                !$0.word.isEmpty && $0.focus.contains(app.focus) && (app.focus == .stage || $0.symbols != "s S")
            }.map { ($0.symbols, app.takesByHand && $0.keys.contains { $0.key == .enter } ? "take it" : $0.word) }
    }
}

/// Keys as they are written on a screen: arrows by name where there are none, since `>` is a key of its own.
func keyNames(_ text: String, _ capabilities: Capabilities) -> String {
    guard !capabilities.unicode else { return text }
    return [("→", "Right"), ("←", "Left"), ("↓", "Down"), ("↑", "Up")].reduce(text) {
        $0.replacingOccurrences(of: $1.0, with: $1.1)
    }
}
