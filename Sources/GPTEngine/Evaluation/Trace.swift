import Checkpoints

/// One run of a program: a model, tokens, the pieces in which they came, edits, and the values as far as they are computed.
///
/// Its numbers depend on these alone, never on the order in which one looks, on memory or on what other runs did: the
/// prompt's rows are computed together and each taken token by itself, and what was dropped is computed again in the same
/// pieces.
///
/// ```swift
/// let model = try Model.nano()
/// let trace = try Trace(model, tokens: [2, 1, 0, 1, 1, 2])
/// trace.value(of: 4).shape  // [6, 48]: the normalised stream before the first attention
/// ```
///
/// A class, because what has been computed so far is not part of anyone's state: a copy would compute it again. It belongs
/// to one thread.
public final class Trace: Values {
    /// What is computed.
    public let program: Program
    /// The weights it is computed with, edits of them among them.
    public let weights: Weights
    /// The token ids of the pass: as many as the program has positions, or fewer where more are to be appended.
    @exclusivity(unchecked) public private(set) var tokens: [Int]
    /// The positions that are computed together, in order: those of the prompt, then each taken token.
    @exclusivity(unchecked) public private(set) var pieces: [Range<Int>]
    /// What is changed in it.
    public let edits: [Edit]
    /// Where its values are, those of other passes beside them.
    public let store: Store

    let shelf: Shelf
    /// The run in which an operation is looked for that the edits leave as it is.
    private let parent: Trace?
    /// Of each operation whether it is computed here; empty where all are.
    private let isOwn: [Bool]
    /// The operations whose rows are changed together.
    private let changedWhole: Set<Int>
    /// All logits, where they are changed together.
    @exclusivity(unchecked) private var changedLogits: Tensor?
    @exclusivity(unchecked) private var evaluation: Evaluation?
    @exclusivity(unchecked) private var lastPrediction: Prediction?
    @exclusivity(unchecked) private var lensLogits: [Wanted: Tensor] = [:]

    /// Prepares a pass; nothing is computed yet.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size, at most as many as the program has positions.
    ///   - promptCount: how many of them are the prompt, whose rows are computed together; all unless said.
    ///   - store: where its values go; one of its own unless said.
    ///   - other: a pass of the same model whose values are taken over as far as tokens and pieces agree.
    /// - Throws: ``PassError/doesNotFit(bytes:limit:tokenCount:)`` when one operation alone would take more.
    public convenience init(
        program: Program, weights: Weights, tokens: [Int], promptCount: Int? = nil, store: Store = Store(),
        continuing other: Trace? = nil
    ) throws(PassError) {
        guard program.workingBytes <= store.budget else {
            throw .doesNotFit(bytes: program.workingBytes, limit: store.budget, tokenCount: tokens.count)
        }
        let first = promptCount ?? tokens.count
        self.init(
            program, weights, tokens, [0..<first] + (first..<tokens.count).map { $0..<$0 + 1 }, store, edits: [],
            parent: nil)
        guard let other, other.weights === weights, other.edits.isEmpty else { return }
        let same = zip(other.pieces, pieces).prefix { mine, yours in
            mine == yours && other.tokens[mine] == tokens[yours]
        }.count
        if same > 0 { shelf.inherit(other.shelf, rows: pieces[same - 1].upperBound) }
    }

    /// A pass of a model.
    ///
    /// - Throws: ``ModelError/noWeights(_:)``, or ``PassError``.
    public convenience init(_ model: Model, tokens: [Int]) throws {
        guard let weights = model.weights else { throw ModelError.noWeights(model.name) }
        try self.init(
            program: .gpt2(model.configuration, tokenCount: tokens.count), weights: weights, tokens: tokens)
    }

    private init(
        _ program: Program, _ weights: Weights, _ tokens: [Int], _ pieces: [Range<Int>], _ store: Store,
        edits: [Edit], parent: Trace?, changed: Weights? = nil
    ) {
        precondition(tokens.count <= program.tokenCount, "\(tokens.count) tokens for \(program.tokenCount) positions")
        (self.program, self.tokens, self.pieces) = (program, tokens, pieces)
        (self.store, self.edits, self.parent) = (store, edits, parent)
        self.weights = changed ?? (parent == nil ? weights : weights.edited(by: edits))
        isOwn = parent == nil ? [] : program.voided(by: edits)
        changedWhole = Set(edits.filter { !$0.isRowWise && !$0.isOfWeights }.flatMap(program.changed))
        shelf = Shelf(program)
        store.add(shelf)
    }

    deinit { store.remove(shelf) }

    /// The same pass with numbers changed: what the edits leave as it is, is shared.
    ///
    /// - Parameter other: the same pass over fewer tokens with the same edits, whose values are taken over where no edit
    ///   makes them depend on how many tokens there are.
    public func edited(by edits: [Edit], continuing other: Trace? = nil) -> Trace {
        precondition(self.edits.isEmpty, "edits go on a pass without any")
        let pass = Trace(program, weights, tokens, pieces, store, edits: edits, parent: self, changed: other?.weights)
        if let other, edits.allSatisfy(\.isRowWise) {
            let same = zip(other.pieces, pieces).prefix { mine, yours in
                mine == yours && other.tokens[mine] == tokens[yours]
            }.count
            if same > 0 { pass.shelf.inherit(other.shelf, rows: pieces[same - 1].upperBound) }
        }
        return pass
    }

    /// Whether an edit makes rows of an operation depend on all of them, so that they are changed together.
    func isChangedWhole(_ node: Int) -> Bool { !changedWhole.isEmpty && changedWhole.contains(node) }

    /// Changes all rows of an operation, where that is done once all are there.
    func changeWhole(_ node: Int) {
        guard isChangedWhole(node), let entry = shelf.entries[node], entry.rows == tokens.count else { return }
        let outcome = cut(entry, node).outcome
        let changed = edits.applied(to: outcome, of: node, positions: 0..<entry.rows, self)
        shelf.put(changed, rows: entry.rows, node, at: store.tick())
    }

    /// Whether all values of the pass fit in memory beside those of others, and beside so many bytes.
    func hasRoomForAll(beside bytes: Int = 0) -> Bool {
        bytes + store.byteCount - shelf.byteCount + program.valueBytes + program.workingBytes <= store.budget
    }

    /// The run that has an operation's value: this one, or the one whose value edits leave as it is.
    func owner(of node: Int) -> Trace {
        guard let parent, !isOwn[node] else { return self }
        return parent.owner(of: node)
    }

    // MARK: Going on

    /// Takes one more token, in a pass whose program has room for it.
    public func append(_ token: Int) {
        precondition(parent == nil && tokens.count < program.tokenCount, "there is no room for another token")
        pieces.append(tokens.count..<tokens.count + 1)
        tokens.append(token)
        evaluation = nil
    }

    /// Forgets the tokens after the first `count`, which end a piece.
    public func truncate(to count: Int) {
        tokens.removeLast(tokens.count - count)
        pieces.removeAll { $0.upperBound > count }
        shelf.truncate(to: count)
        (evaluation, lastPrediction, lensLogits, changedLogits) = (nil, nil, [:], nil)
    }

    // MARK: Work

    /// Does a piece of the work that leads to what is wanted; false when all is there.
    public func work(toward wanted: [Wanted]) -> Bool { step(toward: wanted) != nil }

    /// Does a piece of the work that leads to what is wanted, and says which operation it was; nil when all is there.
    public func step(toward wanted: [Wanted]) -> Int? {
        for next in wanted {
            switch next {
            case .weight(let parameter):
                if !weights.isReady(parameter) {
                    _ = weights[parameter]
                    return program.logitsIndex
                }
            case .lens(let stream, let position) where stream != program.streams.last:
                if lensLogits[next] != nil { continue }
                if let done = run(.rows(stream, position..<position + 1), wanted) { return done }
                if lensLogits.count > 32 { lensLogits.removeAll() }
                lensLogits[next] = lensLogits(stream, position)
                return program.logitsIndex
            case .lens(_, let position): if let done = run(.answer(position), wanted) { return done }
            case .value, .rows, .answer: if let done = run(next, wanted) { return done }
            }
        }
        return nil
    }

    /// The operation that runs next on the way to what is wanted; nil when all is there.
    public func next(toward wanted: [Wanted]) -> Int? {
        for next in wanted {
            if evaluation?.wanted != next { evaluation = Evaluation(next, beside: wanted) }
            if let node = evaluation?.next(self) { return node }
        }
        return nil
    }

    private func run(_ wanted: Wanted, _ others: [Wanted]) -> Int? {
        // An edit may ask for more of this pass while it is at work: each has a way of its own.
        let known = evaluation?.wanted == wanted ? evaluation : nil
        evaluation = nil
        var current = known ?? Evaluation(wanted, beside: others)
        defer { evaluation = current }
        return current.step(self)
    }

    /// The final LayerNorm and the unembedding of a row of a stream that is there.
    private func lensLogits(_ stream: Int, _ position: Int) -> Tensor {
        let row = position..<position + 1
        return program.answer(after: owner(of: stream).rows(of: stream, row), weights)
    }

    // MARK: Values

    /// Rows that are there, those that were asked for among them.
    public func peek(_ node: Int, rows: Range<Int>) throws(Absence) -> Rows {
        guard node <= program.logitsIndex, let known = owner(of: node).known(node, rows) else { throw .notComputed }
        return known
    }

    /// The numbers of weights that are in memory.
    public func weight(_ parameter: Parameter) throws(Absence) -> Tensor {
        guard weights.isReady(parameter) else { throw .notComputed }
        return weights[parameter]
    }

    /// The logits of the lens, once they were worked toward.
    public func lens(after stream: Int, at position: Int) throws(Absence) -> Tensor {
        if stream == program.streams.last { return try peekLogits(at: position) }
        guard let logits = lensLogits[.lens(stream: stream, position: position)] else { throw .notComputed }
        return logits
    }

    /// What the model says comes after a position, once its logits are there.
    public func prediction(at position: Int, sampling: Sampling) throws(Absence) -> Prediction {
        let logits = try peekLogits(at: position)
        if let last = lastPrediction, last.position == position, last.sampling == sampling { return last }
        let prediction = Prediction(position: position, logits: logits, sampling: sampling)
        lastPrediction = prediction
        return prediction
    }

    /// Rows that are there, or more than these.
    func known(_ node: Int, _ rows: Range<Int>) -> Rows? {
        if node < program.logitsIndex, let entry = shelf.entries[node], entry.rows >= rows.upperBound {
            shelf.touch(node, at: store.tick())
            return Rows(positions: 0..<entry.rows, outcome: cut(entry, node).outcome)
        }
        return shelf.beside(node, rows, isExact: false)
    }

    /// The first rows alone, where a value has more of a longer text.
    private func cut(_ entry: Shelf.Entry, _ node: Int) -> Shelf.Entry {
        let isAttention = program.nodes[node].isAttention
        guard entry.outcome.value.shape[isAttention ? 1 : 0] != entry.rows else { return entry }
        let rows = 0..<entry.rows
        var outcome = Outcome(
            value: isAttention ? entry.outcome.value.queries(rows, keys: entry.rows) : entry.outcome.value.rows(rows))
        for (statistic, kept) in entry.outcome.statistics {
            outcome.statistics[statistic] = isAttention ? kept.columns(rows) : kept.rows(rows)
        }
        shelf.put(outcome, rows: entry.rows, node, at: entry.lastUse)
        return Shelf.Entry(outcome: outcome, rows: entry.rows, lastUse: entry.lastUse)
    }

    /// Rows that are there, alone; of attention with the first keys, all of them unless said.
    func rows(of node: Int, _ rows: Range<Int>, keys: Int? = nil) -> Tensor {
        let isAttention = program.nodes[node].isAttention
        if let value = shelf.value(of: node, rows: rows.upperBound, at: store.tick()) {
            if !isAttention { return value.shape[0] == rows.count ? value : value.rows(rows) }
            let isWhole = value.shape[1] == rows.count && shelf.rows(of: node) == rows.count
            if isWhole, keys.map({ $0 >= value.columnCount }) ?? true { return value }
        }
        guard let known = known(node, rows) else { preconditionFailure("\(program.nodes[node].address) is not there") }
        let start = rows.lowerBound - known.positions.lowerBound
        let value = known.outcome.value
        if isAttention {
            let keys = min(keys ?? value.columnCount, value.columnCount)
            if known.positions == rows, keys == value.columnCount { return value }
            return value.queries(start..<start + rows.count, keys: keys)
        }
        return known.positions == rows ? value : value.rows(start..<start + rows.count)
    }
}

/// Values that are computed where they are asked for: for commands and tests, which wait for them.
extension Trace {
    /// The value of an operation before the logits; what it needs is computed first.
    public func value(of node: Int) -> Tensor {
        complete([.value(node)])
        return owner(of: node).rows(of: node, 0..<tokens.count)
    }

    /// A statistic that an operation keeps, or nil where it keeps none of that kind.
    public func statistic(_ statistic: Statistic, of node: Int) -> Tensor? {
        complete([.value(node)])
        return try? peek(statistic, of: node)
    }

    /// The logits of one position, [V]; only positions that are asked for are computed.
    public func logits(at position: Int) -> Tensor {
        complete([.answer(position)])
        return owner(of: program.logitsIndex).rows(of: program.logitsIndex, position..<position + 1)
            .reshaped([program.configuration.vocabularySize])
    }

    /// The logits of all positions, [T, V]; computed whenever they are asked for, and not kept.
    public var allLogits: Tensor {
        let owner = owner(of: program.logitsIndex)
        guard owner === self else { return owner.allLogits }
        if let changedLogits { return changedLogits }
        let node = program.nodes[program.logitsIndex]
        let inputs = node.inputs.map(value)
        let all = 0..<tokens.count
        let piece = Piece(node: node, positions: all, tokens: tokens[...], inputs: inputs, weights: weights)
        guard let result = node.rowOperation?.result(piece) else { preconditionFailure("\(node.address) has no rows") }
        let logits = edits.applied(to: result, of: program.logitsIndex, positions: all, self).value
        if isChangedWhole(program.logitsIndex) { changedLogits = logits }
        return logits
    }

    /// Works until all is there that is wanted; `progress` is told which operation was done, of how many.
    public func complete(_ wanted: [Wanted], progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }) {
        // Values and answers are all that most ask for, and need no other look between two operations.
        for next in wanted {
            switch next {
            case .value, .rows, .answer:
                var evaluation = Evaluation(next, beside: wanted)
                while let done = evaluation.step(self) { progress(done, program.logitsIndex) }
            case .weight, .lens: break
            }
        }
        while let done = step(toward: wanted) { progress(done, program.logitsIndex) }
    }
}

/// Why a pass cannot be run.
public enum PassError: Error, Hashable, CustomStringConvertible {
    /// One of its operations would take more memory than there is.
    case doesNotFit(bytes: Int, limit: Int, tokenCount: Int)

    /// What is wrong, as a sentence.
    public var description: String {
        switch self {
        case .doesNotFit(let bytes, let limit, let tokenCount):
            "One operation over \(tokenCount) tokens takes \(grouped(bytes)) bytes, and \(grouped(limit)) are allowed."
        }
    }
}

extension Trace {
    /// Whether an operation's value follows from an edit.
    public func isChanged(_ node: Int) -> Bool {
        node > program.logitsIndex ? isChanged(program.logitsIndex) : owner(of: node) === self && !edits.isEmpty
    }
}
