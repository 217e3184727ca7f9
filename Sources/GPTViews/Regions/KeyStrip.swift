import Foundation
import TerminalKit

/// What can be pressed now, most needed first; whole entries drop from the right when the width shrinks.
struct KeyStrip {
    let focus: Focus
    let panel: Panel?
    /// The keys of the guided tour, which come first; empty where there is none.
    let tour: [(String, String)]
    /// Whether Enter takes the candidate that is chosen.
    let takes: Bool

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

    private var entries: [(String, String)] {
        tour + entriesOfPanel
    }

    private var entriesOfPanel: [(String, String)] {
        switch panel {
        case .continuations: [("↓ ↑", "choose"), ("Enter", "take it up"), ("Esc", "close")]
        case nil:
            KeyBindings.all.filter { !$0.word.isEmpty && $0.focus.contains(focus) && isShown($0) }.map {
                ($0.symbols, takes && $0.keys.contains { $0.key == .enter } ? "take it" : $0.word)
            }
        case .ledger(let ledger):
            [("↓ ↑", "row"), ("Enter", "its source"), ("Esc", "back")]
                + (ledger.top.hasParts ? [("w", ledger.top.view == .terms ? "whole stream" : "terms")] : [])
                + [("Tab", "operand"), ("s", "order"), ("y", "copy the way")]
        case .heads(let heads):
            [
                ("arrows", "choose"), ("Enter", "open it"), ("s", "sort"),
                ("a", heads.block == nil ? "one block" : "all blocks"),
            ] + (heads.block == nil ? [] : [("[ ]", "block")]) + [("Esc", "close")]
        case .lens(let lens):
            [
                ("↓ ↑", "write"), ("← →", "position"), ("p", lens.isWide ? "one position" : "all positions"),
                ("Enter", "go there"), ("Esc", "close"),
            ]
        case .help: [("↓ ↑", "scroll"), ("t", "guided tour"), ("Esc", "close")]
        case .models: [("↓ ↑", "choose"), ("Enter", "open"), ("Esc", "close")]
        case .prompt: [("Enter", "run"), ("Esc", "leave as it was"), ("← →", "move"), ("Ctrl-U", "clear")]
        case .sampling: [("↓ ↑", "setting"), ("← →", "change"), ("Enter", "use"), ("Esc", "leave as it was")]
        }
    }

    /// Arrows step where they step; elsewhere the letter is shown in their place.
    private func isShown(_ binding: KeyBinding) -> Bool { focus == .stage || binding.symbols != "s S" }
}

/// Keys as they are written on a screen: arrows by name where there are none, since `>` is a key of its own.
func keyNames(_ text: String, _ capabilities: Capabilities) -> String {
    guard !capabilities.unicode else { return text }
    return [("→", "Right"), ("←", "Left"), ("↓", "Down"), ("↑", "Up")].reduce(text) {
        $0.replacingOccurrences(of: $1.0, with: $1.1)
    }
}
