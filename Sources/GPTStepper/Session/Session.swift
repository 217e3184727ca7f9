public import GPTEngine
import SystemPackage

/// A model, a pass over its tokens, and where one is in it: what commands act on, whoever gives them.
///
/// It knows no terminal and no keys. Commands answer at once; what takes longer is done by ``work()``, a piece at a time.
public struct Session {
    /// The model that is stepped through.
    public private(set) var model: Model
    /// Where we are.
    public internal(set) var stepper: Stepper
    /// How the next token is chosen.
    public internal(set) var sampling: Sampling
    /// What was said last; whoever shows it takes it away.
    public var notice: String?
    /// The checkpoint that the session was opened with; nil when it was a preset.
    public let checkpoint: Model?
    /// Tokens that are to be taken as soon as they are known.
    public internal(set) var pendingTakes = 0
    /// Whether the work that is left was interrupted.
    public internal(set) var isInterrupted = false

    /// The pass with the edits that count; nil when there are shapes only.
    var trace: Trace?
    /// The same without any edit.
    var base: Trace?
    /// What is changed in the pass.
    public internal(set) var edits = EditList()
    /// The numbers of edits that do not fit the pass.
    public internal(set) var unfitting: Set<Int> = []
    /// The edits that the pass was made with.
    var applied: [EditList.Entry] = []
    /// Names that were given to values.
    var names = Names()
    /// Where it stops, and what it shows there.
    public internal(set) var stops = Stops()
    /// The second run.
    public internal(set) var twin: Twin?
    /// Commands that wait to be done, the next first.
    var queue: [Statement] = []
    /// What is being done for one of them.
    var job: Job?
    /// What commands answered; whoever shows it takes it.
    var answers: [Answer] = []
    /// What was typed last in this session; nothing before.
    public var lastLine = ""
    /// What was typed, the latest last.
    public var history: [String] = []
    /// Whether a command that fails leaves those after it waiting.
    public var keepsGoing = false
    /// Whether a preset whose weights are not here may be opened with random ones.
    public var allowsRandomWeights = true
    /// What was found last, and which of it one is at.
    var found: (places: [(node: Int, cell: [Int]?)], next: Int) = ([], 0)
    /// Where commands are written as they happen.
    var recordFile: FilePath?
    /// What is watched or displayed, with what it is at the cursor, and for what that was found.
    public internal(set) var watched: [(number: Int, text: String, value: String)] = []
    var watchedFor: WatchKey?
    /// Passes beside this one.
    var memo = Situation.Memo()
    /// The operation whose next one was made ready; -1 for none.
    var ahead = -1
    /// What tells the heads of the pass apart: looking at all of them takes longer than a frame.
    public internal(set) var atlas: HeadAtlas
    /// From which operation on the pass holds what is no number.
    public internal(set) var faults = FaultFinder()
    /// Every position by token and place.
    private var positionNames: [String]
    /// The seed of random weights.
    let weightSeed: UInt64
    /// Where the values of all its passes are, within the memory they may take.
    let store: Store

    /// Opens a model on a prompt.
    ///
    /// - Parameters:
    ///   - tokens: at least one, at most as many as the context holds.
    ///   - weightSeed: the seed of random weights, for presets that have none.
    ///   - memory: bytes that the values of a pass may take.
    /// - Throws: ``PassError`` when the pass does not fit in memory.
    public init(
        model: Model, tokens: [Int], sampling: Sampling, weightSeed: UInt64 = 0, memory: Int = Machine.activationMemory
    ) throws(PassError) {
        try self.init(
            model, tokens, sampling, weightSeed, Store(budget: memory), checkpoint: model.preset == nil ? model : nil)
    }

    private init(
        _ model: Model, _ tokens: [Int], _ sampling: Sampling, _ weightSeed: UInt64, _ store: Store, checkpoint: Model?
    ) throws(PassError) {
        self.model = model
        self.checkpoint = checkpoint
        self.sampling = sampling
        self.weightSeed = weightSeed
        self.store = store
        stepper = Stepper(model.configuration, tokens: tokens)
        atlas = HeadAtlas(stepper.program, tokens: stepper.tokens)
        positionNames = Scene.positionNames(tokens, model)
        base = try pass(stepper)
        trace = base
    }

    /// The pass with the edits that count; nil when there are shapes only.
    public var pass: Trace? { trace }

    /// The numbers of the pass; nil when there are shapes only.
    public var values: (any Values)? { trace }

    /// This moment, for those who draw it.
    public var scene: Scene { scene(sampling: sampling) }

    /// This moment, were tokens sampled in another way.
    public func scene(sampling: Sampling) -> Scene {
        var scene = Scene(
            model: model, stepper: stepper, values: trace, sampling: sampling,
            heads: stepper.node.block.map { Array(atlas.heads(of: $0)) } ?? [], positionNames: positionNames)
        if !stops.all.isEmpty { scene.stops = stops.operations(stepper.program) }
        scene.changed = Set(
            (trace?.edits ?? []).compactMap { edit in
                switch edit.target {
                case .value(let node), .scale(let node): node
                case .weight: nil
                }
            })
        if isEdited { scene.isEdited = stepper.program.nodes.indices.map(isEdited) }
        return scene
    }

    // MARK: Passes

    /// The pass of a stepper, which takes over what it has in common with the one before.
    private func pass(_ stepper: Stepper) throws(PassError) -> Trace? {
        guard let weights = model.weights else { return nil }
        return try Trace(
            program: stepper.program, weights: weights, tokens: stepper.tokens, promptCount: stepper.promptCount,
            store: store, continuing: base)
    }

    /// Moves on to a stepper over other tokens, and to their pass.
    mutating func adopt(_ next: Stepper, saying sentence: String? = nil) -> Reply {
        do {
            base = try pass(next)
            stepper = next
            followWithTwin()
            applyEdits()
            atlas = HeadAtlas(stepper.program, tokens: stepper.tokens)
            faults = FaultFinder()
            ahead = -1
            positionNames = Scene.positionNames(stepper.tokens, model)
            return .done(sentence)
        } catch {
            return .refused(error.description)
        }
    }

    // MARK: Models

    /// What can be switched to: the presets, and the checkpoint that the session was opened with.
    public var choices: [Preset] {
        Preset.all + [checkpoint].compactMap { $0.map(choice) }
    }

    /// The model of the session among them.
    public var choice: Preset { choice(model) }

    private func choice(_ model: Model) -> Preset {
        model.preset ?? Preset(name: model.name, configuration: model.configuration)
    }

    /// Switches to another model: a preset with its weights, with random ones or as shapes only, or the checkpoint.
    mutating func open(_ choice: Preset, keepsText: Bool) -> Reply {
        do {
            let model =
                if let checkpoint, choice == self.choice(checkpoint) { checkpoint } else {
                    try Model.open(choice, orRandom: weightSeed)
                }
            var sampling = model.sampling
            sampling.seed = self.sampling.seed
            return try adopt(model, sampling, keepsText ? tokens(for: model) : model.defaultTokens)
        } catch {
            return .refused("\(error)")
        }
    }

    /// Opens another model on some tokens; edits and the second run go with the one before.
    mutating func adopt(_ model: Model, _ sampling: Sampling, _ tokens: [Int]) throws -> Reply {
        let before = self
        self = try Session(
            model, tokens, sampling, weightSeed, Store(budget: store.budget), checkpoint: checkpoint)
        (names, stops, queue, answers) = (before.names, before.stops, before.queue, before.answers)
        (keepsGoing, recordFile) = (before.keepsGoing, before.recordFile)
        (history, lastLine, allowsRandomWeights) = (before.history, before.lastLine, before.allowsRandomWeights)
        Machine.releaseMemory()
        return .done()
    }

    /// The tokens that another model has for the text of this one; its default where it cannot read it.
    func tokens(for other: Model) -> [Int] {
        let tokens = stepper.tokens
        guard tokens != model.defaultTokens else { return other.defaultTokens }
        if model.tokenizer == nil, other.tokenizer == nil { return (try? other.check(tokens)) ?? other.defaultTokens }
        guard model.tokenizer != nil else { return other.defaultTokens }
        return (try? other.encode(model.promptBytes(tokens))) ?? other.defaultTokens
    }
}
