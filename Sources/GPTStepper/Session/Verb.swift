/// A command's row in the table: what it is called, how it is written, what it does, and an example that a test runs.
public struct Verb: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// How it is written.
    public let form: String
    /// What it does, in a line.
    public let help: String
    /// A line that works with nano.
    public let example: String
    /// What else may be typed for it.
    public let short: [String]

    init(_ name: String, _ form: String, _ help: String, _ example: String, short: [String] = []) {
        (self.name, self.form, self.help, self.example, self.short) = (name, form, help, example, short)
    }

    /// The row of a name.
    static func named(_ name: String) -> Verb {
        guard let verb = all.first(where: { $0.name == name }) else { preconditionFailure("no command \(name)") }
        return verb
    }

    /// All commands, in the order of help.
    public static let all: [Verb] = [
        Verb("step", "step [N]", "one operation forward, back", "5 step", short: ["s"]),
        Verb("next", "next [N]", "next, previous sub-layer", "next", short: ["n"]),
        Verb("finish", "finish [N]", "finish this block; back to its start", "finish", short: ["f", "fin"]),
        Verb(
            "until", "until ADDRESS or E", "go on until an address is reached, or until something is so",
            "until rank(lens(stream)[-1])[\"A\"] == 0", short: ["u"]),
        Verb("continue", "continue", "on to the next stop, or to the end of the pass", "continue", short: ["c"]),
        Verb("cell", "cell [N]", "run one cell, on into the next operation; take one back", "cell", short: ["i"]),
        Verb(
            "take", "[N] take [TOKEN]", "take the next token and go on with it", "2 take",
            short: ["t"]),
        Verb(
            "reverse-step", "reverse-step [N], and so on for the seven above", "the same backward, over taken tokens",
            "reverse-step 2", short: ["rs", "S"]),
        Verb("reverse-next", "reverse-next [N]", "previous sub-layer", "reverse-next", short: ["rn", "N"]),
        Verb(
            "reverse-finish", "reverse-finish [N]", "back to the start of the block", "reverse-finish",
            short: ["rf", "F"]),
        Verb(
            "reverse-until", "reverse-until ADDRESS or E", "back until an address is reached, or something is so",
            "last; reverse-until L1.pattern"),
        Verb(
            "reverse-continue", "reverse-continue", "back to the stop before, or to the beginning",
            "last; watch argmax(lens(stream)[-1]); reverse-continue", short: ["rc", "C"]),
        Verb("reverse-cell", "reverse-cell [N]", "take one cell back", "reverse-cell", short: ["I"]),
        Verb(
            "reverse-take", "reverse-take [N]", "give the last taken token back; what was there is kept",
            "take; reverse-take", short: ["rt", "T"]),
        Verb(
            "goto", "goto ADDRESS[CELL], goto term N", "go to an operation, to a cell of it", "goto L1.pattern[0, 3, 2]"
        ),
        Verb("first", "first", "first operation", "first"),
        Verb("last", "last", "last operation", "last"),
        Verb("restart", "restart", "restart the pass", "restart", short: ["r"]),
        Verb(
            "block", "block N, next or previous", "a block; the same operation one block on, one block back", "block 1"),
        Verb("head", "head N, next or previous", "previous, next head", "head 2"),
        Verb("position", "position N, next or previous", "choose a position", "position -1"),
        Verb("candidate", "candidate TOKEN", "choose a token of the vocabulary", "candidate \"B\""),
        Verb(
            "prompt", "prompt \"TEXT\", prompt random N [seed S]",
            "run another prompt; random: so many random tokens said twice", "prompt \"BBACAC\""),
        Verb("ids", "ids 1,2,3", "run token ids", "ids 1,1,0,2,0,2"),
        Verb(
            "model", "model NAME", "open another model; a text of one's own stays where it can be read", "model austen"),
        Verb(
            "sampling", "sampling temperature=T top-k=K top-p=P seed=S", "choose how the next token is sampled",
            "sampling temperature=0.7 seed=3"),
        Verb(
            "break", "break ADDRESS [if E], break nan",
            "stop at an operation, where something is so, where it is not finite",
            "break L*.pattern if max(it[0]) > 0.9; continue", short: ["b"]),
        Verb("tbreak", "tbreak ADDRESS [if E]", "stop there once", "tbreak L2.mlp.out; continue"),
        Verb("watch", "watch E", "stop where a value changes", "watch argmax(lens(stream)[-1]); continue"),
        Verb("enable", "enable N, 2-4, all; enable edit N", "switch stops or edits on", "break L1.z; enable 1"),
        Verb("disable", "disable N, 2-4, all; disable edit N", "switch stops or edits off", "break L1.z; disable 1"),
        Verb(
            "delete", "delete N, 2-4, all; delete edit N", "take stops or edits away", "zero L1.H2; delete edit 1",
            short: ["d"]),
        Verb("print", "print E, …", "print values", "print logits[-1], answer", short: ["p"]),
        Verb("display", "display E", "print a value now and at every stop", "display norm(it)"),
        Verb("terms", "terms [ADDRESS[CELL]]", "what a number is made of", "terms L1.scores[0, 3, 2]"),
        Verb("top", "top N E", "the largest of a value, with their places", "top 3 L1.pattern[0]"),
        Verb(
            "find", "find E, find \"TEXT\", find next",
            "operations or cells for which something is so; operations and tokens with a text", "find max(it) > 5"),
        Verb("info", "info stops, info tensors", "list stops, or the weights", "break L1.z; info stops"),
        Verb(
            "set", "set TARGET = E [via READER, …], set $v = E", "change numbers of the pass; keep a value",
            "set L1.scores[0, 5, 2] = -inf"),
        Verb(
            "let", "let $m = E", "name an expression, worked out wherever it is used",
            "let $m = logits[-1, \"A\"]; print $m"),
        Verb("zero", "zero TARGET [via READER, …]", "make numbers 0: a head, a cell, weights", "zero L1.H2"),
        Verb("scale", "scale TARGET by E [via READER, …]", "multiply numbers", "scale L0.mlp by 0.5"),
        Verb(
            "patch", "patch TARGET from other, INPUTS or trace FILE [via READER, …]",
            "take numbers from the second run, from inputs (their mean), from a recorded pass",
            "other prompt \"AABBCC\"; patch L1.H2 from other"),
        Verb(
            "freeze", "freeze TARGET [via READER, …]", "hold numbers as they are without any edit",
            "zero L0.H0; freeze L1.pattern"),
        Verb("mean", "mean TARGET [over INPUTS]", "replace numbers by their mean over positions", "mean L1.H2"),
        Verb("round", "round TARGET to f16, bf16 or int8", "round numbers to a smaller type", "round weights to bf16"),
        Verb("token", "token P = \"TEXT\"", "replace a token of the text", "token 2 = \"C\""),
        Verb("edits", "edits", "list the edits", "zero L1.H2; edits"),
        Verb("undo", "undo [N]", "take the last change of the edits back", "zero L1.H2; undo"),
        Verb("redo", "redo", "make it again", "zero L1.H2; undo; redo"),
        Verb(
            "other", "other prompt \"TEXT\", model NAME, unedited, trace FILE, swap, off",
            "a second run in step with this one", "other prompt \"AABBCC\""),
        Verb(
            "diff", "diff [E] [tolerance X], diff weights", "where the two runs differ",
            "other prompt \"AABBCC\"; diff L1.pattern"),
        Verb(
            "first-difference", "first-difference [tolerance X]", "go to the first operation where the runs differ",
            "other prompt \"AABBCC\"; first-difference"),
        Verb(
            "next-difference", "next-difference [tolerance X]", "go to the next one",
            "other prompt \"AABBCC\"; first-difference; next-difference"),
        Verb(
            "sweep", "sweep EDIT measure E", "one run for each way to fill the edit's *, sorted by effect",
            "sweep zero L*.H* measure logits[-1, \"A\"]"),
        Verb(
            "over", "over INPUTS: E, over INPUTS: sweep …", "a value over many inputs: all, random N, a file, texts",
            "over all: accuracy"),
        Verb("heads", "heads [by SCORE]", "scores of all heads", "heads by entropy"),
        Verb("lens", "lens [TOKEN]", "what the stream says after every write, at every position", "lens \"A\""),
        Verb(
            "attribution", "attribution E", "what every part wrote toward logits",
            "attribution logits[-1, \"A\"] - logits[-1, \"B\"]"),
        Verb("export", "export FILE", "write the operation at the cursor: .svg .md .csv .json .npy", ""),
        Verb("save", "save FILE", "write the session as commands that make it again", ""),
        Verb("source", "source FILE", "run a file of commands", ""),
        Verb("record", "record FILE, record off", "write commands as they happen", "record off"),
        Verb("pause", "pause [\"WORDS\"]", "wait for Enter on the screen", "pause \"look at head 2\""),
        Verb("assert", "assert E [\"WORDS\"]", "fail unless it is so", "assert max(probabilities) > 0.5 \"unsure\""),
        Verb("help", "help [COMMAND]", "what commands there are, or what one does", "help sweep", short: ["h"]),
        Verb("quit", "quit", "quit", "quit", short: ["q"]),
        Verb("play", "play", "play or pause", "play"),
        Verb("pace", "pace faster or slower", "play slower, faster", "pace faster"),
        Verb("nan", "nan", "the first operation with NaN or infinity, once one was seen", ""),
    ]
}

extension Command {
    /// Whether it goes as far as it was asked, so that where one is says all.
    public var isPlainStep: Bool {
        switch self {
        case .step, .goto, .reach, .first, .last, .restart, .block, .head, .headNumber, .position, .movePosition: true
        default: false
        }
    }

    /// Its row in the table of commands.
    public var verb: Verb { Verb.named(name) }

    private var name: String {
        func directed(_ name: String, _ direction: Stepper.Direction) -> String {
            direction == .backward && !name.hasPrefix("reverse-") ? "reverse-" + name : name
        }
        return switch self {
        case .step(.cell, _): "cell"
        case .step(.operation, _): "step"
        case .step(.subLayer, _): "next"
        case .step(.block, _): "finish"
        case .step(.sameOperation, _), .block: "block"
        case .proceed(let direction): directed("continue", direction)
        case .until(_, let direction): directed("until", direction)
        case .goto, .reach, .term, .moveCell: "goto"
        case .first: "first"
        case .last: "last"
        case .restart: "restart"
        case .fault: "nan"
        case .head, .headNumber: "head"
        case .position, .movePosition: "position"
        case .candidate: "candidate"
        case .take, .takeToken, .takeText, .takeUp: "take"
        case .giveBack: "reverse-take"
        case .prompt: "ids"
        case .promptText, .promptRandom: "prompt"
        case .sampling, .samplingSettings: "sampling"
        case .model, .modelNamed: "model"
        case .play: "play"
        case .pace: "pace"
        case .breakAt(_, _, let isTemporary): isTemporary ? "tbreak" : "break"
        case .breakHere, .breakNan: "break"
        case .watch: "watch"
        case .stops(let change, _), .switchEdits(let change, _): change.rawValue
        case .print: "print"
        case .display: "display"
        case .terms: "terms"
        case .top: "top"
        case .find, .findText, .findNext: "find"
        case .info: "info"
        case .heads: "heads"
        case .lens: "lens"
        case .attribution: "attribution"
        case .define: "let"
        case .keep, .edit: "set"
        case .zeroSelected: "zero"
        case .edits: "edits"
        case .undo: "undo"
        case .redo: "redo"
        case .other: "other"
        case .diff, .diffWeights: "diff"
        case .difference(let isFirst, _): isFirst ? "first-difference" : "next-difference"
        case .sweep: "sweep"
        case .over, .overSweep: "over"
        case .export: "export"
        case .save: "save"
        case .source: "source"
        case .record: "record"
        case .pause: "pause"
        case .assert: "assert"
        case .help: "help"
        case .quit: "quit"
        }
    }
}
