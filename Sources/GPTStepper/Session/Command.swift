public import GPTEngine

/// What a person can ask of a session: every key that changes it, and every line of the language, is one of these.
///
/// ```swift
/// var session = try Session(model: .nano(), tokens: [2, 1, 0, 1, 1, 2], sampling: .plain)
/// session.perform(.step(.operation, .forward), count: 11)
/// session.stepper.node.address  // blocks.0.attn.pattern
/// session.perform(.take)  // .begun
/// while session.isBusy { session.work() }
/// ```
///
/// A new one is a case here with its row of ``Verb``, and what it does in ``Session/perform(_:count:)``.
public enum Command: Hashable, Sendable {
    /// Goes some steps of a grain; a count repeats it.
    case step(Stepper.Grain, Stepper.Direction)
    /// Goes to an operation, by index, and where one is said to a cell of it, by its whole index.
    case goto(Int, cell: [Int]? = nil)
    /// Goes to the first operation.
    case first
    /// Goes to the last operation; a count is the number of a step, from 1.
    case last
    /// Begins the pass again.
    case restart
    /// Goes to the first operation that holds a NaN or an infinity.
    case fault
    /// Moves the selected cell of what is on the stage.
    case moveCell(rows: Int, columns: Int)
    /// Chooses another head, round and round.
    case head(Int)
    /// Chooses a position, from 0, and where one is said a key that it looks at.
    case position(Int, key: Int? = nil)
    /// Chooses a token of the vocabulary.
    case candidate(Int)
    /// Takes the next token as soon as it is known; a count takes several.
    case take
    /// Takes a token by hand.
    case takeToken(Int)
    /// Gives taken tokens back.
    case giveBack
    /// Takes up a continuation that was given back.
    case takeUp([Int])
    /// Runs another prompt.
    case prompt([Int])
    /// Chooses how the next token is sampled.
    case sampling(Sampling)
    /// Opens another model; a text of one's own stays where the other can read it, if that is asked for.
    case model(Preset, keepsText: Bool = true)
    /// Steps by itself, or stops doing so.
    case play
    /// Plays faster or slower.
    case pace(faster: Bool)

    /// What a command is called in the language, and what it does in a line.
    public struct Verb: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// What it does.
        public let help: String
    }

    /// Its row in the table of commands.
    public var verb: Verb {
        switch self {
        case .step(.cell, _): Verb(name: "cell", help: "run one cell, on into the next operation; take one back")
        case .step(.operation, _): Verb(name: "step", help: "one operation forward, back")
        case .step(.subLayer, _): Verb(name: "next", help: "next, previous sub-layer")
        case .step(.block, _): Verb(name: "finish", help: "finish this block; back to its start")
        case .step(.sameOperation, _): Verb(name: "block", help: "the same operation one block on, one block back")
        case .goto: Verb(name: "goto", help: "go to an operation, or to a cell of it")
        case .first: Verb(name: "first", help: "first operation")
        case .last: Verb(name: "last", help: "last operation")
        case .restart: Verb(name: "restart", help: "restart the pass")
        case .fault: Verb(name: "nan", help: "the first operation with NaN or infinity, once one was seen")
        case .moveCell: Verb(name: "move", help: "move the selected cell")
        case .head: Verb(name: "head", help: "previous, next head")
        case .position: Verb(name: "position", help: "choose a position")
        case .candidate: Verb(name: "candidate", help: "choose a token of the vocabulary")
        case .take, .takeToken: Verb(name: "take", help: "take the next token and go on with it")
        case .giveBack: Verb(name: "reverse-take", help: "give the last taken token back; what was there is kept")
        case .takeUp: Verb(name: "continuation", help: "take up a continuation that was left")
        case .prompt: Verb(name: "prompt", help: "run another prompt")
        case .sampling: Verb(name: "sampling", help: "choose how the next token is sampled")
        case .model: Verb(name: "model", help: "open another model; a text of one's own stays where it can be read")
        case .play: Verb(name: "play", help: "play or pause")
        case .pace: Verb(name: "pace", help: "play slower, faster")
        }
    }
}

/// What came of a command.
public enum Reply: Hashable, Sendable {
    /// It was done; with a sentence where there is something to say.
    case done(String? = nil)
    /// It was not, and nothing changed; why.
    case refused(String)
    /// It will be: ``Session/work()`` advances it a piece at a time, ``Session/interrupt()`` ends it.
    case begun

    /// What is to be said of it.
    public var sentence: String? {
        switch self {
        case .done(let text): text
        case .refused(let text): text
        case .begun: nil
        }
    }
}
