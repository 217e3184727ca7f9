extension Trace {
    /// Keeps one piece that follows the first rows of an operation.
    func keep(_ part: Rows, of index: Int) {
        guard shelf.rows(of: index) == 0 else { return keep([part], of: index) }
        shelf.tails[index] = nil
        shelf.put(part.outcome, rows: part.positions.upperBound, index, at: store.tick())
    }

    /// Keeps rows that follow the first ones of an operation.
    func keep(_ parts: [Rows], of index: Int) {
        guard let last = parts.last else { return }
        let (end, time) = (last.positions.upperBound, store.tick())
        let known = shelf.entries[index]
        shelf.tails[index] = nil
        guard parts.count > 1 || known != nil else { return shelf.put(last.outcome, rows: end, index, at: time) }
        let old = known == nil ? nil : self.known(index, 0..<(known?.rows ?? 0))?.outcome
        let node = program.nodes[index]
        var outcome: Outcome
        if node.isAttention {
            outcome = Outcome(value: assembled(old?.value, parts, index))
            for statistic in node.statistics {
                let all =
                    [old?.statistics[statistic]].compactMap(\.self)
                    + parts.compactMap { $0.outcome.statistics[statistic] }
                outcome.statistics[statistic] = Tensor(joiningColumns: all)
            }
        } else {
            let room = program.configuration.contextLength
            let new = parts.map(\.outcome.value)
            let value = old?.value ?? new[0]
            outcome = Outcome(
                value: node.role.keep == .growing
                    ? value.appending(old == nil ? Array(new.dropFirst()) : new, room: room)
                    : Tensor(stacking: (old == nil ? [] : [value]) + new))
            for statistic in node.statistics {
                let all =
                    [old?.statistics[statistic]].compactMap(\.self)
                    + parts.compactMap { $0.outcome.statistics[statistic] }
                outcome.statistics[statistic] = Tensor(stacking: all)
            }
        }
        shelf.put(outcome, rows: end, index, at: time)
    }

    /// Rows of several pieces as one; of attention with the keys up to the last, where what comes after a query is of no
    /// matter.
    func joined(_ parts: [Rows], of index: Int) -> Outcome {
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return parts[0].outcome }
        let node = program.nodes[index]
        let (start, end) = (first.positions.lowerBound, last.positions.upperBound)
        func kept(_ statistic: Statistic) -> [Tensor] { parts.compactMap { $0.outcome.statistics[statistic] } }
        var outcome: Outcome
        if node.isAttention {
            outcome = Outcome(
                value: Tensor([node.shape[0], end - start, end]) { out in
                    out.update(repeating: node.rowOperation?.removed ?? 0)
                    for part in parts {
                        copy(
                            part.outcome.value, into: out, end - start, end, row: part.positions.lowerBound - start,
                            column: 0)
                    }
                })
            for statistic in node.statistics { outcome.statistics[statistic] = Tensor(joiningColumns: kept(statistic)) }
        } else {
            outcome = Outcome(value: Tensor(stacking: parts.map(\.outcome.value)))
            for statistic in node.statistics { outcome.statistics[statistic] = Tensor(stacking: kept(statistic)) }
        }
        return outcome
    }

    /// Attention [H, S, S] of the first S positions: known queries with known keys, the pieces' queries with the keys up to
    /// them, and what earlier queries have for keys that come later.
    private func assembled(_ old: Tensor?, _ parts: [Rows], _ index: Int) -> Tensor {
        let node = program.nodes[index]
        guard let operation = node.rowOperation, let end = parts.last?.positions.upperBound else {
            preconditionFailure("\(node.address) has no rows")
        }
        let H = node.shape[0]
        let blocks = (old.map { [Rows(positions: 0..<$0.columnCount, outcome: Outcome(value: $0))] } ?? []) + parts
        return Tensor([H, end, end]) { out in
            out.update(repeating: operation.removed)
            for block in blocks {
                copy(block.outcome.value, into: out, end, end, row: block.positions.lowerBound, column: 0)
            }
            for part in parts where part.positions.lowerBound > 0 {
                let earlier = 0..<part.positions.lowerBound
                let (q, k) = (node.inputs[0], node.inputs[node.inputs.count - 1])
                guard operation.isProduct else { continue }
                guard
                    let ahead = operation.ahead(
                        owner(of: q).rows(of: q, earlier), owner(of: k).rows(of: k, part.positions))
                else { continue }
                copy(ahead, into: out, end, end, row: 0, column: earlier.upperBound)
            }
        }
    }

    private func copy(
        _ block: Tensor, into out: UnsafeMutableBufferPointer<Float>, _ rows: Int, _ columns: Int, row: Int, column: Int
    ) {
        let (H, n, m) = (block.shape[0], block.shape[1], block.columnCount)
        block.withValues { values in
            for head in 0..<H {
                for i in 0..<n {
                    let target = (head * rows + row + i) * columns + column
                    _ = UnsafeMutableBufferPointer(rebasing: out[target..<target + m])
                        .update(
                            from: UnsafeBufferPointer(rebasing: values[(head * n + i) * m..<(head * n + i + 1) * m]))
                }
            }
        }
    }
}
