import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// A guided pass over a built-in model: it steps the real program, points at what it speaks of, and ticks a stop off
/// when the reader has done what it asks.
struct TourPanel: Panel {
    let tour: Tour
    let text: TourText
    /// The stop that one is at.
    private var stopPlace = 0
    /// Whether its task was done.
    private(set) var isDone = false
    /// Where the program was when the stop began.
    private var begun: Stepper
    /// What there was before the tour, with the values of its pass, to be there again after it; empty where nothing would
    /// be lost.
    private var before: [App]
    let place = PanelPlace.guide

    init(_ app: App, _ screen: Screen) { self.init(.sorting, app, screen) }

    private init(_ tour: Tour, _ app: App, _ screen: Screen) {
        self.tour = tour
        text = TourText(tour.name, language: screen.language)
        begun = app.session.stepper
        // Begun in the midst of one, it still ends where that was begun.
        let running = app.guide as? TourPanel
        before = running?.before ?? (app.isUntouched(by: tour) ? [] : [app])
    }

    /// Opens the model of a tour on its own prompt and begins at the first stop; what was there is kept for later.
    static func start(_ tour: Tour, _ app: inout App, _ screen: Screen) {
        guard let preset = Preset.named(tour.preset) else { return }
        var panel = TourPanel(tour, app, screen)
        app.panels = []
        guard app.open(preset, keepsText: false) else { return }
        panel.begin(&app)
        app.panels = [panel]
    }

    /// The stop that one is at.
    var stop: Tour.Stop { tour.stops[stopPlace] }
    /// Its words.
    var words: TourText.Stop? { text.stops.first { $0.id == stop.id } }
    /// Whether there is no stop after this one.
    var isLast: Bool { stopPlace == tour.stops.count - 1 }

    /// Goes some stops on or back.
    private mutating func move(_ offset: Int, _ app: inout App) {
        stopPlace = min(max(0, stopPlace + offset), tour.stops.count - 1)
        begin(&app)
    }

    /// Ticks the stop off when its task was done.
    mutating func look(at app: App) { isDone = isDone || stop.isDone(app, begun) }

    /// Lines that its box takes: title, words and task.
    func height(width: Int) -> Int {
        2 + wrapped(words?.body ?? "", width: Self.textWidth(width)).count
    }

    static func textWidth(_ width: Int) -> Int { min(110, width - 2) }

    /// In a panel Esc and Backspace belong to that, and where one writes all keys do.
    func keys(_ app: App) -> [(String, String)] {
        let words = text.words
        let next = ("Space", isLast ? words.leave : words.next)
        if let front = app.front { return front.takesText || front.isRunning ? [] : [next] }
        return [next, ("Backspace", words.back), ("Esc", app.focus == .timeline ? words.leave : words.timeline)]
    }

    mutating func lead(_ key: Key, _ app: inout App) -> Answer {
        // What is typed into, or runs, has all keys.
        if let front = app.front, front.takesText || front.isRunning { return .passes() }
        switch key {
        case .character(" "):
            if isLast { return leave(&app) }
            move(1, &app)
        case .backspace where app.front == nil: move(-1, &app)
        case .escape where app.front == nil && app.focus == .timeline: return leave(&app)
        default: return .passes()
        }
        return .stays()
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer { .passes() }

    /// Ends the tour; what was there before it is there again.
    private func leave(_ app: inout App) -> Answer {
        let language = text.words
        if let session = before.first {
            app = session
            app.session.notice = language.restored
        } else {
            app.panels = []
            app.session.notice = language.left
        }
        return .closes()
    }

    private mutating func begin(_ app: inout App) {
        (app.panels, app.focus) = ([], stop.focus)
        app.view.reset()
        // What was changed at the stop before is as it was.
        app.session.clearEdits()
        let (stepper, count) = (app.session.stepper, app.session.stepper.tokens.count)
        if let node = try? stepper.program.quantity(at: stop.address).node { app.session.perform(.goto(node)) }
        if let head = stop.head { app.session.perform(.head(head - stepper.selection.head)) }
        app.session.perform(
            .position(stop.position < 0 ? count + stop.position : min(stop.position, count - 1), key: 0))
        (begun, isDone) = (app.session.stepper, false)
    }

    // MARK: Drawing

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let layout = ScreenLayout(canvas.size)
        guard let words else { return }
        let top = app.stageArea(canvas.size).maxY
        let box = Rect(layout.stage.x, top, layout.stage.width, layout.stage.maxY - top)
        canvas.fill(box, .bar)
        func shown(_ text: String) -> String { Self.shown(text, canvas.capabilities) }
        let place = "\(stopPlace + 1)/\(tour.stops.count)"
        canvas.write(
            [(place + "  ", Style(.dim, on: .bar)), (shown(words.title), Style(.bright, on: .bar, bold: true))],
            x: box.x + 1, y: box.y)
        for (line, text) in wrapped(shown(words.body), width: Self.textWidth(box.width)).enumerated() {
            canvas.write(text, x: box.x + 1, y: box.y + 1 + line, Style(.text, on: .bar))
        }
        canvas.write(
            [
                (isDone ? "✓ " : "▸ ", Style(.accent, on: .bar, bold: true)),
                (shown(words.task), Style(.accent, on: .bar, bold: !isDone)),
            ], x: box.x + 1, y: box.maxY - 1, limit: box.maxX)
        // A bar at the edge of what the stop speaks of.
        let region =
            switch stop.region {
            case .timeline: layout.timeline
            case .prompt: layout.prompt
            case .stage: app.stageArea(canvas.size)
            }
        for y in region.y..<region.maxY { canvas[max(0, region.x - 1), y] = Cell("▌", .accent) }
    }

    /// Text, without the marks over and under its letters for terminals that have ASCII only.
    static func shown(_ text: String, _ capabilities: Capabilities) -> String {
        guard !capabilities.unicode else { return text }
        return keyNames(text, capabilities).replacingOccurrences(of: "đ", with: "d").replacingOccurrences(
            of: "Đ", with: "D"
        )
        .folding(options: .diacriticInsensitive, locale: nil)
    }
}

extension App {
    /// Whether who begins something else loses nothing, and may go on from where that ends.
    fileprivate func isUntouched(by tour: Tour) -> Bool {
        let (session, stepper) = (session, session.stepper)
        return session.model.preset?.name == tour.preset && session.model.state == .loaded
            && stepper.index == 0 && stepper.tokens == session.model.defaultTokens && stepper.left.isEmpty
            && session.sampling == session.model.sampling
    }
}
