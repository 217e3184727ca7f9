public import GPTEngine
public import GPTStepper
public import TerminalKit

/// The whole program as a value: what is open, where we are, what is in front. Keys change it; drawing only reads it.
public struct App {
    /// What the run loop must do after an event.
    public enum Effect: Hashable, Sendable {
        /// Draw, if anything.
        case none
        /// Send the whole screen again.
        case redraw
        /// Leave the screen to the shell.
        case suspend
        /// Put this text on the person's clipboard.
        case copy(String)
        /// End with this exit status.
        case quit(Int32)
    }

    /// The model that is stepped through.
    public private(set) var model: Model
    /// Where we are.
    public internal(set) var stepper: Stepper
    /// The pass; nil when there are shapes only.
    var trace: Trace?
    /// How the next token is chosen.
    public internal(set) var sampling: Sampling
    /// What the arrow keys speak to.
    public internal(set) var focus = Focus.timeline
    /// How the stage is looked at.
    var view = StageView()
    /// What the terminal can show.
    public var capabilities = Capabilities()
    /// The operation whose next one was made ready; -1 for none.
    var ahead = -1
    /// Every position by token and place.
    var positionNames: [String]
    /// What tells the heads of the pass apart: looking at all of them takes longer than a frame.
    var atlas: HeadAtlas
    /// What is in front of everything; nil for nothing.
    var panel: Panel?
    /// The guided tour, while it lasts.
    var tour: Tour?
    /// What there was before the tour, with the values of its pass, to be there again after it; empty where nothing
    /// would be lost.
    var beforeTour: [App] = []
    /// The language of the tour, `en` or `vi`.
    public var language = "en"
    /// Columns and rows of the screen.
    public var size = App.leastSize
    /// A sentence that stands until the next key.
    public var message: String?
    /// The digits typed before a key.
    var count = ""
    /// Tokens that are to be taken as soon as they are known.
    var pendingTakes = 0
    /// Keys that were pressed while they were not.
    var typedAhead: [Key] = []
    /// What keys ask for that were typed ahead and have been taken in since.
    var deferred: [Effect] = []
    /// Whether the work that is left was interrupted.
    var isInterrupted = false
    /// The checkpoint that the session was opened with; nil when it was a preset.
    let checkpoint: Model?
    /// The seed of random weights.
    let weightSeed: UInt64
    /// Bytes that the values of a pass may take.
    let memory: Int
    /// Where the values of all its passes are.
    let store: Store

    /// Opens a model on a prompt.
    ///
    /// - Throws: ``PassError`` when the pass does not fit in memory.
    public init(
        model: Model, tokens: [Int], sampling: Sampling, weightSeed: UInt64, memory: Int = Machine.activationMemory
    ) throws(PassError) {
        let isPreset = Preset.named(model.name)?.configuration == model.configuration
        try self.init(model, tokens, sampling, weightSeed, memory, checkpoint: isPreset ? nil : model)
    }

    init(
        _ model: Model, _ tokens: [Int], _ sampling: Sampling, _ weightSeed: UInt64, _ memory: Int,
        checkpoint: Model?
    ) throws(PassError) {
        self.model = model
        self.checkpoint = checkpoint
        self.sampling = sampling
        self.weightSeed = weightSeed
        self.memory = memory
        store = Store(budget: memory)
        stepper = Stepper(model.configuration, tokens: tokens)
        atlas = HeadAtlas(stepper.program)
        positionNames = Scene.positionNames(tokens, model)
        trace = try pass(stepper)
    }

    /// The pass of a stepper, which takes over what it has in common with the one before.
    func pass(_ stepper: Stepper) throws(PassError) -> Trace? {
        guard let weights = model.weights else { return nil }
        return try Trace(
            program: stepper.program, weights: weights, tokens: stepper.tokens, promptCount: stepper.promptCount,
            store: store, continuing: trace)
    }

    /// This moment, for those who draw it.
    var scene: Scene {
        Scene(
            model: model, stepper: stepper, values: trace, sampling: sampling,
            heads: stepper.node.block.map { Array(atlas.heads(of: $0)) } ?? [], positionNames: positionNames)
    }

    /// Milliseconds until something happens by itself; nil for never.
    public var timeout: Int? { stepper.isPlaying ? stepper.interval : nil }

    // MARK: Events

    /// Takes an event in; a key waits for those before it.
    public mutating func handle(_ event: Event) -> Effect {
        if case .key(let key) = event, waits(key) { return .none }
        return handleNow(event)
    }

    /// Whether a key was put behind those that wait for tokens to be taken. Esc calls them all off.
    private mutating func waits(_ key: Key) -> Bool {
        guard pendingTakes > 0 || !typedAhead.isEmpty else { return false }
        switch KeyBindings.command(for: key, in: focus) {
        case .quit, .redraw, .suspend: return false
        case .escape: (pendingTakes, typedAhead) = (0, [])
        default: typedAhead.append(key)
        }
        return true
    }

    /// Takes an event in whose turn it is.
    mutating func handleNow(_ event: Event) -> Effect {
        let (before, wasTouring) = (stepper.index, tour != nil)
        let effect = take(event)
        // Another operation has other pictures: its result comes first. What a tour gives back is as it was.
        if stepper.index != before, wasTouring == (tour != nil) { (view.picture, view.row, view.column) = (0, 0, 0) }
        lookAtTour()
        return effect
    }

    private mutating func take(_ event: Event) -> Effect {
        switch event {
        case .key(let key):
            message = nil
            isInterrupted = false
            if pressInTour(key) { return .none }
            return panel == nil ? press(key) : pressInPanel(key)
        case .paste(let text):
            paste(text)
            return .none
        case .mouse(let mouse): return handle(mouse)
        case .timeout:
            if stepper.isPlaying, !isBusy { perform(.step(.operation, .forward), keepsPlaying: true) }
            return .none
        case .signal(.interrupt): return interrupt()
        case .signal(let signal): return .quit(128 + signal.rawValue)
        case .end: return .quit(0)
        case .resize: return .redraw
        }
    }

    /// Stops what is running; with nothing running, ends.
    private mutating func interrupt() -> Effect {
        if stepper.isPlaying {
            stepper.isPlaying = false
            return .none
        }
        guard isBusy else { return .quit(128 + Signal.interrupt.rawValue) }
        isInterrupted = true
        (pendingTakes, typedAhead) = (0, [])
        message = "Interrupted. Any step goes on from here."
        return .none
    }

    private mutating func press(_ key: Key) -> Effect {
        if case .character(let digit) = key, ("0"..."9").contains(digit), !(count.isEmpty && digit == "0") {
            if count.count < 5 { count.unicodeScalars.append(digit) }
            message = "count \(count)"
            return .none
        }
        defer { count = "" }
        guard let command = KeyBindings.command(for: key, in: focus) else { return .none }
        switch command {
        case .quit: return .quit(0)
        case .redraw: return .redraw
        case .suspend: return .suspend
        default:
            perform(command)
            return .none
        }
    }

    mutating func perform(_ command: Command, keepsPlaying: Bool = false) {
        let times = Int(count) ?? 1
        let wasPlaying = stepper.isPlaying
        if !keepsPlaying { stepper.isPlaying = false }
        switch command {
        case .step(let grain, let direction):
            say(stepper.step(grain, direction, count: times))
        case .first, .restart: stepper.go(to: 0)
        // A count is the number of a step, as it is shown; without one it is the last.
        case .last: stepper.go(to: min(Int(count) ?? .max, stepper.program.nodes.count) - 1)
        case .take: pendingTakes = times
        case .giveBack: giveBack(times)
        case .moveCell(let rows, let columns): moveCell(rows: rows * times, columns: columns * times)
        case .zoom(let step): zoom(step)
        case .resetZoom: view.reset()
        case .picture(let offset): turnPicture(offset)
        case .scaling:
            view.scaling = StageView.Scaling(rawValue: view.scaling.rawValue + 1) ?? .matrix
            message = "Colours are scaled \(view.scaling.phrase)."
        case .pooling:
            view.pooling = StageView.Pooling(rawValue: view.pooling.rawValue + 1) ?? .largest
            message =
                "A cell that stands for several shows \(view.pooling == .largest ? "the largest by size" : "their mean")."
        case .head(let offset): stepper.moveHead(offset * times)
        case .play: stepper.isPlaying = !wasPlaying
        case .pace(let faster):
            stepper.changePace(faster: faster)
            stepper.isPlaying = wasPlaying
            message = "a step every \(stepper.interval) ms"
        case .focus(let offset):
            stepper.isPlaying = wasPlaying
            focus = Focus.allCases[(focus.rawValue + offset + Focus.allCases.count) % Focus.allCases.count]
        case .enter: enter()
        case .continuations:
            if stepper.left.isEmpty {
                message = "No continuation was left: T gives a token back, and keeps what was there."
            } else {
                panel = .continuations(selected: stepper.left.count - 1)
            }
        case .escape: focus = Focus(rawValue: focus.rawValue - 1) ?? .timeline
        case .heads: openHeads()
        case .lens: openLens()
        case .editPrompt:
            panel = .prompt(
                PromptEditor(Array(stepper.tokens.prefix(stepper.promptCount)), model))
        case .chooseModel: panel = .models(selected: choices.firstIndex { $0.name == model.name } ?? 0)
        case .editSampling: panel = .sampling(SamplingEditor(sampling))
        case .help: panel = .help(first: 0)
        case .quit, .redraw, .suspend: break
        }
    }

    /// Whether Enter takes the token that is chosen on the stage, which goes after the last position only.
    var takesByHand: Bool {
        focus == .stage && (stepper.node.isChoice || stepper.node.isAnswer && stepper.node.givesShares)
            && trace != nil
            && stepper.selection.position == stepper.tokens.count - 1
    }

    /// Into the selected thing: the stage, a candidate, or how a number came about.
    private mutating func enter() {
        guard focus != .timeline else { return focus = .stage }
        guard takesByHand else { return openLedger() }
        guard let prediction = scene.prediction else { return message = "Nothing is predicted yet." }
        var next = stepper
        guard prediction.token != nil else { return message = "The logits are not all numbers: no token follows." }
        let token = scene.vocabulary
        if let stop = next.take(token) { return say(stop) }
        adopt(next)
        message = "\(model.label(token)) was taken by hand."
    }

    /// Takes up again what was given back.
    mutating func takeUp(_ text: [Int]) {
        var next = stepper
        next.takeUp(text)
        adopt(next)
    }

    mutating func say(_ stop: Stepper.Stop?) {
        guard let stop else { return }
        message = Words.sentence(stop, stepper)
        stepper.isPlaying = false
    }

    private mutating func moveCell(rows: Int, columns: Int) {
        if view.zoom > 0, view.picture > 0, let picture = StageRegion.alone(scene, view) {
            view.row = min(max(0, (picture.row ?? 0) + rows), picture.rows - 1)
            view.column = min(max(0, (picture.column ?? 0) + columns), picture.columns - 1)
            return
        }
        if stepper.node.isAnswer {
            // The listed tokens are in an order of their own.
            let ids = Stage.candidates(scene)
            guard let place = ids.firstIndex(of: scene.vocabulary) else { return stepper.select(vocabulary: ids.first) }
            stepper.select(vocabulary: ids[min(max(0, place + rows), ids.count - 1)])
        } else {
            stepper.moveCell(rows: rows, columns: columns)
        }
    }

    /// Looks closer at one picture, or at the whole equation again.
    private mutating func zoom(_ step: Int) {
        view.zoom += step
        guard view.zoom > 0 else { return view.reset() }
        guard let picture = StageRegion.alone(scene, view) else {
            view.reset()
            return message = "This operation has no picture to come closer to."
        }
        let area = stageAndInspector(in: stageArea).stage
        let alone = AlonePicture(
            picture, view, in: StageRegion.aloneArea(area, isTall: stageArea.height >= 26),
            halfBlocks: capabilities.halfBlocks)
        if view.zoom > alone.mostZoom {
            view.zoom = alone.mostZoom
            message = "These are the numbers themselves: there is nothing closer."
        }
    }

    /// Shows the next of the operation's pictures alone: the result, its operands, its weights.
    private mutating func turnPicture(_ offset: Int) {
        let count = Stage(scene).pictures(scene).count
        guard count > 0 else { return message = "This operation has no other pictures." }
        view.picture =
            view.zoom == 0 ? (offset > 0 ? min(1, count - 1) : count - 1) : (view.picture + offset + count) % count
        (view.zoom, view.row, view.column) = (1, 0, 0)
        let pictures = Stage(scene).pictures(scene)
        // The marked row or column is where one begins to look.
        (view.row, view.column) = (pictures[view.picture].row ?? 0, pictures[view.picture].column ?? 0)
    }

    /// Pasted text is typed where there is something to type into, and never runs as keys.
    private mutating func paste(_ text: String) {
        guard case .prompt(var editor) = panel else {
            return message = "Pasted text is not taken for keys: e edits the prompt."
        }
        for scalar in (text.hasSuffix("\n") ? String(text.dropLast()) : text).unicodeScalars {
            editor.press(.character(scalar))
        }
        panel = .prompt(editor)
    }
}
