import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// A guided pass over the built-in model: it steps the real program, points at what it speaks of, and ticks a stop off
/// when the reader has done what it asks.
struct Tour {
    let text: TourText
    /// The stop that one is at.
    private(set) var place = 0
    /// Whether its task was done.
    private(set) var isDone = false
    /// The program when the stop began.
    private(set) var begun: Stepper

    init(language: String, _ stepper: Stepper) {
        text = TourText(language: language)
        begun = stepper
    }

    /// Where a stop begins, what it points at, and how it is told that its task was done.
    struct Stop: Sendable {
        /// The region that is pointed at.
        enum Region: Sendable { case timeline, prompt, stage }

        let id: String
        let address: String
        let region: Region
        let isDone: @Sendable (App, Stepper) -> Bool
    }

    /// The stops in order; their words are in the text under the same names.
    static let stops: [Stop] = [
        Stop(id: "start", address: "tokens", region: .timeline) { app, _ in app.stepper.index > 0 },
        Stop(id: "embedding", address: "embed", region: .stage) { app, _ in app.stepper.index >= 3 },
        Stop(id: "normalize", address: "blocks.0.ln1.normalized", region: .stage) { app, begun in
            app.stepper.index > begun.index
        },
        Stop(id: "queries", address: "blocks.0.attn.q", region: .stage) { app, begun in
            app.stepper.selection.head != begun.selection.head
        },
        Stop(id: "scores", address: "blocks.0.attn.scores", region: .stage) { app, begun in
            app.focus == .stage && app.stepper.cell != begun.cell
        },
        Stop(id: "mask", address: "blocks.0.attn.masked_scores", region: .stage) { app, _ in
            app.stepper.selection.key > app.stepper.selection.position
        },
        Stop(id: "pattern", address: "blocks.0.attn.pattern", region: .stage) { app, _ in
            app.stepper.selection.head == 2
        },
        Stop(id: "ledger", address: "blocks.0.attn.pattern", region: .stage) { app, _ in
            if case .ledger = app.panel { true } else { false }
        },
        Stop(id: "source", address: "blocks.0.attn.z", region: .stage) { app, _ in
            if case .ledger(let ledger) = app.panel { ledger.frames.count > 1 } else { false }
        },
        Stop(id: "stream", address: "blocks.0.resid_mid", region: .stage) { app, _ in
            if case .ledger(let ledger) = app.panel { ledger.top.view == .parts } else { false }
        },
        Stop(id: "mlp", address: "blocks.0.mlp.pre", region: .stage) { app, begun in app.stepper.index > begun.index },
        Stop(id: "blocks", address: "blocks.0.mlp.post", region: .timeline) { app, _ in
            (app.stepper.node.block ?? 0) > 0
        },
        Stop(id: "lens", address: "blocks.1.resid_post", region: .stage) { app, _ in
            if case .lens = app.panel { true } else { false }
        },
        Stop(id: "heads", address: "blocks.1.attn.pattern", region: .stage) { app, _ in
            if case .heads(let heads) = app.panel { heads.block == nil } else { false }
        },
        Stop(id: "choice", address: "probabilities", region: .stage) { app, _ in
            app.stepper.node.isChoice
        },
        Stop(id: "generate", address: "next_token", region: .prompt) { app, begun in
            app.stepper.tokens.count > begun.tokens.count
        },
        Stop(id: "end", address: "tokens", region: .prompt) { _, _ in false },
    ]

    /// The stop that one is at.
    var stop: Stop { Self.stops[place] }
    /// Its words.
    var words: TourText.Stop? { text.stops.first { $0.id == stop.id } }
    /// Whether there is no stop after this one.
    var isLast: Bool { place == Self.stops.count - 1 }

    /// Goes some stops on or back.
    mutating func move(_ offset: Int) {
        place = min(max(0, place + offset), Self.stops.count - 1)
        isDone = false
    }

    /// Begins the stop where the program is now.
    mutating func begin(_ stepper: Stepper) { (begun, isDone) = (stepper, false) }

    /// Ticks the stop off when its task was done.
    mutating func look(at app: App) { isDone = isDone || stop.isDone(app, begun) }

    /// Lines that its box takes: title, words and task.
    func height(width: Int) -> Int {
        2 + wrapped(words?.body ?? "", width: Self.textWidth(width)).count
    }

    static func textWidth(_ width: Int) -> Int { min(110, width - 2) }

    /// The tour's own keys: in a panel Esc and Backspace belong to that, and where one writes all do.
    func keys(_ focus: Focus, _ panel: Panel?) -> [(String, String)] {
        let words = text.words
        let next = ("Space", isLast ? words.leave : words.next)
        switch panel {
        case .prompt: return []
        case nil:
            return [next, ("Backspace", words.back), ("Esc", focus == .timeline ? words.leave : words.timeline)]
        default: return [next]
        }
    }
}

extension App {
    /// Opens the built-in model on its own prompt and begins at the first stop; what was there is kept for later.
    mutating func startTour() {
        guard let nano = Preset.named("nano") else { return }
        var session = self
        session.panel = nil
        // Who begins with it loses nothing, and may go on from where the tour ends.
        let isUntouched =
            checkpoint == nil && model.name == "nano" && model.state != .random && stepper.index == 0
            && stepper.tokens == model.defaultTokens && stepper.left.isEmpty && sampling == model.sampling
        let before = tour != nil ? beforeTour : isUntouched ? [] : [session]
        open(nano)
        beforeTour = before
        tour = Tour(language: language, stepper)
        beginStop()
    }

    /// Ends the tour; what was there before it is there again.
    private mutating func leaveTour() {
        guard let words = tour?.text.words else { return }
        if var session = beforeTour.first {
            (session.size, session.capabilities, session.message) = (size, capabilities, words.restored)
            self = session
        } else {
            (tour, panel, message) = (nil, nil, words.left)
        }
    }

    /// Gives a key to the tour; false when it is none of the tour's.
    mutating func pressInTour(_ key: Key) -> Bool {
        guard var tour else { return false }
        if case .prompt = panel { return false }
        switch key {
        case .character(" "):
            guard !tour.isLast else {
                leaveTour()
                return true
            }
            tour.move(1)
        case .backspace where panel == nil: tour.move(-1)
        case .escape where panel == nil && focus == .timeline:
            leaveTour()
            return true
        default: return false
        }
        self.tour = tour
        beginStop()
        return true
    }

    private mutating func beginStop() {
        guard var tour else { return }
        // Where the task is to move the cell or to ask it, the arrows and Enter speak to the stage.
        let isOnStage = ["mask", "ledger", "source", "stream"].contains(tour.stop.id)
        (panel, focus) = (nil, isOnStage ? .stage : .timeline)
        view.reset()
        if let node = try? stepper.program.quantity(at: tour.stop.address).node { stepper.go(to: node) }
        // Where a head or a masked cell was chosen before, the task would be done before it is read.
        if ["queries", "pattern"].contains(tour.stop.id) { stepper.select(head: 0) }
        let isAttention = ["mask", "ledger", "scores", "pattern"].contains(tour.stop.id)
        stepper.select(key: 0, position: isAttention ? 3 : stepper.tokens.count - 1)
        tour.begin(stepper)
        self.tour = tour
    }

    /// Looks whether the reader has done what the tour asks.
    mutating func lookAtTour() {
        guard var tour else { return }
        tour.look(at: self)
        self.tour = tour
    }

    // MARK: Drawing

    /// The area of the stage and the inspector together, as the screen is now; the tour stands below it.
    var stageArea: Rect { stageArea(ScreenLayout(size)) }

    func stageArea(_ layout: ScreenLayout) -> Rect {
        var area = layout.stage
        if let tour { _ = area.takeBottom(tour.height(width: area.width)) }
        return area
    }

    func drawTour(_ tour: Tour, _ layout: ScreenLayout, on canvas: inout Canvas) {
        guard let words = tour.words else { return }
        let top = stageArea(layout).maxY
        let box = Rect(layout.stage.x, top, layout.stage.width, layout.stage.maxY - top)
        canvas.fill(box, .bar)
        func shown(_ text: String) -> String { Self.shown(text, canvas.capabilities) }
        let place = "\(tour.place + 1)/\(Tour.stops.count)"
        canvas.write(
            [(place + "  ", Style(.dim, on: .bar)), (shown(words.title), Style(.bright, on: .bar, bold: true))],
            x: box.x + 1, y: box.y)
        for (line, text) in wrapped(shown(words.body), width: Tour.textWidth(box.width)).enumerated() {
            canvas.write(text, x: box.x + 1, y: box.y + 1 + line, Style(.text, on: .bar))
        }
        canvas.write(
            [
                (tour.isDone ? "✓ " : "▸ ", Style(.accent, on: .bar, bold: true)),
                (shown(words.task), Style(.accent, on: .bar, bold: !tour.isDone)),
            ], x: box.x + 1, y: box.maxY - 1, limit: box.maxX)
        // A bar at the edge of what the stop speaks of.
        let region =
            switch tour.stop.region {
            case .timeline: layout.timeline
            case .prompt: layout.prompt
            case .stage: stageArea(layout)
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
