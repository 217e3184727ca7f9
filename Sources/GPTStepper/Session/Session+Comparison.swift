import Checkpoints
import GPTEngine
import SystemPackage

/// The second run, in step with the first.
extension Session {
    /// How an operation differs between the two runs: the largest difference, alone and beside the largest number, and where.
    public struct Difference: Hashable, Sendable {
        /// The largest difference.
        public let absolute: Double
        /// The same beside the largest number of the first run.
        public let relative: Double
        /// Where it is.
        public let index: [Int]
    }

    mutating func performComparison(_ command: Command, _ statement: Statement) throws {
        let place = statement.place
        switch command {
        case .other(let other):
            try setTwin(other, place)
            say(twinWords, statement)
        case .diff(let expression?, let tolerance):
            guard let scope = situation?.scope() else { throw noWeights }
            let mine = try Arithmetic.numeric(scope.value(expression), expression.place)
            let theirs = try Arithmetic.numeric(scope.value(.call("other", [expression], [:], expression.place)), place)
            guard mine.shape == theirs.shape else {
                throw LanguageError("\(mine.extent) and \(theirs.extent) do not go together.", at: expression.place)
            }
            let difference = Self.difference(mine, theirs)
            try answerDifferences([(expression.written, difference)], tolerance, statement)
        case .diff(nil, let tolerance):
            try answerDifferences(try differences().map { ($0.address, $0.difference) }, tolerance, statement)
        case .difference(let isFirst, let tolerance):
            let limit = tolerance ?? 0
            let start = isFirst ? 0 : stepper.index + 1
            for node in start..<max(start, stepper.program.logitsIndex + 1) {
                guard let difference = try difference(at: node, place),
                    difference.absolute > limit || difference.absolute.isNaN
                else {
                    continue
                }
                stepper.visit(node, at: difference.index)
                try answerDifferences([(stepper.node.address, difference)], nil, statement)
                conclude(report(.step), statement)
                return
            }
            let what = tolerance == nil ? "are the same" : "agree within the tolerance"
            say(isFirst ? "The two runs \(what) everywhere." : "From here on the two runs \(what).", statement)
        case .diffWeights:
            guard let twin, let other = twin.model.weights, let mine = trace?.weights else {
                throw LanguageError(
                    "There is no second model: `other model NAME` opens one.", at: place, kind: .unavailable)
            }
            var rows: [[Answer.Table.Field]] = []
            let theirs = Set(twin.model.configuration.parameters)
            for parameter in model.configuration.parameters where theirs.contains(parameter) {
                let (a, b) = (mine[parameter], other[parameter])
                let difference = Self.difference(a, b)
                rows.append([
                    .text(parameter.name), .number(difference.absolute), .list(difference.index.map { .integer($0) }),
                ])
            }
            answer(.table(Answer.Table(["tensor", "max_abs", "index"], rows)), statement)
        default: break
        }
    }

    private mutating func answerDifferences(
        _ rows: [(String, Difference)], _ tolerance: Double?, _ statement: Statement
    ) throws {
        answer(
            .table(
                Answer.Table(
                    ["address", "max_abs", "max_rel", "index"],
                    rows.map { row in
                        [
                            .text(row.0), .number(row.1.absolute), .number(row.1.relative),
                            .list(row.1.index.map { .integer($0) }),
                        ]
                    })), statement)
        guard let tolerance, let worst = rows.first(where: { $0.1.absolute > tolerance || $0.1.absolute.isNaN }) else {
            return
        }
        throw LanguageError(
            "\(worst.0) differs by \(Answer.decimal(worst.1.absolute)), more than \(Answer.decimal(tolerance)).",
            at: statement.place, kind: .tolerance)
    }

    /// How every operation that both runs have differs.
    private func differences() throws -> [(address: String, difference: Difference)] {
        try (0...stepper.program.logitsIndex).compactMap { node in
            try difference(at: node, LanguageError.Place()).map { (stepper.program.nodes[node].address, $0) }
        }
    }

    /// How an operation differs at the positions that both runs have; nil where one of them lacks it.
    func difference(at node: Int, _ place: LanguageError.Place) throws -> Difference? {
        guard let twin, let trace else {
            throw LanguageError(
                "There is no second run: `other prompt \"…\"` makes one.", at: place, kind: .unavailable)
        }
        let mine = trace.program.nodes[node]
        guard let other = twin.values.program.nodes.firstIndex(where: { $0.address == mine.address }) else {
            return nil
        }
        let theirs = twin.values.program.nodes[other]
        let count = min(trace.tokens.count, twin.values.tokens.count)
        let isSame =
            mine.isAttention
            ? mine.shape[0] == theirs.shape[0] : mine.shape.dropFirst() == theirs.shape.dropFirst()
        guard isSame else { return nil }
        if node == trace.program.logitsIndex {
            var worst: Difference?
            for position in 0..<count {
                for run in [trace as any Values, twin.values] { while run.work(toward: [.answer(position)]) {} }
                guard let a = try? trace.peekLogits(at: position), let b = try? twin.values.peekLogits(at: position)
                else { return nil }
                let next = Self.difference(a, b)
                if worst.map({ next.absolute > $0.absolute || next.absolute.isNaN }) ?? true {
                    worst = Difference(absolute: next.absolute, relative: next.relative, index: [position] + next.index)
                }
            }
            return worst
        }
        if node == 0 {
            let pairs = zip(trace.tokens, twin.values.tokens).enumerated()
            let part = pairs.first { $1.0 != $1.1 }
            return Difference(
                absolute: part.map { abs(Double($1.0 - $1.1)) } ?? 0, relative: 0, index: [part?.offset ?? 0])
        }
        while trace.work(toward: [.value(node)]) {}
        while twin.values.work(toward: [.value(other)]) {}
        guard var a = try? trace.peek(node), var b = try? twin.values.peek(other) else { return nil }
        if mine.isAttention {
            a = a.cut(to: count)
            b = b.cut(to: count)
        } else {
            (a, b) = (a.rows(0..<count), b.rows(0..<count))
        }
        return Self.difference(a, b)
    }

    private static func difference(_ a: Tensor, _ b: Tensor) -> Difference {
        var (most, size, place) = (-1.0, 0.0, 0)
        a.withValues { a in
            b.withValues { b in
                for index in a.indices {
                    size = max(size, Double(abs(a[index])))
                    // What both have is no difference, infinities among it.
                    let difference = a[index] == b[index] ? 0 : abs(Double(a[index]) - Double(b[index]))
                    if difference > most || difference.isNaN && !most.isNaN { (most, place) = (difference, index) }
                }
            }
        }
        return Difference(
            absolute: max(most, 0).isNaN ? .nan : max(most, 0), relative: most <= 0 ? 0 : most / size,
            index: a.index(ofFlat: place))
    }

    private static func difference(_ a: Datum, _ b: Datum) -> Difference {
        var (most, size, place) = (-1.0, 0.0, 0)
        for index in a.numbers.indices where !(a.removed?[index] ?? false) {
            size = max(size, abs(a.numbers[index]))
            let difference = a.numbers[index] == b.numbers[index] ? 0 : abs(a.numbers[index] - b.numbers[index])
            if difference > most || difference.isNaN && !most.isNaN { (most, place) = (difference, index) }
        }
        return Difference(
            absolute: max(most, 0), relative: most <= 0 ? 0 : most / size,
            index: a.numbers.isEmpty ? [] : a.index(of: place))
    }

    // MARK: The twin

    /// The second run in a few words.
    public var twinWords: String {
        guard let twin else { return "no second run" }
        return switch twin.kind {
        case .prompt(let text): "second run: \(Expression.quoted(text))"
        case .model(let name): "second run: \(visible(name)) on the same text"
        case .unedited: "second run: the same without edits"
        case .trace(let name): "second run: recorded in \(visible(name))"
        case .swap, .off: "second run: \(twin.values.tokens.map(twin.model.label).joined())"
        }
    }

    private mutating func setTwin(_ kind: Command.Other, _ place: LanguageError.Place) throws {
        guard let situation, let base else { throw noWeights }
        switch kind {
        case .off: twin = nil
        case .prompt(let text):
            let prompt: [Int]
            do { prompt = try model.encode(Array(text.utf8)) } catch {
                throw LanguageError(error.description, at: place)
            }
            twin = Twin(
                kind: kind, model: model, values: try situation.pass(model, prompt, promptCount: prompt.count),
                prompt: prompt)
        case .unedited: twin = Twin(kind: kind, model: model, values: base, prompt: base.tokens)
        case .trace(let name):
            let recording = try Situation.recording(name, at: place)
            twin = Twin(kind: kind, model: model, values: recording, prompt: recording.tokens)
        case .model(let name):
            let other: Model
            do { other = try open(name) } catch let error as ModelError {
                throw LanguageError(error.description, at: place, kind: .unavailable)
            } catch let error as FileError {
                throw LanguageError(error.description, at: place, kind: .missingFile)
            } catch { throw LanguageError("\(error)", at: place) }
            guard other.weights != nil else {
                throw LanguageError(
                    "\(other.name) has shapes only here: there are no numbers.", at: place, kind: .unavailable)
            }
            let isSame = other.configuration.vocabularySize == model.configuration.vocabularySize
            let prompt: [Int]
            do {
                prompt = isSame ? try other.check(stepper.tokens) : try other.encode(model.promptBytes(stepper.tokens))
            } catch { throw LanguageError(error.description, at: place) }
            twin = Twin(kind: kind, model: other, values: try situation.pass(other, prompt), prompt: prompt)
        case .swap:
            guard let twin else {
                throw LanguageError(
                    "There is no second run: `other prompt \"…\"` makes one.", at: place, kind: .unavailable)
            }
            guard twin.values is Trace else {
                throw LanguageError("A recorded run cannot become the first: it is not computed.", at: place)
            }
            let mine = (model: model, prompt: Array(stepper.tokens.prefix(stepper.promptCount)))
            let (index, theirs) = (stepper.index, twin)
            if theirs.model.name != model.name || theirs.model.configuration != model.configuration {
                _ = try adopt(theirs.model, sampling, theirs.values.tokens)
            } else if case .refused(let why) = perform(.prompt(theirs.values.tokens)) {
                throw LanguageError(why, at: place)
            }
            stepper.go(to: index)
            guard let next = self.situation else { throw noWeights }
            self.twin = Twin(
                kind: .swap, model: mine.model, values: try next.pass(mine.model, mine.prompt), prompt: mine.prompt)
        }
        memo = Situation.Memo()
        // What edits take from the second run follows it.
        if !edits.active.isEmpty { applyEdits() }
    }

    /// Brings the second run in step after tokens were taken or given back: both get the first one's tokens.
    mutating func followWithTwin() {
        guard let twin, let base, let situation else { return }
        let taken = Array(stepper.tokens.dropFirst(stepper.promptCount))
        switch twin.kind {
        case .trace, .off: return
        case .unedited: self.twin = Twin(kind: twin.kind, model: model, values: base, prompt: base.tokens)
        case .prompt, .swap:
            let tokens = Array((twin.prompt + taken).prefix(twin.model.configuration.contextLength))
            if let values = try? situation.pass(twin.model, tokens, promptCount: twin.prompt.count) {
                self.twin = Twin(kind: twin.kind, model: twin.model, values: values, prompt: twin.prompt)
            }
        case .model:
            let isSame = twin.model.configuration.vocabularySize == model.configuration.vocabularySize
            let prompt =
                isSame ? stepper.tokens : (try? twin.model.encode(model.promptBytes(stepper.tokens))) ?? twin.prompt
            if let values = try? situation.pass(twin.model, prompt) {
                self.twin = Twin(kind: twin.kind, model: twin.model, values: values, prompt: prompt)
            }
        }
    }
}

extension Tensor {
    /// The first queries and keys of attention.
    fileprivate func cut(to count: Int) -> Tensor {
        let (H, T, S) = (shape[0], shape[1], shape[2])
        guard T != count || S != count else { return self }
        return Tensor([H, count, count]) { out in
            withValues { values in
                for head in 0..<H {
                    for query in 0..<count {
                        for key in 0..<count {
                            out[(head * count + query) * count + key] = values[(head * T + query) * S + key]
                        }
                    }
                }
            }
        }
    }
}

/// The second run on a screen.
extension Session {
    /// The second run at the same operation; nil where it has none of that name.
    public var twinScene: Scene? {
        guard let twin else { return nil }
        var other = Stepper(twin.values.program.configuration, tokens: twin.values.tokens)
        guard let node = other.program.nodes.firstIndex(where: { $0.address == stepper.node.address }) else {
            return nil
        }
        other.go(to: node)
        other.selectHead(min(stepper.selection.head, twin.values.program.configuration.headCount - 1))
        other.select(position: stepper.selection.position)
        return Scene(model: twin.model, stepper: other, values: twin.values, sampling: sampling)
    }

    /// Whether the second run lacks what is shown of it.
    public var twinNeedsWork: Bool {
        guard let scene = twinScene, !(twin?.values is Recording) else { return false }
        return !scene.isComputed
    }

    /// Computes one operation toward it.
    public mutating func workOnTwin() {
        guard let scene = twinScene, let twin else { return }
        _ = twin.values.work(toward: scene.stepper.wanted())
    }

    /// Selects where the two runs differ most at this operation.
    public mutating func selectLargestDifference() {
        guard
            let difference = try? difference(at: min(stepper.index, stepper.program.logitsIndex), LanguageError.Place())
        else { return }
        stepper.visit(min(stepper.index, stepper.program.logitsIndex), at: difference.index)
        notice = "The largest difference here is \(Answer.decimal(difference.absolute))."
    }
}
