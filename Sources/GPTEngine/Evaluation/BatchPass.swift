/// One of the passes of a batch.
final class BatchPass: Values, Weighted {
    private let batch: Batch
    private let place: Int

    init(_ batch: Batch, _ place: Int) { (self.batch, self.place) = (batch, place) }

    var program: Program { batch.program }
    var tokens: [Int] { batch.tokens(at: place) }
    var weights: Weights { batch.weights }

    func peek(_ node: Int, rows: Range<Int>) throws(Absence) -> Rows { try batch.peek(node, rows, place) }
    func weight(_ parameter: Parameter) throws(Absence) -> Tensor { batch.weights[parameter] }

    func lens(after stream: Int, at position: Int) throws(Absence) -> Tensor {
        if stream == program.streams.last { return try peekLogits(at: position) }
        return program.answer(after: try outcome(stream, position..<position + 1).value, batch.weights)
    }

    func prediction(at position: Int, sampling: Sampling) throws(Absence) -> Prediction {
        Prediction(position: position, logits: try peekLogits(at: position), sampling: sampling)
    }

    func work(toward wanted: [Wanted]) -> Bool { false }
}

extension Values {
    /// Rows of an operation alone, computed first where they can be.
    func outcome(_ node: Int, _ rows: Range<Int>) throws(Absence) -> Outcome {
        while work(toward: [node < program.logitsIndex ? .value(node) : .answer(rows.lowerBound)]) {}
        let known = try peek(node, rows: rows)
        guard known.positions != rows else { return known.outcome }
        let part = rows.lowerBound - known.positions.lowerBound..<rows.upperBound - known.positions.lowerBound
        guard program.nodes[node].isAttention else {
            return Outcome(
                value: known.outcome.value.rows(part), statistics: known.outcome.statistics.mapValues { $0.rows(part) })
        }
        return Outcome(
            value: known.outcome.value.queries(part, keys: known.outcome.value.columnCount),
            statistics: known.outcome.statistics.mapValues { $0.columns(part) })
    }
}

/// A run that is computed with weights.
protocol Weighted: Values {
    var weights: Weights { get }
}

extension Trace: Weighted {}

extension Values {
    /// The value that an operation would have, were the stream that it reads another: [T, C] in place of what is there.
    ///
    /// Where it reads the stream through a LayerNorm, that goes over the other stream, too.
    ///
    /// - Returns: nil in a run that has no weights.
    public func value(of node: Int, readingStream stream: Tensor) -> Tensor? {
        guard let weights = (self as? any Weighted)?.weights else { return nil }
        func value(_ index: Int) -> Tensor? {
            let node = program.nodes[index]
            guard node.role.stream != .holds else { return stream }
            let inputs = node.inputs.compactMap(value)
            guard inputs.count == node.inputs.count else { return nil }
            let piece = Piece(
                node: node, positions: 0..<tokens.count, tokens: tokens[...], inputs: inputs, weights: weights)
            return node.rowOperation?.result(piece).value
        }
        return value(node)
    }

    /// The stream that an operation reads, by the operation that holds it; nil where it reads none.
    public func stream(readBy node: Int) -> Int? {
        let inputs = program.nodes[node].inputs
        guard let source = inputs.first, inputs.count == 1 else { return nil }
        return program.nodes[source].role.stream == .holds ? source : stream(readBy: source)
    }
}

extension Program {
    /// The logits after rows of the stream, were the model to stop there: the final LayerNorm and the unembedding. [C] → [V]
    func answer(after stream: Tensor, _ weights: Weights) -> Tensor {
        var x = stream
        for node in nodes[logitsIndex - 2...logitsIndex] {
            let piece = Piece(node: node, positions: 0..<1, tokens: [], inputs: [x], weights: weights)
            guard let result = node.rowOperation?.result(piece) else {
                preconditionFailure("\(node.address) has no rows")
            }
            x = result.value
        }
        return x.reshaped([x.count])
    }
}
