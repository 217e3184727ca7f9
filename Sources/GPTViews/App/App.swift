import GPTEngine
public import GPTStepper
public import TerminalKit

/// The screen as a value: a session, the panels in front of it, and where the eye is. Keys change it; drawing only reads it.
public struct App {
    /// What the run loop must do after an event.
    public enum Effect: Hashable, Sendable {
        /// Send the whole screen again.
        case redraw
        /// Leave the screen to the shell.
        case suspend
        /// Put this text on the person's clipboard.
        case copy(String)
        /// Fetch the weights of this preset, and tell how it goes.
        case fetch(String)
        /// End what is being fetched; what came is kept.
        case stopFetching
        /// End with this exit status.
        case quit(Int32)
    }

    /// What is stepped through.
    public var session: Session
    /// What stands in front of the stage, the foremost last.
    var panels: [any Panel] = []
    /// What the arrow keys speak to.
    public internal(set) var focus = Focus.timeline
    /// How the stage is looked at.
    var view = StageView()

    /// Shows a session from where it is.
    public init(_ session: Session) { self.session = session }

    /// Milliseconds until something happens by itself; nil for never.
    public var timeout: Int? { session.stepper.isPlaying ? session.stepper.interval : nil }

    /// The panel that is seen and takes the keys; nil for none.
    var front: (any Panel)? { panels.last { $0.place == .stage || $0.place == .screen } }
    /// What guides through the program, below the stage; nil for nothing.
    var guide: (any Panel)? { panels.first { $0.place == .guide } }

    // MARK: Events

    /// Takes an event in; a key that comes while a token is taken waits for it.
    public mutating func handle(_ event: Event, on screen: Screen) -> Effect? {
        if case .key = event, session.isTaking || session.isActing, panels.last?.place != .unseen {
            panels.append(WaitPanel())
        }
        return take(event, on: screen)
    }

    /// Takes an event in whose turn it is.
    mutating func take(_ event: Event, on screen: Screen) -> Effect? {
        let (before, wasGuided) = (session.stepper, guide != nil)
        for place in panels.indices { panels[place].adapt(to: stageArea(screen.size)) }
        let effect = respond(to: event, on: screen)
        // What a guide gives back is as it was.
        if wasGuided == (guide != nil) { follow(from: before) }
        return effect
    }

    private mutating func respond(to event: Event, on screen: Screen) -> Effect? {
        switch event {
        case .key(let key):
            session.resume()
            session.notice = nil
            return press(key, on: screen)
        case .paste(let text): paste(text, on: screen)
        case .mouse(let mouse): return handle(mouse, on: screen)
        case .timeout: session.tick()
        case .signal(.interrupt): return interrupt(on: screen)
        case .signal(let signal): return .quit(128 + signal.rawValue)
        case .end: return .quit(0)
        case .resize: return .redraw
        }
        return nil
    }

    /// Another text or another operation has other pictures: its result comes first.
    private mutating func follow(from before: Stepper) {
        if session.stepper.tokens != before.tokens { view.reset() }
        if session.stepper.index != before.index { view.lookAtResult() }
        for place in panels.indices { panels[place].look(at: self) }
    }

    /// Stops what is running; with nothing running, ends.
    private mutating func interrupt(on screen: Screen) -> Effect? {
        if session.stepper.isPlaying {
            session.pause()
        } else if let place = panels.lastIndex(where: \.isRunning) {
            return ask(place) { $0.press(.escape, &$1, screen) }.effect
        } else if session.isActing {
            panels.removeAll { $0.place == .unseen }
            session.stopActing()
            session.notice = "Interrupted."
        } else if isBusy {
            panels.removeAll { $0.place == .unseen }
            session.interrupt()
        } else {
            return .quit(128 + Signal.interrupt.rawValue)
        }
        return nil
    }

    /// Gives a key to the first that takes it: what is not seen, what guides, what is in front, the table of keys.
    ///
    /// - Parameter count: what was typed before it; nil for nothing.
    mutating func press(_ key: Key, count: Int? = nil, on screen: Screen) -> Effect? {
        let action = KeyBindings.action(for: key, in: focus)
        switch action {
        case .gesture(.redraw): return .redraw
        case .gesture(.suspend): return .suspend
        default: break
        }
        let isUnseen = panels.last?.place == .unseen
        if !isUnseen, let place = panels.firstIndex(where: { $0.place == .guide }) {
            let answer = ask(place) { $0.lead(key, &$1) }
            if case .passes = answer {} else { return answer.effect }
        }
        if let place = panels.lastIndex(where: { $0.place != .guide }) {
            let answer = ask(place) { $0.press(key, &$1, screen) }
            guard case .passes(let count) = answer else { return answer.effect }
            return press(key, count: count, on: screen)
        }
        if let action { return perform(action, count: count, on: screen) }
        if let typed = CountPanel(beginningWith: key) {
            panels.append(typed)
            session.notice = typed.notice
        }
        return nil
    }

    /// Lets a panel act on the app that it stands in, and puts it back where it stays.
    @discardableResult
    mutating func ask(_ place: Int, _ question: (inout any Panel, inout App) -> Answer) -> Answer {
        var panel = panels.remove(at: place)
        let answer = question(&panel, &self)
        switch answer {
        case .passes where panel.place != .guide, .closes: break
        case .passes, .stays: panels.insert(panel, at: panel.place == .unseen ? panels.count : min(place, panels.count))
        }
        return answer
    }

    /// Opens a panel, or says why there is nothing to open.
    mutating func open(_ panel: any Panel.Type, on screen: Screen) {
        do throws(Refusal) { panels.append(try panel.init(self, screen)) } catch { session.notice = error.sentence }
    }

    /// Runs a line of the language.
    mutating func run(_ text: String) {
        do { try session.run(text) } catch { session.notice = "\(error)" }
    }

    /// Shows what commands answered: a line as a notice, more in a panel.
    private mutating func show(_ answers: [GPTStepper.Answer]) -> Effect? {
        for answer in answers {
            if case .quit = answer.statement.command { return .quit(0) }
            if case .stop = answer.content, answer.statement.command.isPlainStep { continue }
            let text = answer.text(session.model)
            if case .words = answer.content, case .pause = answer.statement.command {
                panels.append(PausePanel(text))
            } else if text.contains("\n") {
                panels.removeAll { $0 is AnswerPanel }
                panels.append(AnswerPanel(answer, self))
            } else {
                session.notice = text
            }
        }
        return nil
    }

    /// Opens another model; what stood in front and where the eye was goes with the one before. False where it is refused.
    @discardableResult
    mutating func open(_ choice: Preset, keepsText: Bool) -> Bool {
        guard case .done = session.perform(.model(choice, keepsText: keepsText)) else { return false }
        if guide != nil { session.notice = "The guided tour is left: it goes through a model of its own." }
        (panels, focus, view) = ([], .timeline, StageView())
        return true
    }

    /// Pasted text is typed where there is something to type into, and never runs as keys.
    private mutating func paste(_ text: String, on screen: Screen) {
        guard let place = panels.indices.last, panels[place].takesText else {
            return session.notice = "Pasted text is not taken for keys: e edits the prompt."
        }
        for scalar in (text.hasSuffix("\n") ? String(text.dropLast()) : text).unicodeScalars {
            ask(place) { $0.press(.character(scalar), &$1, screen) }
        }
    }

    /// Takes in how what is being fetched goes.
    public mutating func hear(_ progress: FetchProgress) {
        // What is here opens another model, and every panel goes with the one before.
        for place in panels.indices.reversed() where panels.indices.contains(place) {
            ask(place) { $0.hear(progress, &$1) }
        }
    }

    // MARK: Work

    /// Whether there is something to compute.
    public var isBusy: Bool {
        !session.isInterrupted
            && (session.isActing && !isPaused || session.isBusy || panels.contains { $0.needsWork(self) })
    }

    /// Whether a script waits for Enter.
    private var isPaused: Bool { panels.contains { $0 is PausePanel } }

    /// Does a piece of what is to be done, and returns what keys ask for that were typed ahead.
    public mutating func work(on screen: Screen) -> Effect? {
        let before = session.stepper
        if session.isActing, !isPaused {
            _ = session.act()
            let effect = show(session.takeAnswers())
            follow(from: before)
            return effect
        }
        // What is in front comes first: each would drop the other's values where memory is short.
        if !session.isTaking, let place = panels.lastIndex(where: { $0.needsWork(self) }) {
            return ask(place) { $0.work(&$1, screen) }.effect
        }
        session.work()
        follow(from: before)
        return nil
    }
}

/// What a person sits at.
public struct Screen: Hashable, Sendable {
    /// Columns and rows.
    public var size: Size
    /// What it can show.
    public var capabilities: Capabilities
    /// The language of the tour, `en` or `vi`.
    public var language: String
    /// Where weights are fetched from, as a person knows it.
    public var source: String

    /// A screen of some size.
    public init(
        _ size: Size, _ capabilities: Capabilities = Capabilities(), language: String = "en", source: String = "the hub"
    ) {
        (self.size, self.capabilities, self.language, self.source) = (size, capabilities, language, source)
    }
}

/// The region that the arrow keys speak to.
public enum Focus: Int, Hashable, Sendable, CaseIterable {
    /// Arrows step.
    case timeline
    /// Arrows move the selected cell.
    case stage
    /// The explanation gets the room it needs.
    case inspector
}
