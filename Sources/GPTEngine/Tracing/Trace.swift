/// The values of one pass, computed when they are asked for and kept.
///
/// A class, because what has been computed so far is not part of anyone's state: a copy would compute it again.
/// It belongs to one thread. Every value is kept, which ``init(program:weights:tokens:limit:)`` checks beforehand.
public final class Trace {
    /// What is computed.
    public let program: Program
    /// The weights it is computed with.
    public let weights: Weights
    /// The token ids of the pass, [T].
    public let tokens: [Int]

    private var results: [Result?]
    private var logitRows: [Int: Tensor] = [:]
    private var lastPrediction: Prediction?

    /// The outcome of one operation.
    struct Result {
        var value: Tensor
        var statistics: [Statistic: Tensor] = [:]
    }

    /// Prepares a pass; nothing is computed yet.
    ///
    /// - Parameters:
    ///   - tokens: ids below the vocabulary's size, as many as the program has positions.
    ///   - limit: bytes that the values may take; by default half of this machine's memory.
    /// - Throws: ``PassError/doesNotFit(bytes:limit:tokenCount:)`` when the values would take more.
    public init(
        program: Program, weights: Weights, tokens: [Int], limit: Int = Machine.memory / 2
    ) throws(PassError) {
        precondition(tokens.count == program.tokenCount, "\(tokens.count) tokens for \(program.tokenCount) positions")
        guard program.valueBytes <= limit else {
            throw .doesNotFit(bytes: program.valueBytes, limit: limit, tokenCount: tokens.count)
        }
        self.program = program
        self.weights = weights
        self.tokens = tokens
        results = Array(repeating: nil, count: program.logitsIndex)
    }

    /// The earliest operation that has not run yet, up to and including `node`; nil when all of them have.
    ///
    /// The output operations past `ln_final` are computed by ``prediction(at:sampling:)`` and do not count here.
    public func firstMissing(upTo node: Int) -> Int? {
        results[...min(node, results.count - 1)].firstIndex { $0 == nil }
    }

    /// Runs the earliest operation that has not run yet, up to and including `node`; false when all of them have.
    public func computeNext(upTo node: Int) -> Bool {
        guard let next = firstMissing(upTo: node) else { return false }
        results[next] = compute(program.nodes[next])
        return true
    }

    /// Whether an operation before the logits has been computed.
    public func isComputed(_ node: Int) -> Bool {
        node < results.count ? results[node] != nil : results.last ?? nil != nil
    }

    /// The value of an operation before the logits; what it needs is computed first.
    public func value(of node: Int) -> Tensor { result(of: node).value }

    /// A statistic that an operation keeps, or nil where it keeps none of that kind.
    public func statistic(_ statistic: Statistic, of node: Int) -> Tensor? { result(of: node).statistics[statistic] }

    /// What the model says comes after `position`.
    public func prediction(at position: Int, sampling: Sampling) -> Prediction {
        if let last = lastPrediction, last.position == position, last.sampling == sampling { return last }
        let prediction = Prediction(position: position, logits: logits(at: position), sampling: sampling)
        lastPrediction = prediction
        return prediction
    }

    /// The logits of one position, [V]; only positions that are asked for are computed.
    public func logits(at position: Int) -> Tensor {
        if let known = logitRows[position] { return known }
        let table = weights[program.configuration.unembedding]
        let row = Kernels.unembed(value(of: program.logitsIndex - 1), position: position, table: table)
        logitRows[position] = row
        return row
    }

    private func result(of node: Int) -> Result {
        precondition(node < results.count, "\(program.nodes[node].address) belongs to a prediction")
        if let known = results[node] { return known }
        let result = compute(program.nodes[node])
        results[node] = result
        return result
    }

    /// The arithmetic of one operation, given those before it.
    private func compute(_ node: Node) -> Result {
        let input = { self.value(of: node.inputs[$0]) }
        let weight = { self.weights[node.reads[$0].parameter] }
        switch node.operation {
        case .tokens:
            return Result(value: Tensor(node.shape, tokens.map(Float.init)))
        case .embed:
            return Result(value: Kernels.rows(tokens, of: weight(0)))
        case .posEmbed:
            return Result(value: Kernels.rows(Array(tokens.indices), of: weight(0)))
        case .residual:
            return Result(value: Kernels.add(input(0), input(1)))
        case .normalized:
            let norm = Kernels.normalize(input(0), epsilon: program.configuration.layerNormEpsilon)
            return Result(value: norm.normalized, statistics: [.mean: norm.mean, .scale: norm.scale])
        case .normOut:
            return Result(value: Kernels.scaleAndShift(input(0), gamma: weight(0), beta: weight(1)))
        case .projection, .attnOut, .mlpPre, .mlpOut:
            return Result(
                value: Kernels.linear(
                    input(0), weight: weight(0), bias: weight(1), columns: node.reads[0].columns, shape: node.shape))
        case .scores:
            return Result(
                value: Kernels.scores(
                    input(0), input(1), divisor: program.configuration.scoreDivisor(block: node.block ?? 0)))
        case .maskedScores:
            return Result(value: Kernels.maskFuture(input(0)))
        case .pattern:
            let softmax = Kernels.softmax(input(0))
            return Result(value: softmax.values, statistics: [.rowMax: softmax.max, .rowSum: softmax.sum])
        case .z:
            return Result(value: Kernels.mix(input(0), input(1)))
        case .mlpPost:
            return Result(value: Kernels.activate(input(0), program.configuration.activation))
        case .logits, .filteredLogits, .probabilities, .nextToken:
            preconditionFailure("\(node.address) belongs to a prediction")
        }
    }
}

/// Why a pass cannot be run.
public enum PassError: Error, Hashable, CustomStringConvertible {
    /// Its values would take more memory than there is.
    case doesNotFit(bytes: Int, limit: Int, tokenCount: Int)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .doesNotFit(let bytes, let limit, let tokenCount):
            "A pass over \(tokenCount) tokens keeps \(byteCount(bytes)) of values, more than the \(byteCount(limit)) that may be used here: give a shorter prompt."
        }
    }
}
