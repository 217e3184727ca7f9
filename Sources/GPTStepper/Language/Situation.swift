import Checkpoints
import GPTEngine
import SystemPackage

/// All of a session that expressions depend on.
struct Situation {
    let model: Model
    /// The pass without edits, and with them.
    let base: Trace
    let trace: Trace
    /// The edits that count.
    let entries: [EditList.Entry]
    /// The same with those that do not fit the pass.
    var active: [EditList.Entry] = []
    /// Whether it speaks of prompts followed by their right answers.
    var isGraded = false
    let twin: Twin?
    var names: Names
    let cursor: Int
    let sampling: Sampling
    let promptCount: Int
    let store: Store
    /// Passes in which answers are held against what is right, as long as the pass is the same.
    let memo: Memo

    /// What was worked out beside a pass.
    final class Memo {
        var graded: [Role: any Values] = [:]
        var files: [String: any Values] = [:]
    }

    /// A pass that an expression may speak of.
    enum Role: Hashable {
        /// With edits, without, and the second run.
        case run, plain, other
        /// The same over a prompt followed by its right answer.
        case gradedRun, gradedPlain, gradedOther

        var graded: Role {
            switch self {
            case .run, .gradedRun: .gradedRun
            case .plain, .gradedPlain: .gradedPlain
            case .other, .gradedOther: .gradedOther
            }
        }
    }

    // MARK: Scopes

    /// Where expressions speak of the session's pass.
    func scope() -> Scope {
        scope(names: names, model: model, run: trace, other: twin?.model) { role in
            switch role {
            case .run: return trace
            case .plain: return base
            case .other: return try second()
            case .gradedRun, .gradedPlain, .gradedOther:
                if let known = memo.graded[role] { return known }
                let tokens = try graded(
                    role == .gradedOther ? second().tokens : role == .gradedRun ? trace.tokens : base.tokens)
                let values: any Values
                if role == .gradedOther {
                    guard let twin else { throw noTwin }
                    values = try pass(twin.model, tokens)
                } else {
                    let plain = try pass(model, tokens)
                    values = role == .gradedRun ? try edited(plain, entries) : plain
                }
                memo.graded[role] = values
                return values
            }
        }
    }

    /// The same where no edit counts, as inside edits themselves.
    func plainScope(isGraded: Bool = false) -> Scope {
        var plain = Situation(
            model: model, base: base, trace: base, entries: [], twin: twin, names: names, cursor: cursor,
            sampling: sampling, promptCount: promptCount, store: store, memo: Memo())
        plain.isGraded = isGraded
        return plain.scope()
    }

    private var noTwin: LanguageError {
        LanguageError(
            "There is no second run: `other prompt \"…\"` makes one.", at: LanguageError.Place(), kind: .unavailable)
    }

    private func second() throws -> any Values {
        guard let twin else { throw noTwin }
        return twin.values
    }

    /// Where expressions speak of some passes.
    ///
    /// - Parameter other: the second run's model.
    func scope(
        names: Names, model: Model, run: any Values, other: Model?, _ provide: @escaping (Role) throws -> any Values
    ) -> Scope {
        func view(_ role: Role, _ model: Model, _ values: any Values) -> RunView {
            guard let count = model.preset?.sortedCount else { return RunView(model, values) }
            return RunView(model, values) {
                let values = try provide(role.graded)
                let right = values.tokens.prefix(count).sorted()
                return RunView.Graded(values: values, positions: Array(count - 1..<2 * count - 1), right: right)
            }
        }
        return Scope(
            run: view(.run, model, run), unedited: { view(.plain, model, try provide(.plain)) },
            other: { view(.other, other ?? model, try provide(.other)) },
            over: { inputs, body, scope, place in try mean(inputs, body, scope.names, place) },
            recorded: recorded, names: names, cursor: cursor, sampling: sampling)
    }

    // MARK: Passes

    /// A prompt followed by its right answer.
    func graded(_ tokens: [Int]) throws -> [Int] {
        let count = model.preset?.sortedCount ?? 0
        guard tokens.count >= count else {
            throw LanguageError(
                "\(model.name) sorts \(count) letters, and the prompt has \(tokens.count): nothing is right after it.",
                at: LanguageError.Place())
        }
        let prompt = Array(tokens.prefix(count))
        return prompt + prompt.sorted().dropLast()
    }

    /// A pass over some tokens, without edits.
    func pass(_ model: Model, _ tokens: [Int], promptCount: Int? = nil) throws -> Trace {
        guard let weights = model.weights else { throw ModelError.noWeights(model.name) }
        return try Trace(
            program: .gpt2(model.configuration, tokenCount: tokens.count), weights: weights, tokens: tokens,
            promptCount: promptCount, store: store)
    }

    /// The same pass with edits; all must fit.
    func edited(_ plain: Trace, _ entries: [EditList.Entry]) throws -> Trace {
        guard !entries.isEmpty else { return plain }
        let compiled = try compile(entries, plain)
        return try Self.edited(plain, compiled, self)
    }

    static func edited(
        _ plain: Trace, _ compiled: CompiledEdits, _ situation: Situation, continuing other: Trace? = nil
    ) throws -> Trace {
        var pass = plain
        if !compiled.tokens.isEmpty {
            var tokens = plain.tokens
            for (position, id) in compiled.tokens { tokens[position] = id }
            pass = try situation.pass(situation.model, tokens, promptCount: plain.pieces.first?.count)
        }
        let edits = compiled.all(plain.program)
        return edits.isEmpty ? pass : pass.edited(by: edits, continuing: compiled.tokens.isEmpty ? other : nil)
    }

    /// What edits are for a pass.
    func compile(_ entries: [EditList.Entry], _ plain: any Values) throws -> CompiledEdits {
        try entries.reduce(CompiledEdits()) { $0 + (try compile($1.form, $1.names, plain)) }
    }

    /// - Parameter isSwept: whether it is one of a sweep, where a change that nobody reads is one.
    func compile(
        _ form: EditForm, _ names: Names, _ plain: any Values, isSwept: Bool = false
    ) throws -> CompiledEdits {
        // Of a prompt with its right answer the other runs are those with theirs.
        let count = model.preset?.sortedCount ?? 0
        let isGraded = count > 0 && plain.tokens.count == 2 * count - 1 && plain.tokens.count != base.tokens.count
        var scope = plainScope(isGraded: isGraded).with(RunView(model, plain))
        scope.names = names
        let compiler = EditCompiler(scope: uneditedScope(scope, plain, isGraded: isGraded), allowsNoReader: isSwept)
        return try compiler.compile(form)
    }

    /// Where `unedited` is the pass itself.
    private func uneditedScope(_ scope: Scope, _ plain: any Values, isGraded: Bool) -> Scope {
        var result = Scope(
            run: scope.run, unedited: { RunView(model, plain) },
            other: {
                let other = try scope.other()
                return isGraded ? RunView(other.model, try other.graded().values) : other
            }, over: scope.over,
            recorded: scope.recorded, names: scope.names, cursor: cursor, sampling: sampling)
        result.limit = nil
        return result
    }

    private func recorded(_ name: String, _ place: LanguageError.Place) throws -> any Values {
        if let known = memo.files[name] { return known }
        let recording = try Self.recording(name, at: place)
        memo.files[name] = recording
        return recording
    }

    /// A pass that was recorded in a file.
    static func recording(_ name: String, at place: LanguageError.Place) throws -> Recording {
        do {
            return try Recording(SafetensorsFile(path: FilePath(raw: name)))
        } catch let error as FileError {
            let isMissing = if case .missing = error { true } else { false }
            throw LanguageError(error.description, at: place, kind: isMissing ? .missingFile : .file)
        } catch { throw LanguageError("\(error)", at: place) }
    }

    // MARK: Inputs

    func cases(_ inputs: Expression.Inputs, _ place: LanguageError.Place) throws -> [InputCase] {
        try inputs.cases(model, count: base.tokens.count, at: place)
    }

    /// A value's mean over inputs; with one input the value there.
    private func mean(
        _ inputs: Expression.Inputs, _ body: Expression, _ names: Names, _ place: LanguageError.Place
    ) throws -> Datum {
        let work = OverWork(self, try cases(inputs, place), body, names, place)
        while try work.step() {}
        let results = work.results.compactMap(\.self)
        guard results.count > 1 else { return results[0] }
        let first = results[0]
        guard first.kind == .number || first.kind == .truth else {
            throw LanguageError("over() takes the mean of numbers or truths.", at: place)
        }
        guard let other = results.first(where: { $0.shape != first.shape }) else {
            var sum = first
            sum.kind = .number
            for result in results.dropFirst() {
                for place in result.numbers.indices { sum.numbers[place] += result.numbers[place] }
            }
            return sum.map { $0 / Double(results.count) }
        }
        throw LanguageError(
            "The inputs give values of different shapes, \(first.extent) and \(other.extent): name a position, as [-1].",
            at: place)
    }
}
