import GPTStepper
import TerminalKit

/// The tokens of the pass as chips: the prompt, then what was taken; the selected one stays in sight.
struct PromptLine {
    let scene: Scene

    func draw(on canvas: inout Canvas, in area: Rect) {
        let tokens = scene.stepper.tokens
        let label = { (index: Int) in scene.model.label(tokens[index]) }
        let width = { (index: Int) in label(index).unicodeScalars.count + "\(index)".count + 3 }
        canvas.write("prompt", x: area.x, y: area.y, .dim)
        let start = area.x + 9
        let selected = scene.selection.position

        // As many before the selected one as fit, then as many after.
        var first = selected
        var room = area.maxX - start - width(selected) - 4
        while first > 0, room >= width(first - 1) {
            first -= 1
            room -= width(first)
        }
        var x = start
        if first > 0 { x = canvas.write("… ", x: x, y: area.y, .dim) }
        for index in first..<tokens.count {
            if x + width(index) + 2 > area.maxX {
                canvas.write("…", x: x, y: area.y, .dim)
                break
            }
            if index == scene.stepper.promptCount { x = canvas.write("→ ", x: x, y: area.y, .dim) }
            let isSelected = index == selected
            canvas.link(Rect(x, area.y, width(index), 1), to: ClickTarget.position(index).meaning)
            let chip = Style(isSelected ? .accent : .bright, on: isSelected ? .here : .bar, bold: true)
            x = canvas.write(" \(label(index)) ", x: x, y: area.y, chip)
            x = canvas.write("\(index) ", x: x, y: area.y, isSelected ? .accent : .dim)
        }
    }
}
