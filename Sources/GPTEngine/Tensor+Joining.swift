extension Tensor {
    /// The rows of the first axis of several tensors, one after another.
    init(stacking tensors: [Tensor]) {
        let rows = tensors.reduce(0) { $0 + $1.shape[0] }
        self.init([rows] + tensors[0].shape.dropFirst()) { out in
            var start = 0
            for tensor in tensors {
                tensor.withValues { values in
                    _ = UnsafeMutableBufferPointer(rebasing: out[start..<start + values.count]).update(from: values)
                }
                start += tensor.count
            }
        }
    }

    /// The columns of several matrices [H, n], one after another.
    init(joiningColumns tensors: [Tensor]) {
        let (H, width) = (tensors[0].shape[0], tensors.reduce(0) { $0 + $1.columnCount })
        self.init([H, width]) { out in
            for head in 0..<H {
                var place = head * width
                for tensor in tensors {
                    for column in 0..<tensor.columnCount {
                        out[place] = tensor[flat: head * tensor.columnCount + column]
                        place += 1
                    }
                }
            }
        }
    }

    /// Some columns of a matrix [H, n].
    func columns(_ range: Range<Int>) -> Tensor {
        Tensor([shape[0], range.count]) { out in
            for head in 0..<shape[0] {
                for (place, column) in range.enumerated() {
                    out[head * range.count + place] = self[flat: head * columnCount + column]
                }
            }
        }
    }

    /// Some queries and the first keys of attention [H, n, S]: [H, m, keys].
    func queries(_ queries: Range<Int>, keys: Int) -> Tensor {
        let (H, n, S) = (shape[0], shape[1], shape[2])
        return Tensor([H, queries.count, keys]) { out in
            withValues { values in
                for head in 0..<H {
                    for (place, query) in queries.enumerated() {
                        let (start, target) = ((head * n + query) * S, (head * queries.count + place) * keys)
                        _ = UnsafeMutableBufferPointer(rebasing: out[target..<target + keys])
                            .update(from: UnsafeBufferPointer(rebasing: values[start..<start + keys]))
                    }
                }
            }
        }
    }

    /// This, and the rows of others after it, in memory that has room for `room` rows: where the room is there already and
    /// nobody else has used it, nothing is copied.
    func appending(_ others: [Tensor], room: Int) -> Tensor {
        others.reduce(self) { $0.appending($1, room: room) }
    }

    private func appending(_ other: Tensor, room: Int) -> Tensor {
        let result = [shape[0] + other.shape[0]] + shape.dropFirst()
        let stride = count / max(1, shape[0])
        let memory = growing(at: count) ?? Growth(self, capacity: max(room * stride, count + other.count))
        guard memory.numbers.count >= count + other.count else { return Tensor(stacking: [self, other]) }
        memory.append(other)
        return Tensor(result, growing: memory)
    }
}

/// Memory that rows are added to; the system gives it as it is touched.
///
/// Unchecked: rows are only added, so those that a tensor borrowed stay as they are. It belongs to one thread.
final class Growth: @unchecked Sendable {
    let numbers: UnsafeMutableBufferPointer<Float>
    /// Numbers that were written.
    private(set) var count: Int

    init(_ tensor: Tensor, capacity: Int) {
        numbers = .allocate(capacity: capacity)
        count = tensor.count
        tensor.withValues { _ = numbers[..<tensor.count].update(fromContentsOf: $0) }
    }

    deinit { numbers.deallocate() }

    /// Forgets the numbers after the first `count`: what is written next takes their place.
    func truncate(to count: Int) { self.count = count }

    func append(_ tensor: Tensor) {
        tensor.withValues { _ = numbers[count..<count + tensor.count].update(fromContentsOf: $0) }
        count += tensor.count
    }
}
