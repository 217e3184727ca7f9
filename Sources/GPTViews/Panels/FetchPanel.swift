import Checkpoints
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// The weights of a preset on their way: how much is here, how fast it comes, and how long it takes.
struct FetchPanel: Panel {
    private let preset: Preset
    private let source: String
    private var progress = FetchProgress(.waiting("asking the hub"))
    let place = PanelPlace.screen

    init(_ app: App, _ screen: Screen) throws(Refusal) {
        throw Refusal("Which model? m lists them, and f there fetches one.")
    }

    init(_ preset: Preset, _ screen: Screen) { (self.preset, source) = (preset, screen.source) }

    /// Whether the weights of a preset are published and not on this machine.
    static func offers(_ preset: Preset) -> Bool {
        preset.origin == .hub && preset.fitsInMemory && Model.snapshot(of: preset.name, in: HubCache()) == nil
    }

    /// What is offered, in a line: how much, from where, to where.
    static func offer(_ preset: Preset, _ source: String) -> String {
        "f fetches about \(byteCount(preset.weightBytes)) from \(source) to \(folder)"
    }

    /// Where they go, as a person writes it.
    private static var folder: String {
        let (path, home) = (visible(HubCache().root), RawText.environment["HOME"] ?? "")
        return !home.isEmpty && path.hasPrefix(home + "/") ? "~" + path.dropFirst(home.count) : path
    }

    var isRunning: Bool {
        switch progress.phase {
        case .waiting, .receiving: true
        case .done, .interrupted, .failed: false
        }
    }

    func keys(_ app: App) -> [(String, String)] {
        isRunning ? [("Esc", "interrupt; what came is kept")] : [("Enter", "go on"), ("Esc", "close")]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape, .character("q"): return isRunning ? .stays(.stopFetching) : .closes()
        case .enter where !isRunning:
            progress = FetchProgress(.waiting("asking the hub"))
            return .stays(.fetch(preset.name))
        default: return .stays()
        }
    }

    mutating func hear(_ progress: FetchProgress, _ app: inout App) -> Answer {
        self.progress = progress
        guard progress.phase == .done else { return .stays() }
        // The same operation of the model with its own weights, where there is one.
        let address = app.session.stepper.node.address
        guard app.open(preset, keepsText: true) else { return .closes() }
        if let node = try? app.session.stepper.program.quantity(at: address).node {
            app.session.perform(.goto(node))
        }
        app.session.notice = "\(preset.name) is here, checked, and open with its own weights."
        return .closes()
    }

    // MARK: Drawing

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let room = area.width - 4
        var failure: [String] = []
        if case .failed(let sentence) = progress.phase { failure = wrapped(sentence, width: room) }
        let height = max(9, 6 + failure.count)
        let box = Rect(area.x, area.maxY - height, area.width, height)
        canvas.fill(box, .bar)
        let x = box.x + 2
        func line(_ y: Int, _ text: String, _ role: Role = .text) {
            canvas.write(clipped(text, room), x: x, y: box.y + y, Style(role, on: .bar))
        }
        canvas.write("Fetching \(preset.name)", x: x, y: box.y + 1, Style(.bright, on: .bar, bold: true))
        let name = HubReference.candidates(for: preset.name).first.map { "\($0)" } ?? preset.name
        line(2, "from  \(source)/\(name)", .dim)
        line(3, "to    \(Self.folder)", .dim)
        switch progress.phase {
        case .waiting(let reason): line(5, progress.file.isEmpty ? reason : "\(progress.file): \(reason)")
        case .receiving: drawBar(on: &canvas, x: x, y: box.y + 5, room: room)
        case .done: line(5, "All of it is here and checked.")
        case .interrupted: line(5, "Interrupted; what came is kept. Enter goes on from there.", .accent)
        case .failed: for (place, text) in failure.enumerated() { line(5 + place, text, .accent) }
        }
    }

    private func drawBar(on canvas: inout Canvas, x: Int, y: Int, room: Int) {
        var facts = [byteCount(progress.bytes) + (progress.size.map { " of \(byteCount($0))" } ?? "")]
        if let rate = progress.rate { facts.append("\(byteCount(Int(rate)))/s") }
        if let seconds = progress.secondsLeft { facts.append("\(duration(seconds)) left") }
        canvas.write(
            clipped("\(progress.file)   " + facts.joined(separator: " · "), room), x: x, y: y, Style(.text, on: .bar))
        guard let size = progress.size, size > 0 else { return }
        let width = min(60, room)
        let done = Int(Double(width) * min(1, Double(progress.bytes) / Double(size)))
        for step in 0..<width {
            canvas[x + step, y + 1] = Cell(
                step < done ? "█" : "░", Style(step < done ? .ramp(.sequential, 160) : .faint, on: .bar))
        }
    }
}
