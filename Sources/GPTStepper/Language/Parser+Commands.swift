import Checkpoints
import GPTEngine

/// One command of a script: what it is, how often, where it stands and how it was written.
public struct Statement: Hashable, Sendable {
    /// What is asked for.
    public let command: Command
    /// How many times; nil where none was said.
    public let count: Int?
    /// Where it begins.
    public let place: LanguageError.Place
    /// How it was written.
    public let text: String
    /// The file that it stands in; nil for what was typed.
    public var file: String?
    /// How many files ran one another until this one.
    var depth = 0

    /// The same, so many times.
    func repeating(_ count: Int) -> Statement {
        var result = Statement(command: command, count: count, place: place, text: text)
        (result.file, result.depth) = (file, depth)
        return result
    }

    /// The statements of a script: all of it is read before any of it runs.
    ///
    /// - Throws: ``LanguageError``.
    public static func parse(_ text: String) throws -> [Statement] {
        var parser = Parser(text)
        var statements: [Statement] = []
        while true {
            while parser.isAtEnd() {
                guard parser.peek() != nil else { return statements }
                parser.at += 1
            }
            statements.append(try parser.statement())
            guard parser.isAtEnd() else { throw parser.fault("`;` or the end of the line") }
        }
    }
}

extension Parser {
    /// What was written from a place up to here, without space around it.
    func written(from start: Int) -> String {
        var (first, last) = (start, at)
        while last > first, [" ", "\t", "\n", "\r"].contains(text[last - 1]) { last -= 1 }
        while first < last, [" ", "\t"].contains(text[first]) { first += 1 }
        return String(String.UnicodeScalarView(text[first..<last]))
    }

    mutating func statement() throws -> Statement {
        let (start, place) = (at, here)
        var count = try leadingCount()
        skipSpace()
        let verb = try verb()
        let (command, after) = try command(verb)
        if let after {
            guard count == nil else { throw LanguageError("Two counts were given.", at: place) }
            count = after
        }
        guard count == nil || command.takesCount else {
            throw LanguageError("\(verb) takes no count.", at: place)
        }
        return Statement(command: command, count: count, place: place, text: written(from: start))
    }

    /// A count before a command, with space between them or none.
    private mutating func leadingCount() throws -> Int? {
        let (start, place) = (at, here)
        while Self.isDigit(peek()) { at += 1 }
        guard at > start else { return nil }
        return try Self.checked(Int(String(String.UnicodeScalarView(text[start..<at]))), place)
    }

    private static func checked(_ count: Int?, _ place: LanguageError.Place) throws -> Int {
        guard let count, (1...1 << 20).contains(count) else {
            throw LanguageError("A count from 1 to 1048576 is expected.", at: place)
        }
        return count
    }

    /// The command that a word stands for: by its name, by what is short for it, or by a beginning that fits one only.
    mutating func verb() throws -> String {
        let place = here
        guard let word = word(hyphens: true), !Self.isDigit(word.unicodeScalars.first) else { throw fault("a command") }
        at += word.count
        let lower = word.lowercased()
        if let exact = Verb.all.first(where: { $0.name == lower }) { return exact.name }
        // Stepping letters tell forward from backward by their case.
        if let short = Verb.all.first(where: { $0.short.contains(word) })
            ?? Verb.all.first(where: { verb in
                verb.short.contains(lower) && !verb.short.contains { $0 == word } && !Self.stepping.contains(lower)
            })
        {
            return short.name
        }
        let fitting = Verb.all.map(\.name).filter { $0.hasPrefix(lower) }
        if fitting.count == 1 { return fitting[0] }
        if fitting.count > 1 {
            throw LanguageError(
                "\"\(visible(word))\" could be \(fitting.joined(separator: ", ")).", at: place)
        }
        let near = nearest(to: lower, among: Verb.all.map(\.name))
        throw LanguageError(
            "There is no command \"\(visible(word))\"."
                + (near.isEmpty ? " `help` lists them." : " Did you mean \(near.joined(separator: " or "))?"), at: place
        )
    }

    private static let stepping: Set<String> = ["s", "n", "f", "c", "t", "i"]

    private mutating func command(_ verb: String) throws -> (Command, count: Int?) {
        let grains: [String: Stepper.Grain] = [
            "step": .operation, "next": .subLayer, "finish": .block, "cell": .cell,
        ]
        let (name, direction): (String, Stepper.Direction) =
            verb.hasPrefix("reverse-") ? (String(verb.dropFirst(8)), .backward) : (verb, .forward)
        if let grain = grains[name] { return (.step(grain, direction), try countAfter()) }
        switch name {
        case "continue": return (.proceed(direction), try countAfter())
        case "undo": return (.undo, try countAfter())
        case "redo": return (.redo, try countAfter())
        case "until": return (.until(try address(), direction), nil)
        case "take":
            if direction == .backward { return (.giveBack, try countAfter()) }
            return isAtEnd() ? (.take, nil) : (.takeText(try expression()), nil)
        default: return (try simple(name), nil)
        }
    }

    private mutating func countAfter() throws -> Int? {
        guard !isAtEnd() else { return nil }
        let place = here
        guard let count = try wholeNumber() else { throw fault("a count") }
        return try Self.checked(count, place)
    }

    /// A name of operations, `*` for all, or any expression.
    private mutating func address() throws -> Expression { try expression() }

    private mutating func simple(_ name: String) throws -> Command {
        switch name {
        case "goto":
            if take(word: "term") {
                guard let number = try wholeNumber(), number >= 0 else { throw fault("the number of a term, from 0") }
                return .term(number)
            }
            return .reach(try postfix())
        case "first": return .first
        case "last": return .last
        case "restart": return .restart
        case "nan": return .fault
        case "play": return .play
        case "pace":
            if take(word: "faster") { return .pace(faster: true) }
            guard take(word: "slower") else { throw fault("faster or slower") }
            return .pace(faster: false)
        case "block": return try move({ .block($0) }, by: { .step(.sameOperation, $0 > 0 ? .forward : .backward) })
        case "head": return try move({ .headNumber($0) }, by: { .head($0) })
        case "position": return try move({ .position($0) }, by: { .movePosition($0) })
        case "candidate":
            let token = try expression()
            return .reach(.slice(.name("logits", token.place), [.item(.number(-1)), .item(token)], token.place))
        case "prompt": return try prompt()
        case "ids": return .prompt(try ids())
        case "model": return .modelNamed(try argument("a model"))
        case "sampling": return .samplingSettings(try settings())
        case "break", "tbreak": return try stop(isTemporary: name == "tbreak")
        case "watch": return .watch(try expression())
        case "enable", "disable", "delete":
            guard let change = Command.Switch(rawValue: name) else { throw fault("a command") }
            if take(word: "edit") { return .switchEdits(change, try numbers()) }
            return .stops(change, try numbers())
        case "print":
            var values = [try expression()]
            while take(",") { values.append(try expression()) }
            return .print(values)
        case "display": return .display(try expression())
        case "terms": return .terms(isAtEnd() ? nil : try postfix())
        case "top":
            guard let count = try wholeNumber(), count > 0 else { throw fault("how many") }
            return .top(count, try expression())
        case "find":
            if take(word: "next") { return .findNext(.forward) }
            if take(word: "previous") { return .findNext(.backward) }
            let start = at
            if let text = try quoted(), isAtEnd() { return .findText(text) }
            at = start
            return .find(try expression())
        case "info":
            for info in Command.Info.allCases where take(word: info.rawValue) { return .info(info) }
            // gdb's names for the same.
            let known = ["breakpoints", "breakpoint", "break", "b", "watchpoints", "watch", "display"]
            if isAtEnd() || known.contains(where: { take(word: $0) }) { return .info(.stops) }
            throw fault("stops or tensors")
        case "heads":
            guard take(word: "by") else { return .heads(nil) }
            skipSpace()
            guard let word = word(), let score = HeadScore(rawValue: word.lowercased()) else {
                throw fault(HeadScore.allCases.map(\.rawValue).joined(separator: ", "))
            }
            at += word.count
            return .heads(score)
        case "lens": return .lens(isAtEnd() ? nil : try expression())
        case "attribution": return .attribution(try expression())
        case "let":
            let name = try variable()
            try expect("=")
            return .define(name, try expression())
        case "edits": return .edits
        case "undo": return .undo
        case "redo": return .redo
        case "other": return try other()
        case "diff":
            if take(word: "weights") { return .diffWeights }
            skipSpace()
            let hasValue = !isAtEnd() && word()?.lowercased() != "tolerance"
            return .diff(hasValue ? try expression() : nil, tolerance: try tolerance())
        case "first-difference": return .difference(isFirst: true, tolerance: try tolerance())
        case "next-difference": return .difference(isFirst: false, tolerance: try tolerance())
        case "sweep":
            let edit = try editAfterVerb()
            return .sweep(edit, measure: try measure())
        case "over":
            let inputs = try inputs()
            try expect(":")
            guard take(word: "sweep") else { return .over(inputs, try expression()) }
            let edit = try editAfterVerb()
            return .overSweep(inputs, edit, measure: try measure())
        case "export": return .export(try argument("a file"))
        case "save": return .save(try argument("a file"))
        case "source": return .source(try argument("a file"))
        case "record": return take(word: "off") ? .record(nil) : .record(try argument("a file, or off"))
        case "pause": return .pause(try quoted() ?? "")
        case "assert":
            let condition = try expression()
            return .assert(condition, try quoted() ?? "")
        case "help":
            guard !isAtEnd() else { return .help(nil) }
            return .help(try verb())
        case "quit": return .quit
        case "set":
            skipSpace()
            let before = at
            if peek() == "$" {
                let name = try variable()
                try expect("=")
                return .keep(name, try expression())
            }
            at = before
            return .edit(try edit("set"))
        default: return .edit(try edit(name))
        }
    }

    private mutating func move(_ to: (Int) -> Command, by: (Int) -> Command) throws -> Command {
        if take(word: "next") { return by(1) }
        if take(word: "previous") { return by(-1) }
        guard let number = try wholeNumber() else { throw fault("a number, next or previous") }
        return to(number)
    }

    private mutating func prompt() throws -> Command {
        if take(word: "random") {
            guard let count = try wholeNumber(), count > 1 else { throw fault("how many random tokens, from 2") }
            guard take(word: "seed") else { return .promptRandom(count, seed: 0) }
            guard let seed = try wholeNumber(), seed >= 0 else { throw fault("a seed from 0") }
            return .promptRandom(count, seed: seed)
        }
        guard let text = try quoted() else { throw fault("a text in quotes, or random") }
        return .promptText(text)
    }

    private mutating func ids() throws -> [Int] {
        var ids: [Int] = []
        repeat {
            guard let id = try wholeNumber() else { throw fault("a token id") }
            ids.append(id)
        } while take(",")
        return ids
    }

    private mutating func settings() throws -> [String: Double] {
        var settings: [String: Double] = [:]
        let known = ["temperature", "top-k", "top-p", "seed"]
        while !isAtEnd() {
            guard let name = word(hyphens: true)?.lowercased(), known.contains(name) else {
                throw fault(known.joined(separator: ", "))
            }
            at += name.count
            try expect("=")
            skipSpace()
            guard case .number(let number) = try postfix() else { throw fault("a number") }
            settings[name] = number
        }
        guard !settings.isEmpty else { throw fault(known.joined(separator: ", ")) }
        return settings
    }

    private mutating func stop(isTemporary: Bool) throws -> Command {
        if take(word: "nan") { return .breakNan }
        guard !isAtEnd() else {
            guard !isTemporary else { throw fault("an address") }
            return .breakHere
        }
        let target = try postfix()
        guard case .name = target else {
            throw LanguageError("The name of an operation is expected: a condition goes after `if`.", at: target.place)
        }
        return .breakAt(target, condition: take(word: "if") ? try expression() : nil, isTemporary: isTemporary)
    }

    private mutating func numbers() throws -> Command.Numbers {
        // As in gdb, none means all.
        if take(word: "all") || isAtEnd() { return .all }
        var ranges: [ClosedRange<Int>] = []
        repeat {
            guard let first = try wholeNumber(), first > 0 else { throw fault("a number, a range as 2-4, or all") }
            var last = first
            if peek() == "-" {
                at += 1
                guard let end = try wholeNumber(), end >= first else { throw fault("the last of a range") }
                last = end
            }
            ranges.append(first...last)
        } while take(",")
        return .some(ranges)
    }

    private mutating func variable() throws -> String {
        skipSpace()
        guard peek() == "$" else { throw fault("a name that begins with $") }
        at += 1
        guard let name = word() else { throw fault("a name after $") }
        at += name.count
        return name
    }

    private mutating func other() throws -> Command {
        if take(word: "prompt") {
            guard let text = try quoted() else { throw fault("a text in quotes") }
            return .other(.prompt(text))
        }
        if take(word: "model") { return .other(.model(try argument("a model"))) }
        if take(word: "unedited") { return .other(.unedited) }
        if take(word: "trace") { return .other(.trace(try argument("a trace file"))) }
        if take(word: "swap") { return .other(.swap) }
        guard take(word: "off") else { throw fault("prompt, model, unedited, trace, swap or off") }
        return .other(.off)
    }

    private mutating func tolerance() throws -> Double? {
        guard take(word: "tolerance") else { return nil }
        guard case .number(let number) = try postfix(), number >= 0 else { throw fault("a number from 0 on") }
        return number
    }

    private mutating func measure() throws -> Expression {
        guard take(word: "measure") else { throw fault("`measure`") }
        return try expression()
    }
}
