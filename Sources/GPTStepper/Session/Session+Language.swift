import Checkpoints
import GPTEngine
import SystemPackage

/// The language: lines are read, wait their turn, and are answered.
extension Session {
    /// Reads commands, all of them before any runs; they wait for ``act()``.
    ///
    /// - Parameter file: the file that they stand in.
    /// - Throws: ``LanguageError``, and nothing waits.
    public mutating func run(_ text: String, file: String? = nil) throws { try run(text, file: file, depth: 0) }

    private mutating func run(_ text: String, file: String?, depth: Int) throws {
        var statements = try Statement.parse(text)
        for place in statements.indices {
            statements[place].file = file ?? statements[place].file
            statements[place].depth = depth
        }
        queue = statements + queue
    }

    /// Goes to the first operation whose numbers are not all finite.
    private mutating func goToFault(_ place: LanguageError.Place) throws {
        var scope = try scope()
        for node in stepper.program.nodes.indices {
            scope.cursor = node
            guard let datum = try? scope.value(.name("it", place)), datum.kind == .number,
                let flat = datum.numbers.indices.first(where: {
                    !datum.numbers[$0].isFinite && !(datum.removed?[$0] ?? false)
                })
            else { continue }
            return stepper.visit(node, at: datum.index(of: flat))
        }
        throw LanguageError("No NaN and no infinity is in this pass.", at: place)
    }

    /// Whether commands wait or are being done.
    public var isActing: Bool { job != nil || !queue.isEmpty }

    /// How far the command is that is being done.
    public var actProgress: (text: String, done: Int, all: Int)? {
        job.flatMap { job in job.progress.map { (job.statement.text, $0.done, $0.all) } }
    }

    /// Takes what was answered since.
    public mutating func takeAnswers() -> [Answer] {
        defer { answers = [] }
        return answers
    }

    /// Does a piece of what waits; false when nothing does.
    public mutating func act() -> Bool {
        if let job {
            do {
                try advance(job)
            } catch {
                self.job = nil
                fail(error, job.statement)
            }
            return true
        }
        guard !queue.isEmpty else { return false }
        let statement = queue.removeFirst()
        notice = nil
        do {
            try perform(statement)
            if let recordFile { try record(statement, in: recordFile) }
        } catch { fail(error, statement) }
        return true
    }

    /// Calls off what waits and what is being done.
    public mutating func stopActing() {
        guard isActing else { return }
        (job, queue) = (nil, [])
    }

    mutating func answer(_ content: Answer.Content, _ statement: Statement) {
        answers.append(Answer(statement: statement, content: content))
    }

    private mutating func fail(_ error: any Error, _ statement: Statement) {
        let known: LanguageError =
            switch error {
            case let error as LanguageError: error
            case let absent as Absent: LanguageError(absent.message, at: absent.place)
            case let error as FileError: LanguageError(error.description, at: statement.place, kind: .file)
            case let error as ModelError: LanguageError(error.description, at: statement.place, kind: .unavailable)
            case let error as PassError: LanguageError(error.description, at: statement.place, kind: .unavailable)
            default: LanguageError("\(error)", at: statement.place)
            }
        answer(.error(known), statement)
        guard !keepsGoing else {
            // A file that was being run stops at its error.
            if let file = statement.file { queue.removeAll { $0.file == file } }
            return
        }
        queue = []
    }

    private mutating func advance(_ job: Job) throws {
        switch job {
        case .travel(let travel): self.job = try advance(travel).map(Job.travel)
        case .over(let work, let cases, let statement):
            if try work.step() { return }
            self.job = nil
            answer(try Answer.over(work.results.compactMap(\.self), cases, statement), statement)
        case .sweep(let work, let statement):
            if try work.step() { return }
            self.job = nil
            answer(.table(work.table(model)), statement)
        }
    }

    // MARK: Commands

    func scope() throws -> Scope {
        guard let scope = situation?.scope() else { throw noWeights }
        return scope
    }

    /// A value, where what is absent is a fault.
    func value(_ expression: Expression) throws -> Datum { try scope().value(expression) }

    private mutating func perform(_ statement: Statement) throws {
        let (command, place) = (statement.command, statement.place)
        func travel(_ goal: Travel.Goal, _ direction: Stepper.Direction) -> Job {
            .travel(Travel(goal: goal, direction: direction, statement: statement))
        }
        stepper.isPlaying = false
        if let count = statement.count, count > 1 {
            switch command {
            // What ends at a stop, or takes one change back, is done again after it.
            case .proceed, .undo, .redo: queue.insert(statement.repeating(count - 1), at: 0)
            default: break
            }
        }
        switch command {
        case .step(let grain, let direction): job = travel(.steps(grain, statement.count ?? 1), direction)
        case .proceed(let direction): job = travel(.end, direction)
        case .until(let target, let direction): job = travel(try goal(target), direction)
        case .take:
            guard trace != nil else { throw noWeights }
            job = travel(.tokens(statement.count ?? 1, chosen: nil), .forward)
        case .takeText(let token):
            job = travel(.tokens(statement.count ?? 1, chosen: try id(token)), .forward)
        case .reach(let target):
            try reach(target)
            conclude(report(.step), statement)
        case .term(let number):
            try follow(number, place)
            conclude(report(.step), statement)
        case .position(let number, nil) where number < 0:
            try done(perform(.position(number + stepper.tokens.count)), statement)
        case .fault:
            try goToFault(place)
            conclude(report(.step), statement)
        case .block, .headNumber, .movePosition, .promptText, .promptRandom, .samplingSettings, .modelNamed:
            try performSimple(command, statement)
        case .breakAt, .breakHere, .breakNan, .watch, .stops, .display: try performStop(command, statement)
        case .print, .terms, .top, .find, .findText, .findNext, .info, .heads, .lens, .attribution, .assert:
            try performLook(command, statement)
        case .define, .keep, .edit, .zeroSelected, .edits, .switchEdits, .undo, .redo:
            try performEdit(command, statement)
        case .other, .diff, .diffWeights, .difference: try performComparison(command, statement)
        case .sweep(let form, let measure):
            guard let situation else { throw noWeights }
            if let number = unfitting.min() {
                throw LanguageError(
                    "Edit \(number) does not fit this pass: `disable edit \(number)` leaves it out.", at: place)
            }
            job = .sweep(try SweepWork(situation, form, measure: measure, inputs: nil, at: place), statement)
        case .over(let inputs, let expression):
            guard let situation else { throw noWeights }
            let cases = try situation.cases(inputs, place)
            job = .over(OverWork(situation, cases, expression, names, place), cases, statement)
        case .overSweep(let inputs, let form, let measure):
            guard let situation else { throw noWeights }
            let cases = try situation.cases(inputs, place)
            job = .sweep(try SweepWork(situation, form, measure: measure, inputs: cases, at: place), statement)
        case .export, .save, .source, .record, .pause, .help, .quit: try performWord(command, statement)
        default:
            try done(perform(command, count: statement.count), statement)
        }
    }

    /// What came of a command that answers at once.
    mutating func done(_ reply: Reply, _ statement: Statement) throws {
        if case .refused(let why) = reply { throw LanguageError(why, at: statement.place) }
        switch statement.command {
        case .sampling, .samplingSettings, .pace, .play: break
        default: conclude(report(.step), statement)
        }
    }

    // MARK: Edits

    private mutating func performEdit(_ command: Command, _ statement: Statement) throws {
        switch command {
        case .define(let name, let expression):
            names.kept[name] = nil
            names.defined[name] = expression
        case .keep(let name, let expression):
            let datum = try value(expression)
            names.defined[name] = nil
            names.kept[name] = datum
        case .edit(let form): answer(.edit(try add(form)), statement)
        case .zeroSelected(let isCell): try done(perform(.zeroSelected(isCell: isCell)), statement)
        case .edits:
            answer(
                .table(
                    Answer.Table(
                        ["number", "edit", "active", "fits"],
                        edits.entries.map {
                            [
                                .integer($0.number), .text($0.form.text), .truth($0.isActive),
                                .truth(!unfitting.contains($0.number)),
                            ]
                        })), statement)
        case .switchEdits(let change, let numbers):
            var next = edits
            guard next.apply(change, to: numbers) else {
                throw LanguageError("There is no such edit: `edits` lists them.", at: statement.place)
            }
            setEdits(next)
        case .undo, .redo:
            var next = edits
            guard command == .undo ? next.undo() : next.redo() else {
                throw LanguageError("There is nothing to \(command == .undo ? "undo" : "redo").", at: statement.place)
            }
            setEdits(next)
        default: break
        }
    }

    // MARK: Files and words

    private mutating func performWord(_ command: Command, _ statement: Statement) throws {
        switch command {
        case .export(let name): try export(name, statement.place)
        case .save(let name): try save(name, statement.place)
        case .source(let name):
            let text = try Expression.Inputs.text(of: name, at: statement.place)
            guard !queue.contains(where: { $0.file == name }), statement.file != name, statement.depth < 100 else {
                throw LanguageError("\(visible(name)) runs itself.", at: statement.place)
            }
            do { try run(text, file: name, depth: statement.depth + 1) } catch let error as LanguageError {
                throw LanguageError("\(visible(name)), \(error.description)", at: statement.place)
            }
        case .record(let name):
            recordFile = name.map { FilePath(raw: $0) }
            if let recordFile { try write("", to: recordFile, statement.place) }
        case .pause(let words): say(words, statement)
        case .help(let name): answer(.words(Verb.help(name)), statement)
        case .quit: queue = []
        default: break
        }
    }
}

extension Verb {
    /// What commands there are, or what one does.
    static func help(_ name: String?) -> String {
        if let name, let verb = all.first(where: { $0.name == name }) {
            return "\(verb.form)\n  \(verb.help)"
                + (verb.short.isEmpty ? "" : "; short: \(verb.short.joined(separator: ", "))")
                + (verb.example.isEmpty ? "" : "\n  for example: \(verb.example)")
        }
        let width = all.map(\.name.count).max() ?? 0
        return all.map { $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.help }
            .joined(separator: "\n") + "\n`help COMMAND` shows how it is written."
    }
}
