import Checkpoints
import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// The presets side by side: numbers, parameters by part, and bars to scale, so that one sees what grows.
struct ModelsPanel: Panel {
    private var selected: Int
    /// Where weights come from.
    private let source: String
    let place = PanelPlace.screen

    init(_ app: App, _ screen: Screen) {
        selected = app.session.choices.firstIndex(of: app.session.choice) ?? 0
        source = screen.source
    }

    var row: Int? {
        get { selected }
        set { selected = newValue ?? selected }
    }

    func keys(_ app: App) -> [(String, String)] {
        [("↓ ↑", "choose"), ("Enter", "open")]
            + (FetchPanel.offers(app.session.choices[selected]) ? [("f", "fetch the weights")] : []) + [
                ("Esc", "close")
            ]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        let choices = app.session.choices
        switch key {
        case .enter:
            // What is open already stays as it is. Nothing here may hold the model: its memory is given back as it closes.
            let choice = choices[selected]
            if choice != app.session.choice { app.open(choice, keepsText: true) }
            return .closes()
        case .character("f") where FetchPanel.offers(choices[selected]):
            app.panels.append(FetchPanel(choices[selected], screen))
            return .closes(.fetch(choices[selected].name))
        case .escape, .character("q"), .character("m"): return .closes()
        default: selected = Self.move(key, from: selected, of: choices.count) ?? selected
        }
        return .stays()
    }

    // MARK: Drawing

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        canvas.fill(area)
        var area = area.inset(columns: 2, rows: 1)
        canvas.write(
            [("Models", .heading), ("   what grows from one to the next; Enter opens one", .dim)], x: area.x,
            y: area.takeTop(2).y)
        let presets = app.session.choices
        let columns = ["blocks", "heads", "width", "context", "vocab", "params", "FLOP/token", "memory"]
        let edges = [20, 26, 33, 41, 49, 57, 68, 76]
        for (name, edge) in zip(columns, edges) { canvas.write(name, endingAt: area.x + edge, y: area.y, .dim) }
        _ = area.takeTop(1)
        for (place, preset) in presets.enumerated() {
            let y = area.takeTop(1).y
            let isHere = place == selected
            canvas.link(Rect(area.x, y, area.width, 1), to: ClickTarget.row(place).meaning)
            if isHere { canvas.fill(Rect(area.x - 1, y, area.width + 1, 1), .here) }
            let ground: Role = isHere ? .here : .background
            let shape = preset.configuration
            let style = Style(isHere ? .bright : .text, on: ground, bold: isHere)
            canvas.write(isHere ? "▸ " : "  ", x: area.x, y: y, Style(.accent, on: ground, bold: true))
            canvas.write(clipped(preset.name, 14), x: area.x + 2, y: y, style)
            let values = [
                "\(shape.layerCount)", "\(shape.headCount)", "\(shape.width)", "\(shape.contextLength)",
                grouped(shape.vocabularySize),
                magnitude(shape.parameterCount), magnitude(shape.flopsPerToken), byteCount(preset.weightBytes),
            ]
            for (value, edge) in zip(values, edges) { canvas.write(value, endingAt: area.x + edge, y: y, style) }
        }
        _ = area.takeTop(1)
        drawSelected(presets[selected], of: app.session, on: &canvas, in: area.takeTop(9))
        guard area.height >= presets.count + 2 else { return }
        drawScale(presets, selected, on: &canvas, in: area)
    }

    /// The chosen one's parameters by part, each bar its share.
    private func drawSelected(_ preset: Preset, of session: Session, on canvas: inout Canvas, in area: Rect) {
        let state =
            switch preset.availability {
            case .loaded where preset.origin == .builtIn: "trained, built in"
            case .loaded:
                ["the checkpoint of this session", session.checkpoint?.remark].compactMap(\.self).joined(
                    separator: " · ")
            case .absent where !FetchPanel.offers(preset): "its own weights are here, in the Hugging Face cache"
            case .shapes: "shapes only: every operation with its cost, no numbers"
            case .absent, .random: "opens with random weights: real mechanics, numbers that mean nothing"
            }
        canvas.write(
            [
                (preset.name, .accent),
                (
                    "  \(grouped(preset.configuration.parameterCount)) parameters, \(byteCount(preset.weightBytes)) in memory",
                    .text
                ),
            ],
            x: area.x, y: area.y)
        canvas.write(clipped("  " + state, area.width), x: area.x, y: area.y + 1, .dim)
        let isOffered = FetchPanel.offers(preset)
        if isOffered {
            canvas.write(
                clipped("  " + FetchPanel.offer(preset, source), area.width), x: area.x, y: area.y + 2, .text)
        }
        let census = preset.configuration.census
        for (place, (part, count)) in census.enumerated() {
            let y = area.y + (isOffered ? 3 : 2) + place
            let share = Double(count) / Double(preset.configuration.parameterCount)
            let isTied = part == "output head" && preset.configuration.tiesEmbeddings
            canvas.write(isTied ? "head = token table" : part, x: area.x + 2, y: y, .text)
            canvas.write(grouped(count), endingAt: area.x + 34, y: y, .text)
            canvas.write(String(format: "%.1f %%", 100 * share), endingAt: area.x + 43, y: y, .dim)
            bar(share, width: 30, x: area.x + 45, y: y, on: &canvas)
        }
    }

    /// All on one scale: a bar a tenth as long is a tenth as large, then the same on a scale of powers of ten.
    private func drawScale(_ presets: [Preset], _ selected: Int, on canvas: inout Canvas, in area: Rect) {
        let largest = Double(presets.map(\.configuration.parameterCount).max() ?? 1)
        let width = max(10, (area.width - 20) / 2 - 4)
        canvas.write("parameters to scale", x: area.x + 16, y: area.y, .dim)
        canvas.write("by powers of ten", x: area.x + 20 + width, y: area.y, .dim)
        for (place, preset) in presets.enumerated() {
            let y = area.y + 1 + place
            let count = Double(preset.configuration.parameterCount)
            canvas.write(clipped(preset.name, 13), x: area.x + 2, y: y, place == selected ? .accent : .text)
            bar(count / largest, width: width, x: area.x + 16, y: y, on: &canvas)
            bar(log10(count) / log10(largest), width: width, x: area.x + 20 + width, y: y, on: &canvas)
        }
    }

    private func bar(_ share: Double, width: Int, x: Int, y: Int, on canvas: inout Canvas) {
        let eighths = Int((share * Double(width) * 8).rounded())
        for step in 0..<eighths / 8 { canvas[x + step, y] = Cell("█", Style(.ramp(.sequential, 128))) }
        // A thing that is there is never shown as nothing.
        let partial: [Unicode.Scalar] = ["▏", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        if eighths < 8 * width, eighths % 8 > 0 || eighths == 0, share > 0 {
            canvas[x + eighths / 8, y] = Cell(partial[eighths % 8], Style(.ramp(.sequential, 128)))
        }
    }

    /// A number with three digits and its magnitude: `124M`.
    private func magnitude(_ value: Int) -> String {
        let unit = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")].first { Double(value) >= $0.0 }
        guard let (size, name) = unit else { return "\(value)" }
        let number = Double(value) / size
        return String(format: number < 10 ? "%.2f%@" : number < 100 ? "%.1f%@" : "%.0f%@", number, name)
    }
}
