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
}

private func dot(_ a: [Float], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 } }
