/// A logit as the sum of what each part of the model wrote to the stream: direct logit attribution.
///
/// The final LayerNorm divides by the σ of the finished stream; with that σ held fixed the logit is linear in everything
/// that was written, so the parts add up to it exactly. How a part changed σ itself, and what later parts made of it, is
/// not in its share. Source: Elhage et al., "A Mathematical Framework for Transformer Circuits" (2021).
public struct Attribution: Hashable, Sendable {
    /// What one operation wrote, seen from the logit.
    public struct Part: Hashable, Sendable {
        /// The address of the operation that wrote it, or `ln_final.bias` for β of the final LayerNorm.
        public let address: String
        /// The operation, by index; nil for β.
        public let node: Int?
        /// Its share of the logit.
        public let value: Double
        /// For attention the share of each head.
        public let heads: [Double]
        /// For attention the share of its bias, which belongs to no head.
        public let bias: Double
        /// For attention what a number in each channel of z, head after head, adds to the logit, [C].
        public var along: [Double] = []
    }

    /// The token whose logit it is.
    public let token: Int
    /// The position that is read.
    public let position: Int
    /// The logit itself.
    public let logit: Float
    /// The σ of the final LayerNorm, held fixed.
    public let scale: Float
    /// What a number in each channel of the stream adds to the logit, [C].
    public let direction: [Double]
    /// Embeddings, then attention and MLP of each block, then β; those that have been computed so far.
    public internal(set) var parts: [Part] = []

    /// The sum of the parts.
    public var sum: Double { parts.reduce(0) { $0 + $1.value } }
}

extension Program {
    /// The operations whose results are added to the residual stream, in order.
    public var streamWriters: [Int] {
        nodes.indices.filter { [.embed, .posEmbed, .attnOut, .mlpOut].contains(nodes[$0].operation) }
    }

    /// The operations that hold the residual stream after something was added to it, in order.
    public var streams: [Int] {
        nodes.indices.filter { if case .residual = nodes[$0].operation { true } else { false } }
    }
}

extension Trace {
    /// What each part of the model contributed to the logit of a token after a position.
    public func attribution(of token: Int, at position: Int) -> Attribution {
        var attribution = emptyAttribution(of: token, at: position)
        while extend(&attribution) {}
        return attribution
    }

    /// The logit and σ of an attribution whose parts are still to come.
    public func emptyAttribution(of token: Int, at position: Int) -> Attribution {
        let logit = logits(at: position)[flat: token]
        let scale = statistic(.scale, of: program.logitsIndex - 2)?[flat: position] ?? .nan
        let shape = program.configuration
        let gamma = weights[shape.finalNorm.gamma].values.map(Double.init)
        let table = weights[shape.unembedding].row(token).map(Double.init)
        // What a number in channel j of the stream adds to the logit; taking the mean away is part of it.
        let product = zip(gamma, table).map { $0 * $1 }
        let mean = product.reduce(0, +) / Double(shape.width)
        return Attribution(
            token: token, position: position, logit: logit, scale: scale,
            direction: product.map { ($0 - mean) / Double(scale) })
    }

    /// Adds the part that comes next; false when all are there.
    public func extend(_ attribution: inout Attribution) -> Bool {
        let place = attribution.parts.count
        let writers = program.streamWriters
        guard place < writers.count else {
            guard place == writers.count else { return false }
            let shape = program.configuration
            let table = weights[shape.unembedding].row(attribution.token).map(Double.init)
            let shift = dot(weights[shape.finalNorm.beta].values, table)
            attribution.parts.append(.init(address: "ln_final.bias", node: nil, value: shift, heads: [], bias: 0))
            return true
        }
        attribution.parts.append(part(writers[place], attribution))
        return true
    }

    private func part(_ index: Int, _ attribution: Attribution) -> Attribution.Part {
        let node = program.nodes[index]
        let (direction, position) = (attribution.direction, attribution.position)
        let share = dot(value(of: index).row(position), direction)
        guard node.operation == .attnOut else {
            return Attribution.Part(address: node.address, node: index, value: share, heads: [], bias: 0)
        }
        // Head h wrote z_h · W_O's rows of that head.
        let (H, D) = (program.configuration.headCount, program.configuration.headWidth)
        let mixed = value(of: node.inputs[0]).rows(position..<position + 1)
        let along = weights[node.reads[0].parameter].withValues { matrix in
            (0..<H * D).map { row in
                var along = 0.0
                for (j, step) in direction.enumerated() { along += Double(matrix[row * H * D + j]) * step }
                return along
            }
        }
        let heads = (0..<H).map { head in
            (head * D..<(head + 1) * D).reduce(0.0) { $0 + Double(mixed[flat: $1]) * along[$1] }
        }
        return Attribution.Part(
            address: node.address, node: index, value: share, heads: heads,
            bias: dot(weights[node.reads[1].parameter].values, direction), along: along)
    }

    /// The logits that the model would give after a position if it stopped at a stream: the logit lens.
    ///
    /// The final LayerNorm and the unembedding of that stream, [V]; after the last block the model's own logits exactly.
    /// Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    ///
    /// - Parameter stream: one of ``Program/streams``.
    public func lens(after stream: Int, at position: Int) -> Tensor {
        if stream == program.streams.last { return logits(at: position) }
        let shape = program.configuration
        let row = value(of: stream).rows(position..<position + 1)
        let normalized = Kernels.normalize(row, epsilon: shape.layerNormEpsilon).normalized
        let x = Kernels.scaleAndShift(
            normalized, gamma: weights[shape.finalNorm.gamma], beta: weights[shape.finalNorm.beta])
        return arithmetic.logits(x).reshaped([shape.vocabularySize])
    }
}

private func dot(_ a: [Float], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 } }
