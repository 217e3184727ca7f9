/// The numbers of a pass, wherever they come from: computed here, or recorded in a trace file.
///
/// Asking never computes: ``peek(_:rows:)`` and its like answer at once, with the numbers or with why they are absent.
/// Only ``work(toward:)`` computes, a piece at a time.
///
/// ```swift
/// let model = try Model.nano()
/// let trace = try Trace(model, tokens: model.encode(Array("CBABBC".utf8)))
/// let pattern = try trace.program.quantity(at: "blocks.0.attn.pattern").node
/// while trace.work(toward: [.value(pattern)]) {}
/// print(try trace.peek(pattern)[1, 4, 2])
/// ```
public protocol Values: AnyObject {
    /// The operations whose values they are.
    var program: Program { get }
    /// The token ids of the pass, [T].
    var tokens: [Int] { get }

    /// Some rows of an operation's value with what is kept beside them; of one that speaks of one answer, logits.
    ///
    /// - Throws: ``Absence`` where they are not there.
    func peek(_ node: Int, rows: Range<Int>) throws(Absence) -> Rows
    /// The numbers of weights; matrices are [in, out].
    ///
    /// - Throws: ``Absence`` where they are not there.
    func weight(_ parameter: Parameter) throws(Absence) -> Tensor
    /// The logits that the model would give after a position if it stopped at a stream, [V]: the logit lens.
    ///
    /// Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    ///
    /// - Throws: ``Absence`` where they are not there.
    func lens(after stream: Int, at position: Int) throws(Absence) -> Tensor
    /// What the model says comes after a position.
    ///
    /// - Throws: ``Absence`` where its logits are not there.
    func prediction(at position: Int, sampling: Sampling) throws(Absence) -> Prediction

    /// Does a piece of the work that leads to what is wanted; false when all is there that can be.
    func work(toward wanted: [Wanted]) -> Bool
}

/// What can be worked toward.
public enum Wanted: Hashable, Sendable {
    /// All rows of an operation's value, by index.
    case value(Int)
    /// Some rows of it, for a look: alone they may differ in the last bits from the same rows among all.
    case rows(Int, Range<Int>)
    /// The logits after a position.
    case answer(Int)
    /// The logits of the lens.
    case lens(stream: Int, position: Int)
    /// Weights.
    case weight(Parameter)
}

/// Why a number is not there.
public enum Absence: Error, Hashable, CustomStringConvertible {
    /// It can be computed, and has not been yet.
    case notComputed
    /// There are no weights to compute it with.
    case notLoaded
    /// The file does not hold it.
    case notRecorded

    /// In a few words.
    public var description: String {
        switch self {
        case .notComputed: "not computed yet"
        case .notLoaded: "weights not loaded"
        case .notRecorded: "not recorded"
        }
    }
}

extension Values {
    /// All rows of an operation's value.
    ///
    /// - Throws: ``Absence``.
    public func peek(_ node: Int) throws(Absence) -> Tensor { try peek(node, rows: 0..<tokens.count).outcome.value }

    /// A statistic that an operation keeps beside all its rows.
    ///
    /// - Throws: ``Absence``.
    public func peek(_ statistic: Statistic, of node: Int) throws(Absence) -> Tensor {
        guard let kept = try peek(node, rows: 0..<tokens.count).outcome.statistics[statistic] else {
            throw .notRecorded
        }
        return kept
    }

    /// The logits of one position, [V].
    ///
    /// - Throws: ``Absence``.
    public func peekLogits(at position: Int) throws(Absence) -> Tensor {
        let rows = try peek(program.logitsIndex, rows: position..<position + 1).outcome.value
        return rows.reshaped([program.nodes[program.logitsIndex].shape[1]])
    }

    /// Whether an operation has its numbers; one that speaks of an answer, where that of the last position is there.
    public func isComputed(_ node: Int) -> Bool {
        let all = 0..<tokens.count
        return node < program.logitsIndex
            ? (try? peek(node, rows: all)) != nil : (try? peekLogits(at: tokens.count - 1)) != nil
    }
}

/// Some rows of an operation's value, by position; for attention those of the queries.
public struct Rows: Sendable {
    /// Their positions.
    public let positions: Range<Int>
    /// Their numbers: [n, …], or [H, n, S] with the first S keys.
    public let outcome: Outcome

    /// The number at an index of the whole value; nil where it is not among these.
    func number(_ index: [Int], isAttention: Bool) -> Float? {
        let (row, value) = (isAttention ? index[1] : index[0], outcome.value)
        guard positions.contains(row) else { return nil }
        var flat = row - positions.lowerBound
        if isAttention {
            guard index[2] < value.columnCount else { return nil }
            flat = (index[0] * value.shape[1] + flat) * value.columnCount + index[2]
        } else {
            for axis in 1..<max(1, index.count) { flat = flat * value.shape[axis] + index[axis] }
        }
        return value[flat: flat]
    }

    /// A statistic at the index of a row of the whole value; nil where it is not among these.
    func number(_ statistic: Statistic, _ row: [Int]) -> Float? {
        guard let kept = outcome.statistics[statistic], let last = row.last, positions.contains(last) else {
            return nil
        }
        let place = last - positions.lowerBound
        return kept[flat: row.count == 2 ? row[0] * positions.count + place : place]
    }
}
