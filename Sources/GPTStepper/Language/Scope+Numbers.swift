import GPTEngine

/// Numbers of a pass, sliced.
extension Scope {
    func there(_ node: Int, _ place: LanguageError.Place) throws {
        guard let limit, node > limit else { return }
        throw Absent(message: "\(program.nodes[node].address) lies ahead.", place: place)
    }

    func absent(_ absence: Absence, _ what: String, _ place: LanguageError.Place) -> any Error {
        absence == .notComputed
            ? Absent(message: "\(what) is \(absence).", place: place)
            : LanguageError("\(what) is \(absence).", at: place, kind: .unavailable)
    }

    /// All rows of a value.
    func whole(_ node: Int, _ place: LanguageError.Place) throws -> Tensor {
        try there(node, place)
        while values.work(toward: [.value(node)]) {}
        do { return try values.peek(node) } catch { throw absent(error, program.nodes[node].address, place) }
    }

    /// The logits of a position, [V].
    func logits(_ values: any Values, _ position: Int, _ place: LanguageError.Place) throws -> Tensor {
        try there(program.logitsIndex, place)
        guard values.tokens.indices.contains(position) else {
            throw LanguageError(
                "There is no position \(position): they are 0 to \(values.tokens.count - 1).", at: place)
        }
        while values.work(toward: [.answer(position)]) {}
        do { return try values.peekLogits(at: position) } catch { throw absent(error, "logits", place) }
    }

    func weight(_ parameter: Parameter, _ place: LanguageError.Place) throws -> Tensor {
        while values.work(toward: [.weight(parameter)]) {}
        do { return try values.weight(parameter) } catch { throw absent(error, parameter.name, place) }
    }

    /// A slice of what one reference speaks of.
    func datum(_ reference: Reference, _ parts: [Expression.Subscript], _ place: LanguageError.Place) throws -> Datum {
        var (axes, shape) = (reference.axes, reference.shape)
        if let axis = reference.headAxis {
            axes.remove(at: axis)
            shape.remove(at: axis)
        }
        let outer = try taken(parts, axes: axes, shape: shape, at: place)
        var all = outer
        if let axis = reference.headAxis, let head = reference.head { all.insert(.one(head), at: axis) }
        return try numbers(reference, all, place)
    }

    /// The numbers at some places along each of a reference's axes.
    func numbers(_ reference: Reference, _ taken: [Taken], _ place: LanguageError.Place) throws -> Datum {
        switch reference.source {
        case .parameter(let parameter, let offset, let strides):
            let tensor = own?.parameter == parameter.name ? own?.current : nil
            return gather(try tensor ?? weight(parameter, place), offset, strides, reference, taken)
        case .result(let node): return try result(node, reference, taken, place)
        case .statistic(let statistic, let node):
            if program.nodes[node].isAnswer {
                let prediction = try prediction(place)
                return gather(
                    Tensor([1], [statistic == .max ? prediction.max : prediction.sum]), 0, [1], reference, taken)
            }
            if let own, own.node == node, own.isStatistic, statistic == .scale {
                return gather(own.current, -own.positions.lowerBound, [1], reference, taken)
            }
            _ = try whole(node, place)
            do {
                let kept = try values.peek(statistic, of: node)
                return gather(kept, 0, rowStrides(kept.shape), reference, taken)
            } catch { throw absent(error, reference.name, place) }
        case .node(let index): return try numbers(of: index, reference, taken, place)
        }
    }

    func numbers(
        of index: Int, _ reference: Reference, _ taken: [Taken], _ place: LanguageError.Place
    ) throws -> Datum {
        let node = program.nodes[index]
        if index == program.logitsIndex {
            if let own, own.node == index {
                return gather(
                    own.current, -own.positions.lowerBound * node.shape[1], [node.shape[1], 1], reference, taken)
            }
            var rows: [Datum] = []
            for position in taken[0].indices {
                let row = try logits(values, position, place)
                rows.append(gather(row, 0, [1], axes: ["vocabulary"], [taken[1]], of: [row.count]))
            }
            if taken[0].isOne { return rows[0] }
            guard !rows.isEmpty else {
                return Datum(
                    [], axes: ["position"] + (taken[1].isOne ? [] : ["vocabulary"]),
                    shape: [0] + (taken[1].isOne ? [] : [taken[1].indices.count]))
            }
            return .stack(rows, axis: "position", places: taken[0].indices)
        }
        if node.isAnswer {
            let prediction = try prediction(place)
            if node.isChoice {
                guard let token = prediction.token else {
                    throw LanguageError("The logits are not all numbers, so no token follows.", at: place)
                }
                return gather(Tensor([1], [Float(token)]), 0, [1], reference, taken, kind: .token)
            }
            let shown = node.givesShares ? prediction.probabilities : prediction.filtered
            var datum = gather(shown, 0, [1], reference, taken)
            if !node.givesShares {
                let cut = taken[0].indices.map(prediction.isCut)
                datum.removed = cut.contains(true) ? cut : nil
            }
            return datum
        }
        if index == 0 {
            return tokens(values.tokens).taking(taken)
        }
        try there(index, place)
        let row = node.isAttention ? 1 : 0
        let wanted = taken[row].indices
        let (value, first): (Tensor, Int)
        if let own, own.node == index, !own.isStatistic {
            (value, first) = (own.current, own.positions.lowerBound)
        } else {
            while values.work(toward: [.value(index)]) {}
            do {
                let range = (wanted.min() ?? 0)..<(wanted.max() ?? 0) + 1
                let rows = try values.peek(index, rows: range)
                (value, first) = (rows.outcome.value, rows.positions.lowerBound)
            } catch { throw absent(error, node.address, place) }
        }
        let strides = rowStrides(value.shape)
        var datum = gather(value, -first * strides[row], strides, reference, taken)
        if node.isCausal {
            // What comes after its query is masked.
            let (queries, keys) = (taken[1].indices, taken[2].indices)
            let map = queries.flatMap { query in keys.map { $0 > query } }
            let all = (0..<taken[0].indices.count).flatMap { _ in map }
            datum.removed = all.contains(true) ? all : nil
        }
        return datum
    }

    /// What the model says after the last position.
    func prediction(_ place: LanguageError.Place) throws -> Prediction {
        let position = values.tokens.count - 1
        _ = try logits(values, position, place)
        do { return try values.prediction(at: position, sampling: sampling) } catch {
            throw absent(error, "logits", place)
        }
    }

    func rowStrides(_ shape: [Int]) -> [Int] { shape.indices.map { shape[($0 + 1)...].reduce(1, *) } }

    func gather(
        _ tensor: Tensor, _ offset: Int, _ strides: [Int], _ reference: Reference, _ taken: [Taken],
        kind: Datum.Kind = .number
    ) -> Datum {
        gather(tensor, offset, strides, axes: reference.axes, taken, of: reference.shape, kind: kind)
    }

    /// Numbers that lie so far apart along each axis.
    func gather(
        _ tensor: Tensor, _ offset: Int, _ strides: [Int], axes: [String], _ taken: [Taken], of whole: [Int],
        kind: Datum.Kind = .number
    ) -> Datum {
        let lists = taken.map(\.indices)
        var numbers: [Double] = []
        numbers.reserveCapacity(lists.reduce(1) { $0 * $1.count })
        tensor.withValues { values in
            func visit(_ axis: Int, _ start: Int) {
                if axis == lists.count - 1 {
                    let stride = strides[axis]
                    for index in lists[axis] {
                        let place = start + index * stride
                        // Of a piece's keys there are those up to its last query.
                        numbers.append(values.indices.contains(place) ? Double(values[place]) : .nan)
                    }
                } else {
                    for index in lists[axis] { visit(axis + 1, start + index * strides[axis]) }
                }
            }
            if lists.isEmpty { numbers.append(Double(values[offset])) } else { visit(0, offset) }
        }
        let kept = taken.indices.filter { !taken[$0].isOne }
        return Datum(
            numbers, axes: kept.map { axes[$0] }, shape: kept.map { lists[$0].count }, kind: kind,
            places: kept.map { lists[$0].count == whole[$0] ? nil : lists[$0] })
    }

    /// Heads' shares of what attention writes: z of a head times its rows of W_O.
    func result(
        _ node: Int, _ reference: Reference, _ taken: [Taken], _ place: LanguageError.Place
    ) throws -> Datum {
        let (z, C) = (program.nodes[node].inputs[0], program.configuration.width)
        let (H, D) = (program.configuration.headCount, program.configuration.headWidth)
        let weight = try weight(program.nodes[node].reads[0].parameter, place)
        let (positions, heads) = (taken[0].indices, taken[1].indices)
        var parts: [Datum] = []
        for head in heads {
            let mixed = try numbers(
                program.reference(node: z), [.many(positions), .one(head), .many(Array(0..<D))], place)
            let matrix = gather(
                weight, head * D * C, [C, 1], axes: ["head_channel", "channel"],
                [.many(Array(0..<D)), .many(Array(0..<C))], of: [H, C])
            let product = matrixProduct(mixed.numbers, matrix.numbers, rows: positions.count, inner: D, columns: C)
            parts.append(
                Datum(product, axes: ["position", "channel"], shape: [positions.count, C], places: [positions, nil]))
        }
        guard !parts.isEmpty else { throw LanguageError("No head is chosen.", at: place) }
        // [head, position, channel] → [position, head, channel].
        let stacked = Datum.stack(parts, axis: "head", places: heads)
        let order = positions.indices.map { stacked.taking([$0], along: 1, isOne: true) }
        var all = Datum.stack(order, axis: "position", places: positions)
        if case .one = taken[2] {
            all = all.taking(taken[2].indices, along: 2, isOne: true)
        } else if taken[2].indices.count != C {
            all = all.taking(taken[2].indices, along: 2, isOne: false)
        }
        if taken[1].isOne { all = all.taking([0], along: 1, isOne: true) }
        if taken[0].isOne { all = all.taking([0], along: 0, isOne: true) }
        return all
    }
}
