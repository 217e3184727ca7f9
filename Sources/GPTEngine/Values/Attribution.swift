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
        /// What a number in each channel of what it wrote adds to the logit; for attention, of z, head after head. [C]
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
    public private(set) var parts: [Part] = []

    /// The logit and σ of a token after a position; the parts are still to come.
    ///
    /// - Throws: ``Absence`` while what ``wanted(_:at:_:)`` says is not there.
    public init(of token: Int, at position: Int, _ values: any Values) throws(Absence) {
        let (program, row) = (values.program, position..<position + 1)
        let shape = program.configuration
        (self.token, self.position) = (token, position)
        logit = try values.peekLogits(at: position)[flat: token]
        guard
            let scale = try values.peek(program.logitsIndex - 2, rows: row).number(.scale, [position])
        else { throw .notRecorded }
        self.scale = scale
        let gamma = try values.weight(shape.finalNorm.gamma).values.map(Double.init)
        let table = try values.weight(shape.unembedding).row(token).map(Double.init)
        // What a number in channel j of the stream adds to the logit; taking the mean away is part of it.
        let product = zip(gamma, table).map { $0 * $1 }
        let mean = product.reduce(0, +) / Double(shape.width)
        direction = product.map { ($0 - mean) / Double(scale) }
    }

    /// What must be there before it can begin, or before its next part.
    public static func wanted(_ attribution: Attribution?, at position: Int, _ values: any Values) -> [Wanted] {
        let (program, row) = (values.program, position..<position + 1)
        let shape = program.configuration
        let place = attribution?.parts.count ?? 0
        guard attribution != nil, place < program.streamWriters.count else {
            return [.answer(position), .rows(program.logitsIndex - 2, row)]
                + [shape.finalNorm.gamma, shape.finalNorm.beta, shape.unembedding].map(Wanted.weight)
        }
        let writer = program.streamWriters[place]
        let node = program.nodes[writer]
        return [.rows(writer, row)]
            + (node.hasHeads(program)
                ? [.rows(node.inputs[0], row)] + node.reads.map { .weight($0.parameter) } : [])
    }

    /// Adds the part that comes next; false when all are there.
    ///
    /// - Throws: ``Absence`` while what ``wanted(_:at:_:)`` says is not there.
    public mutating func extend(_ values: any Values) throws(Absence) -> Bool {
        let writers = values.program.streamWriters
        guard parts.count < writers.count else {
            guard parts.count == writers.count else { return false }
            let shape = values.program.configuration
            let table = try values.weight(shape.unembedding).row(token).map(Double.init)
            let shift = dot(try values.weight(shape.finalNorm.beta).values, table)
            parts.append(Part(address: "ln_final.bias", node: nil, value: shift, heads: [], bias: 0))
            return true
        }
        parts.append(try part(writers[parts.count], values))
        return true
    }

    private func part(_ index: Int, _ values: any Values) throws(Absence) -> Part {
        let (node, row) = (values.program.nodes[index], position..<position + 1)
        let written = try values.peek(index, rows: row).row(position)
        let share = dot(written, direction)
        guard node.hasHeads(values.program) else {
            return Part(address: node.address, node: index, value: share, heads: [], bias: 0, along: direction)
        }
        // Head h wrote z_h · W_O's rows of that head.
        let (H, D) = (values.program.configuration.headCount, values.program.configuration.headWidth)
        let mixed = try values.peek(node.inputs[0], rows: row).row(position)
        let along = try values.weight(node.reads[0].parameter).withValues { matrix in
            (0..<H * D).map { row in
                var along = 0.0
                for (j, step) in direction.enumerated() { along += Double(matrix[row * H * D + j]) * step }
                return along
            }
        }
        let heads = (0..<H).map { head in
            (head * D..<(head + 1) * D).reduce(0.0) { $0 + Double(mixed[$1]) * along[$1] }
        }
        let bias = dot(try values.weight(node.reads[1].parameter).values, direction)
        return Part(address: node.address, node: index, value: share, heads: heads, bias: bias, along: along)
    }

    /// The sum of the parts.
    public var sum: Double { parts.reduce(0) { $0 + $1.value } }
}

extension Node {
    /// Whether what it reads lies head beside head.
    public func hasHeads(_ program: Program) -> Bool {
        role.stream == .writes && inputs.first.map { program.nodes[$0].axes.contains(.head) } ?? false
    }
}

extension Rows {
    /// The numbers of one position, over all other axes.
    public func row(_ position: Int) -> [Float] {
        let value = outcome.value
        let width = value.count / max(1, value.shape[0])
        let start = (position - positions.lowerBound) * width
        return value.withValues { Array($0[start..<start + width]) }
    }
}

private func dot(_ a: [Float], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 } }
