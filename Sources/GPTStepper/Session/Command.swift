public import GPTEngine

/// What a person can ask of a session: every key that changes it, and every line of the language, is one of these.
///
/// ```swift
/// var session = try Session(model: .nano(), tokens: [2, 1, 0, 1, 1, 2], sampling: .plain)
/// session.perform(.step(.operation, .forward), count: 11)
/// session.stepper.node.address  // blocks.0.attn.pattern
/// try session.run("zero L1.H2; print argmax(logits[-1])")
/// while session.act() {}
/// session.takeAnswers()  // 1 edit, and a token
/// ```
///
/// A new one is a case here with its row of ``Verb``, how it is read in `Parser.command`, and what it does in ``Session``.
public enum Command: Hashable, Sendable {
    // MARK: Moving

    /// Goes some steps of a grain; a count repeats it.
    case step(Stepper.Grain, Stepper.Direction)
    /// Goes on to the next stop, or to the end of the pass.
    case proceed(Stepper.Direction)
    /// Goes on until an address is reached, or until an expression is so.
    case until(Expression, Stepper.Direction)
    /// Goes to an operation, by index, and where one is said to a cell of it, by its whole index.
    case goto(Int, cell: [Int]? = nil)
    /// Goes to an address, to a cell where its whole index is said.
    case reach(Expression)
    /// Goes to where one of a cell's terms comes from, from 0.
    case term(Int)
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
    /// Goes to a block's first operation.
    case block(Int)
    /// Chooses another head, round and round.
    case head(Int)
    /// Chooses a head by its number.
    case headNumber(Int)
    /// Chooses a position, from 0, and where one is said a key that it looks at.
    case position(Int, key: Int? = nil)
    /// Chooses the next or the previous position.
    case movePosition(Int)
    /// Chooses a token of the vocabulary.
    case candidate(Int)

    // MARK: What is run

    /// Takes the next token as soon as it is known; a count takes several.
    case take
    /// Takes a token by hand.
    case takeToken(Int)
    /// Takes a token by its text or id.
    case takeText(Expression)
    /// Gives taken tokens back.
    case giveBack
    /// Takes up a continuation that was given back.
    case takeUp([Int])
    /// Runs another prompt.
    case prompt([Int])
    /// Runs another text.
    case promptText(String)
    /// Runs so many random tokens said twice.
    case promptRandom(Int, seed: Int)
    /// Chooses how the next token is sampled.
    case sampling(Sampling)
    /// Chooses some of how the next token is sampled.
    case samplingSettings([String: Double])
    /// Opens another model; a text of one's own stays where the other can read it, if that is asked for.
    case model(Preset, keepsText: Bool = true)
    /// Opens another model by what `--model` takes.
    case modelNamed(String)
    /// Steps by itself, or stops doing so.
    case play
    /// Plays faster or slower.
    case pace(faster: Bool)

    // MARK: Stops

    /// Stops at operations, all the time or where a condition is so.
    case breakAt(Expression, condition: Expression?, isTemporary: Bool = false)
    /// Stops at the operation at the cursor, or no more.
    case breakHere
    /// Stops where something is not finite and not masked.
    case breakNan
    /// Stops where a value changes.
    case watch(Expression)
    /// Switches stops on or off, or takes them away.
    case stops(Switch, Numbers)

    // MARK: Looking

    /// Prints values.
    case print([Expression])
    /// Prints a value now and at every stop.
    case display(Expression)
    /// What a number is made of; of the selected cell unless said.
    case terms(Expression?)
    /// The largest of a value.
    case top(Int, Expression)
    /// Operations or cells for which something is so.
    case find(Expression)
    /// Operations and tokens that a text is part of.
    case findText(String)
    /// The next of what was found.
    case findNext(Stepper.Direction)
    /// A list of stops or tensors.
    case info(Info)
    /// Scores of all heads.
    case heads(HeadScore?)
    /// What the stream says after every write, at the selected position; of one token where one is said.
    case lens(Expression?)
    /// What every part wrote toward logits.
    case attribution(Expression)

    // MARK: Changing

    /// Gives an expression a name.
    case define(String, Expression)
    /// Keeps a value.
    case keep(String, Expression)
    /// Changes numbers of the pass.
    case edit(EditForm)
    /// Zeroes the selected head, or the selected cell, or takes that back.
    case zeroSelected(isCell: Bool)
    /// Lists the edits.
    case edits
    /// Switches edits on or off, or takes them away.
    case switchEdits(Switch, Numbers)
    /// Takes back the last change of the list of edits.
    case undo
    /// Makes it again.
    case redo

    // MARK: Comparing

    /// Chooses the second run.
    case other(Other)
    /// Where the two differ; in an operation or as a whole.
    case diff(Expression?, tolerance: Double?)
    /// How weights differ.
    case diffWeights
    /// Goes to where the two part.
    case difference(isFirst: Bool, tolerance: Double?)

    // MARK: Asking

    /// One run for each way to fill an edit.
    case sweep(EditForm, measure: Expression)
    /// A value over many inputs.
    case over(Expression.Inputs, Expression)
    /// A sweep over many inputs.
    case overSweep(Expression.Inputs, EditForm, measure: Expression)

    // MARK: Files and words

    /// Writes a picture or a table of the operation at the cursor.
    case export(String)
    /// Writes the session.
    case save(String)
    /// Runs a file.
    case source(String)
    /// Writes commands as they happen; nil stops that.
    case record(String?)
    /// Waits for Enter.
    case pause(String)
    /// Fails unless it is so.
    case assert(Expression, String)
    /// What commands there are, or what one does.
    case help(String?)
    /// Ends.
    case quit

    /// Whether it can be done several times.
    var takesCount: Bool {
        switch self {
        case .step, .proceed, .take, .takeText, .giveBack, .undo, .redo, .head, .movePosition, .findNext, .moveCell:
            true
        default: false
        }
    }

    /// What happens to stops or edits.
    public enum Switch: String, Hashable, Sendable {
        /// They count again.
        case enable
        /// They count no more, and stay.
        case disable
        /// They go.
        case delete
    }

    /// Which stops or edits.
    public enum Numbers: Hashable, Sendable {
        /// All.
        case all
        /// Those with these numbers.
        case some([ClosedRange<Int>])

        /// Whether there is one for each that was named.
        func areAll(among known: [Int]) -> Bool {
            switch self {
            case .all: !known.isEmpty
            case .some(let ranges): ranges.allSatisfy { range in known.contains(where: range.contains) }
            }
        }

        /// Whether a number is among them.
        func contains(_ number: Int) -> Bool {
            switch self {
            case .all: true
            case .some(let ranges): ranges.contains { $0.contains(number) }
            }
        }
    }

    /// What is listed.
    public enum Info: String, Hashable, Sendable, CaseIterable {
        /// Breakpoints, watches and displays.
        case stops
        /// The weights.
        case tensors
    }

    /// What the second run is.
    public enum Other: Hashable, Sendable {
        /// Another text.
        case prompt(String)
        /// Another model.
        case model(String)
        /// This one without edits.
        case unedited
        /// A recorded one.
        case trace(String)
        /// The first becomes the second.
        case swap
        /// None.
        case off
    }
}

/// A change of numbers, as it was written.
public struct EditForm: Hashable, Sendable {
    /// What is changed.
    public enum Target: Hashable, Sendable {
        /// A slice of a value, of σ, or of weights.
        case value(Expression)
        /// A token of the text; nil for each in turn, in a sweep.
        case token(Expression?)
    }

    /// What is changed.
    public let target: Target
    /// What it becomes; nil for each token of the vocabulary in turn.
    public let value: Expression?
    /// What alone reads the stream with the change in it; empty for everything.
    public let readers: [Expression]
    /// How it was written.
    public let text: String
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
