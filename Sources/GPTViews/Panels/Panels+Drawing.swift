import Checkpoints
import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

extension App {
    /// Draws what stands in front.
    func drawPanel(_ panel: Panel, on canvas: inout Canvas, in area: Rect) {
        switch panel {
        case .help(let first): drawHelp(first, on: &canvas, in: area)
        case .models(let selected): drawModels(selected, on: &canvas, in: area)
        case .prompt(let editor): drawPrompt(editor, on: &canvas, in: area)
        case .sampling(let editor): drawSampling(editor, on: &canvas, in: area)
        case .continuations(let selected): drawContinuations(selected, on: &canvas, in: area)
        case .ledger(let ledger): drawLedger(ledger, on: &canvas, in: area)
        case .heads(let heads): drawHeads(heads, on: &canvas, in: area)
        case .lens(let lens): drawLens(lens, on: &canvas, in: area)
        }
    }

    private func drawHelp(_ first: Int, on canvas: inout Canvas, in area: Rect) {
        canvas.fill(area)
        let area = area.inset(columns: 2, rows: 1)
        let place =
            switch focus {
            case .timeline: "The timeline has the focus: arrows step."
            case .stage: "The stage has the focus: arrows move the selected cell."
            case .inspector: "The inspector has the focus: it gets the room it needs; arrows step."
            }
        canvas.write([("Keys", .heading), ("   " + place, .dim)], x: area.x, y: area.y)
        canvas.write(
            [
                ("t", .accent),
                (" begins a guided tour: one pass of the built-in model in \(Tour.stops.count) stops", .text),
            ],
            x: area.x, y: area.y + 1)
        let room = area.height - 4
        for (line, binding) in KeyBindings.all.dropFirst(first).prefix(room).enumerated() {
            let worksHere = binding.focus.contains(focus)
            let (symbols, help) = (
                keyNames(binding.symbols, canvas.capabilities), keyNames(binding.help, canvas.capabilities)
            )
            canvas.write(symbols, x: area.x, y: area.y + 2 + line, worksHere ? .accent : .dim)
            canvas.write(help, x: area.x + 12, y: area.y + 2 + line, worksHere ? .text : .dim)
        }
        let left = KeyBindings.all.count - first - room
        let signs = "✓ done  ▸ here  · to come  ∙ masked  ◆ selected  L0 H1 block, head  C4 C at 4"
        canvas.write(left > 0 ? "… \(left) more below" : clipped(signs, area.width), x: area.x, y: area.maxY - 1, .dim)
    }

    /// What was given back, each as the text after the prompt.
    private func drawContinuations(_ selected: Int, on canvas: inout Canvas, in area: Rect) {
        let room = min(stepper.left.count, 10)
        let box = Rect(area.x, area.maxY - room - 3, area.width, room + 3)
        canvas.fill(box, .bar)
        canvas.write(
            [
                ("Continuations", Style(.bright, on: .bar, bold: true)),
                ("  what was there before tokens were given back", Style(.dim, on: .bar)),
            ], x: box.x + 2, y: box.y + 1)
        let first = max(0, min(selected - room / 2, stepper.left.count - room))
        for (line, place) in (first..<first + room).enumerated() {
            let isHere = place == selected
            canvas.link(Rect(box.x, box.y + 2 + line, box.width, 1), to: ClickTarget.row(place).meaning)
            let tokens = stepper.left[place].dropFirst(stepper.promptCount)
            let text = "\(tokens.count) taken: " + tokens.map(model.label).joined(separator: " ")
            canvas.write(isHere ? "▸" : " ", x: box.x + 2, y: box.y + 2 + line, Style(.accent, on: .bar, bold: true))
            canvas.write(
                clipped(text, box.width - 8), x: box.x + 4, y: box.y + 2 + line,
                Style(isHere ? .accent : .text, on: .bar, bold: isHere))
        }
    }

    private func drawPrompt(_ editor: PromptEditor, on canvas: inout Canvas, in area: Rect) {
        let box = Rect(area.x, area.maxY - 4, area.width, 4)
        canvas.fill(box, .bar)
        let label = "\(editor.label)  "
        let start = box.x + 2 + label.count
        canvas.write(label, x: box.x + 2, y: box.y + 1, Style(.dim, on: .bar))
        let room = box.maxX - start - 2
        // What cannot be shown as it is takes several columns, as \u{4F60} does.
        let shown = (editor.text + [" "]).enumerated().flatMap { place, scalar in
            visible(String(scalar)).unicodeScalars.map { (place, $0) }
        }
        let last = shown.lastIndex { $0.0 == editor.cursor } ?? 0
        for (column, (place, scalar)) in shown.dropFirst(max(0, last - room + 1)).prefix(room).enumerated() {
            let isCursor = place == editor.cursor
            canvas[start + column, box.y + 1] = Cell(
                scalar, Style(isCursor ? .background : .bright, on: isCursor ? .accent : .bar))
        }
        let hint = editor.complaint ?? "Enter runs it, Esc leaves it as it was."
        canvas.write(
            clipped(hint, box.width - 4), x: box.x + 2, y: box.y + 2,
            Style(editor.complaint == nil ? .dim : .accent, on: .bar))
    }

    private func drawSampling(_ editor: SamplingEditor, on canvas: inout Canvas, in area: Rect) {
        let box = Rect(area.x, area.maxY - 7, area.width, 7)
        canvas.fill(box, .bar)
        canvas.write("Sampling", x: box.x + 2, y: box.y + 1, Style(.bright, on: .bar, bold: true))
        for (place, (name, value)) in zip(SamplingEditor.names, editor.values).enumerated() {
            let isHere = place == editor.field
            canvas.write(isHere ? "▸" : " ", x: box.x + 2, y: box.y + 2 + place, Style(.accent, on: .bar, bold: true))
            canvas.write(name, x: box.x + 4, y: box.y + 2 + place, Style(.text, on: .bar))
            canvas.write(
                value, x: box.x + 18, y: box.y + 2 + place, Style(isHere ? .accent : .bright, on: .bar, bold: isHere))
        }
        // The effect on the answer after the selected position, if the pass has come that far.
        let scene = Scene(
            model: model, stepper: stepper, values: trace, sampling: editor.sampling, positionNames: scene.positionNames
        )
        guard let prediction = scene.prediction else {
            canvas.write(
                "The bars appear here once the logits are computed.", x: box.x + 30, y: box.y + 2, Style(.dim, on: .bar)
            )
            return
        }
        for (place, id) in prediction.ranking(5).enumerated() {
            let share = prediction.probabilities[flat: id]
            let y = box.y + 1 + place
            canvas.write(
                model.label(id), endingAt: box.x + 44, y: y, Style(id == prediction.token ? .accent : .text, on: .bar))
            for step in 0..<Int((share.isFinite ? Double(share) : 0) * 20) {
                canvas[box.x + 46 + step, y] = Cell(
                    " ", Style(.ink, on: Ramp.sequential.role(max(0.25, Double(share)))))
            }
            let isCut = prediction.filtered[flat: id] == -.infinity
            canvas.write(
                isCut ? "filtered out" : String(format: "%.2f %%", 100 * share), x: box.x + 67, y: y,
                Style(.text, on: .bar))
        }
    }
}
