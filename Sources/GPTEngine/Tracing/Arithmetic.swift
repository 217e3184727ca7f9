/// What one operation computes, given what it reads: the one place that leads from an ``Operation`` to a kernel.
///
/// It computes any run of consecutive positions: the whole pass, or the rows of tokens that were appended to one.
struct Arithmetic {
    let configuration: Configuration
    let weights: Weights

    /// The outcome of one operation.
    struct Result {
        var value: Tensor
        var statistics: [Statistic: Tensor] = [:]

        /// Bytes of memory that it takes.
        var byteCount: Int { statistics.values.reduce(value.byteCount) { $0 + $1.byteCount } }
    }

    /// Computes an operation for the positions from `first` on, T of them.
    ///
    /// - Parameters:
    ///   - tokens: the ids of those positions.
    ///   - inputs: what the operation reads: T rows each, [T, …] or [H, T, S]; of keys and values all S rows, [S, H, D].
    func result(of node: Node, tokens: ArraySlice<Int>, first: Int, inputs: [Tensor]) -> Result {
        let T = tokens.count
        switch node.operation {
        case .tokens: return Result(value: Tensor([T], tokens.map(Float.init)))
        case .embed: return Result(value: Kernels.rows(Array(tokens), of: weight(node, 0)))
        case .posEmbed: return Result(value: Kernels.rows(Array(first..<first + T), of: weight(node, 0)))
        case .residual: return Result(value: Kernels.add(inputs[0], inputs[1]))
        case .normalized:
            let norm = Kernels.normalize(inputs[0], epsilon: configuration.layerNormEpsilon)
            return Result(value: norm.normalized, statistics: [.mean: norm.mean, .scale: norm.scale])
        case .normOut:
            return Result(value: Kernels.scaleAndShift(inputs[0], gamma: weight(node, 0), beta: weight(node, 1)))
        case .projection, .attnOut, .mlpPre, .mlpOut:
            let (columns, shape) = (node.reads[0].columns, [T] + node.shape.dropFirst())
            let bias = weight(node, 1)
            if T == 1 {
                let operand = weights.rowOperand(node.reads[0].parameter)
                return Result(
                    value: Kernels.rowLinear(inputs[0], weight: operand, bias: bias, columns: columns, shape: shape))
            }
            return Result(
                value: Kernels.linear(inputs[0], weight: weight(node, 0), bias: bias, columns: columns, shape: shape))
        case .scores:
            let divisor = configuration.scoreDivisor(block: node.block ?? 0)
            let scores = T == 1 ? Kernels.rowScores : Kernels.scores
            return Result(value: scores(inputs[0], inputs[1], divisor))
        case .maskedScores: return Result(value: Kernels.maskFuture(inputs[0], first: first))
        case .pattern:
            let softmax = Kernels.softmax(inputs[0], first: first)
            return Result(value: softmax.values, statistics: [.rowMax: softmax.max, .rowSum: softmax.sum])
        case .z: return Result(value: (T == 1 ? Kernels.rowMix : Kernels.mix)(inputs[0], inputs[1]))
        case .mlpPost: return Result(value: Kernels.activate(inputs[0], configuration.activation))
        case .logits, .filteredLogits, .probabilities, .nextToken:
            preconditionFailure("\(node.address) belongs to a prediction")
        }
    }

    /// Logits of some positions: x [T, C] → [T, V].
    func logits(_ x: Tensor) -> Tensor {
        let table = configuration.unembedding
        guard x.shape[0] == 1 else { return Kernels.unembed(x, table: weights[table]) }
        return Kernels.rowUnembed(x, table: weights.rowOperand(table))
    }

    /// Queries, keys and values of one position, [3, H, D], from what a projection reads: one way through their matrix.
    func projections(_ node: Node, _ x: Tensor) -> Tensor {
        let weight = weights.rowOperand(node.reads[0].parameter)
        return Kernels.rowLinear(x, weight: weight, bias: self.weight(node, 1), shape: [3] + node.shape.dropFirst())
    }

    private func weight(_ node: Node, _ place: Int) -> Tensor { weights[node.reads[place].parameter] }
}
