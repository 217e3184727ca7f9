import GPTStepper
import TerminalKit

/// One row of the key table: the source of the dispatch, the key strip, the help and the README.
struct KeyBinding: Sendable {
    /// What a key asks for: something of the session, something of the eye, or a panel.
    enum Action: Sendable {
        case command(Command)
        case gesture(Gesture)
        case panel(any Panel.Type)
    }

    /// The keys as people write them.
    let symbols: String
    /// What the keys do, key by key.
    let keys: [(key: Key, action: Action)]
    /// The word in the key strip; empty for keys that are not shown there.
    let word: String
    /// What it does, in a line.
    let help: String
    /// Where it works; everywhere unless said.
    let focus: Set<Focus>

    /// - Parameters:
    ///   - help: what it does; nil where the table of commands says it.
    ///   - note: what is to be said beside it.
    init(
        symbols: String, keys: [(key: Key, action: Action)], word: String, help: String? = nil, note: String = "",
        focus: Set<Focus> = Set(Focus.allCases)
    ) {
        (self.symbols, self.keys, self.word, self.focus) = (symbols, keys, word, focus)
        if let help {
            self.help = help
        } else if case .command(let command) = keys.first?.action {
            self.help = command.verb.help + note
        } else {
            self.help = note
        }
    }
}

enum KeyBindings {
    private static let stepping: Set<Focus> = [.timeline, .inspector]

    /// The key that is shown first of all once a number was seen that is none.
    static let fault = KeyBinding(
        symbols: "!", keys: [(.character("!"), .command(.fault))], word: "")

    /// All keys, the most needed first.
    static let all: [KeyBinding] = [
        KeyBinding(
            symbols: "→ ←",
            keys: [(.right, .command(.step(.operation, .forward))), (.left, .command(.step(.operation, .backward)))],
            word: "step",
            note: "; a count goes first: 10→", focus: stepping),
        KeyBinding(
            symbols: "arrows", keys: cellKeys, word: "cell",
            help: "h j k l too: move the cell when the stage has the focus",
            focus: [.stage]),
        KeyBinding(
            symbols: "s S", keys: both("s", "S", .operation), word: "step",
            note: ", whatever has the focus"),
        KeyBinding(
            symbols: "↓ ↑",
            keys: [(.down, .command(.step(.subLayer, .forward))), (.up, .command(.step(.subLayer, .backward)))]
                + [
                    (.character("j"), .command(.step(.subLayer, .forward))),
                    (.character("k"), .command(.step(.subLayer, .backward))),
                ],
            word: "sub-layer", note: "; also j k", focus: stepping),
        KeyBinding(
            symbols: "n N", keys: both("n", "N", .subLayer), word: "",
            note: ", whatever has the focus"),
        KeyBinding(
            symbols: "[ ]", keys: [(.character("["), .command(.head(-1))), (.character("]"), .command(.head(1)))],
            word: "head"),
        KeyBinding(
            symbols: "Tab", keys: [(.tab, .gesture(.focus(1))), (.backTab, .gesture(.focus(-1)))], word: "focus",
            help: "focus: timeline → stage → inspector; Shift-Tab back"),
        KeyBinding(
            symbols: "Enter", keys: [(.enter, .gesture(.enter))], word: "stage",
            help: "from the timeline into the stage",
            focus: [.timeline]),
        KeyBinding(
            symbols: "Enter", keys: [(.enter, .gesture(.enter))], word: "terms",
            help: "what the cell is made of, term by term; takes a candidate",
            focus: [.stage, .inspector]),
        KeyBinding(
            symbols: "Esc", keys: [(.escape, .gesture(.escape))], word: "", help: "back out, one level each time"),
        KeyBinding(
            symbols: "?", keys: [(.character("?"), .panel(HelpPanel.self)), (.function(1), .panel(HelpPanel.self))],
            word: "help",
            help: "these keys, and the guided tours; also F1"),
        KeyBinding(
            symbols: "t", keys: [(.character("t"), .command(.take))], word: "take token"),
        KeyBinding(symbols: "q", keys: [(.character("q"), .gesture(.quit))], word: "quit", help: "quit"),
        KeyBinding(
            symbols: "a", keys: [(.character("a"), .panel(HeadsPanel.self))], word: "all heads",
            help: "all heads of this block; again: all blocks; Enter opens one"),
        KeyBinding(
            symbols: "p", keys: [(.character("p"), .panel(LensPanel.self))], word: "predictions",
            help: "what it would say if it stopped here; again: at all positions"),
        KeyBinding(
            symbols: "+ - 0",
            keys: [
                (.character("+"), .gesture(.zoom(1))), (.character("="), .gesture(.zoom(1))),
                (.character("-"), .gesture(.zoom(-1))),
                (.character("0"), .gesture(.resetZoom)),
            ],
            word: "zoom", help: "one picture alone, down to its numbers; farther; all again"),
        KeyBinding(
            symbols: "v V",
            keys: [(.character("v"), .gesture(.picture(1))), (.character("V"), .gesture(.picture(-1)))],
            word: "weights",
            help: "another picture alone: this operation's operands and weights"),
        KeyBinding(
            symbols: "z u", keys: [(.character("z"), .gesture(.scaling)), (.character("u"), .gesture(.pooling))],
            word: "scale",
            help: "colours per matrix, per row, to the 99th percentile; pooling"),
        KeyBinding(
            symbols: ":", keys: [(.character(":"), .panel(CommandPanel.self))], word: "command",
            help: "command line: everything by name, with history and Tab; help lists it"),
        KeyBinding(
            symbols: "x", keys: [(.character("x"), .gesture(.zero))], word: "zero",
            help: "zero the selected head, or the cell in the stage; again: restore it"),
        KeyBinding(symbols: "U", keys: [(.character("U"), .command(.undo))], word: "", help: "undo the last edit"),
        KeyBinding(
            symbols: "b", keys: [(.character("b"), .command(.breakHere))], word: "",
            help: "stop at this operation, or no more"),
        KeyBinding(
            symbols: "c C",
            keys: [(.character("c"), .command(.proceed(.forward))), (.character("C"), .command(.proceed(.backward)))],
            word: "continue", help: "on to the next stop; back to the one before"),
        KeyBinding(
            symbols: "W", keys: [(.character("W"), .gesture(.watch))], word: "",
            help: "stop where the selected cell changes"),
        KeyBinding(
            symbols: "d", keys: [(.character("d"), .gesture(.twin))], word: "twin",
            help: "a second run in step with this one, and where they differ"),
        KeyBinding(
            symbols: "/ , .",
            keys: [
                (.character("/"), .gesture(.search)), (.character(","), .command(.findNext(.backward))),
                (.character("."), .command(.findNext(.forward))),
            ], word: "", help: "find an operation or a token; previous, next match"),
        KeyBinding(
            symbols: "m", keys: [(.character("m"), .panel(ModelsPanel.self))], word: "model",
            help: "choose a model, with the sizes side by side"),
        KeyBinding(
            symbols: "e", keys: [(.character("e"), .panel(PromptPanel.self))], word: "edit",
            help: "edit the prompt; Enter runs it, Esc leaves it"),
        KeyBinding(
            symbols: "f F", keys: both("f", "F", .block), word: "block"),
        KeyBinding(
            symbols: "o", keys: [(.character("o"), .panel(SamplingPanel.self))], word: "sampling",
            help: "sampling: temperature, top-k, top-p, seed"),
        KeyBinding(
            symbols: "i I", keys: both("i", "I", .cell), word: "one cell"),
        KeyBinding(symbols: "Space", keys: [(.character(" "), .command(.play))], word: "play"),
        KeyBinding(
            symbols: "} {", keys: both("}", "{", .sameOperation), word: "same op"),
        KeyBinding(
            symbols: "T", keys: [(.character("T"), .command(.giveBack))], word: "give back"),
        KeyBinding(
            symbols: "R", keys: [(.character("R"), .panel(ContinuationsPanel.self))], word: "",
            help: "continuations that were left: take one up again"),
        KeyBinding(
            symbols: "Home End",
            keys: [
                (.home, .command(.first)), (.end, .command(.last)), (.character("g"), .command(.first)),
                (.character("G"), .command(.last)),
            ],
            word: "", help: "first, last operation; also g G, and 40G for step 40"),
        fault,
        KeyBinding(symbols: "r", keys: [(.character("r"), .command(.restart))], word: ""),
        KeyBinding(
            symbols: "< >",
            keys: [
                (.character("<"), .command(.pace(faster: false))), (.character(">"), .command(.pace(faster: true))),
            ],
            word: ""),
        KeyBinding(
            symbols: "PgUp PgDn",
            keys: [
                (.pageUp, .gesture(.moveCell(rows: -10, columns: 0))),
                (.pageDown, .gesture(.moveCell(rows: 10, columns: 0))),
            ]
                + [
                    (.controlLeft, .gesture(.moveCell(rows: 0, columns: -16))),
                    (.controlRight, .gesture(.moveCell(rows: 0, columns: 16))),
                ],
            word: "", help: "page the stage: ten rows; Ctrl-← Ctrl-→ sixteen columns"),
        KeyBinding(
            symbols: "Ctrl-L", keys: [(.control("l"), .gesture(.redraw))], word: "", help: "draw the screen again"),
        KeyBinding(
            symbols: "Ctrl-Z", keys: [(.control("z"), .gesture(.suspend))], word: "", help: "suspend; fg comes back"),
        KeyBinding(
            symbols: "Ctrl-C", keys: [], word: "", help: "interrupt what is running; with nothing running, quit"),
    ]

    /// What a key asks for where the focus is.
    static func action(for key: Key, in focus: Focus) -> KeyBinding.Action? {
        all.lazy.filter { $0.focus.contains(focus) }.flatMap(\.keys).first { $0.key == key }?.action
    }

    private static func both(
        _ forward: Unicode.Scalar, _ backward: Unicode.Scalar, _ grain: Stepper.Grain
    ) -> [(Key, KeyBinding.Action)] {
        [
            (.character(forward), .command(.step(grain, .forward))),
            (.character(backward), .command(.step(grain, .backward))),
        ]
    }

    private static let cellKeys: [(Key, KeyBinding.Action)] = [
        (.left, .gesture(.moveCell(rows: 0, columns: -1))),
        (.character("h"), .gesture(.moveCell(rows: 0, columns: -1))),
        (.right, .gesture(.moveCell(rows: 0, columns: 1))), (.character("l"), .gesture(.moveCell(rows: 0, columns: 1))),
        (.up, .gesture(.moveCell(rows: -1, columns: 0))), (.character("k"), .gesture(.moveCell(rows: -1, columns: 0))),
        (.down, .gesture(.moveCell(rows: 1, columns: 0))), (.character("j"), .gesture(.moveCell(rows: 1, columns: 0))),
    ]

    /// The key table of the README, in Markdown.
    static var markdown: String {
        "| key | does |\n|---|---|\n"
            + all.map { "| `\($0.symbols)` | \($0.help.replacing("|", with: "\\|")) |\n" }.joined()
    }
}
