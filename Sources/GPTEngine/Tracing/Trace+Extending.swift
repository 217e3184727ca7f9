extension Trace {
    /// A value whose first rows are known from a pass over the same first tokens: the other rows are computed.
    ///
    /// A position never looks ahead, so what comes after it changes nothing in its rows. Scores before the mask are the
    /// exception: known queries meet the new keys.
    func extended(
        _ old: Arithmetic.Result, keeping rows: Int, _ node: Node, _ inputs: [Tensor]
    ) -> Arithmetic.Result {
        let new = rows..<tokens.count
        let isAttention = node.axes.contains(.query)
        let readings = zip(node.inputs, inputs).map { index, tensor -> Tensor in
            let axes = program.nodes[index].axes
            if axes.contains(.query) { return tensor.queries(new) }
            // Keys and values are read of all positions.
            let readsAll = node.operation == .scores && index == node.inputs[1] || node.operation == .z
            return readsAll ? tensor : tensor.rows(new)
        }
        let rest =
            new.isEmpty ? nil : arithmetic.result(of: node, tokens: tokens[new], first: rows, inputs: readings)
        var result = Arithmetic.Result(
            value: isAttention
                ? joined(old.value, rest?.value, keeping: rows, node, inputs)
                : old.value.joined(with: rest?.value, keeping: rows, axis: 0))
        for (statistic, value) in old.statistics {
            result.statistics[statistic] = value.joined(
                with: rest?.statistics[statistic], keeping: rows, axis: isAttention ? 1 : 0)
        }
        return result
    }

    /// Attention [H, T, T]: known queries with known keys, then with the new keys, then the new queries [H, m, T].
    private func joined(
        _ old: Tensor, _ rest: Tensor?, keeping rows: Int, _ node: Node, _ inputs: [Tensor]
    ) -> Tensor {
        let (H, T, oldT) = (node.shape[0], node.shape[1], old.columnCount)
        let isScores = node.operation == .scores
        let ahead: Tensor? =
            isScores && rows < T
            ? Kernels.scores(
                inputs[0].rows(0..<rows), inputs[1].rows(rows..<T),
                divisor: program.configuration.scoreDivisor(block: node.block ?? 0)) : nil
        let removed: Float = node.operation == .pattern ? 0 : -.infinity
        return Tensor(node.shape) { out in
            for head in 0..<H {
                for query in 0..<T {
                    let row = UnsafeMutableBufferPointer(
                        rebasing: out[((head * T + query) * T)..<((head * T + query + 1) * T)])
                    guard query < rows else {
                        rest?.withValues { rest in
                            let start = (head * (T - rows) + query - rows) * T
                            _ = row.update(from: UnsafeBufferPointer(rebasing: rest[start..<start + T]))
                        }
                        continue
                    }
                    old.withValues { old in
                        let start = (head * oldT + query) * oldT
                        _ = row.update(from: UnsafeBufferPointer(rebasing: old[start..<start + rows]))
                    }
                    for key in rows..<T {
                        row[key] = ahead.map { $0[flat: (head * rows + query) * (T - rows) + key - rows] } ?? removed
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Some queries of attention [H, T, S]: [H, m, S].
    fileprivate func queries(_ range: Range<Int>) -> Tensor {
        let (H, T, S) = (shape[0], shape[1], shape[2])
        return Tensor([H, range.count, S]) { out in
            withValues { values in
                for head in 0..<H {
                    let start = (head * T + range.lowerBound) * S
                    let count = range.count * S
                    _ = UnsafeMutableBufferPointer(rebasing: out[head * count..<(head + 1) * count])
                        .update(from: UnsafeBufferPointer(rebasing: values[start..<start + count]))
                }
            }
        }
    }

    /// The first entries of an axis, followed by those of another tensor.
    func joined(with other: Tensor?, keeping count: Int, axis: Int) -> Tensor {
        let outer = shape[..<axis].reduce(1, *)
        let inner = shape[(axis + 1)...].reduce(1, *)
        let added = other?.shape[axis] ?? 0
        var result = shape
        result[axis] = count + added
        return Tensor(result) { out in
            for block in 0..<outer {
                let target = out[(block * (count + added) * inner)...]
                withValues { values in
                    let start = block * shape[axis] * inner
                    for i in 0..<count * inner { out[target.startIndex + i] = values[start + i] }
                }
                other?.withValues { values in
                    let start = block * added * inner
                    for i in 0..<added * inner { out[target.startIndex + count * inner + i] = values[start + i] }
                }
            }
        }
    }
}
