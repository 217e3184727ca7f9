/// What the model says comes after a position, from its logits to the token that is sampled.
public struct Prediction: Sendable {
    /// The position that is read; its answer is the token after it.
    public let position: Int
    /// The settings that were used.
    public let sampling: Sampling
    /// [V].
    public let logits: Tensor
    /// Logits ÷ temperature, −∞ where a token was left out, [V].
    public let filtered: Tensor
    /// Softmax of those, [V].
    public let probabilities: Tensor
    /// The largest filtered logit; NaN where one is not a number.
    public let max: Float
    /// The sum of exp(filtered − max).
    public let sum: Float
    /// How many logits are not finite, or become so when they are divided by the temperature.
    public let notFinite: Int
    /// The random number in [0, 1); nil at temperature 0, where none is needed.
    public let draw: Double?
    /// The chosen token; nil where what it would be chosen from is not all finite.
    public let token: Int?

    /// Follows the logits [V] of a position to a token.
    public init(position: Int, logits: Tensor, sampling: Sampling) {
        self.position = position
        self.sampling = sampling
        self.logits = logits
        filtered = Filter.apply(sampling, to: logits)
        let softmax = Kernels.softmax(filtered)
        probabilities = softmax.values
        notFinite = zip(logits.values, filtered.values).count { logit, kept in
            !logit.isFinite || kept.isNaN || kept == .infinity
        }
        max = softmax.max[flat: 0]
        sum = softmax.sum[flat: 0]
        draw = sampling.isGreedy ? nil : sampling.draw(position: position)
        token = notFinite > 0 ? nil : draw.map { Sample.pick(softmax.values, $0) } ?? logits.largestIndex
    }

    /// Whether a token was left out by top-k or top-p; one whose logit is −∞ by itself was not.
    public func isCut(_ token: Int) -> Bool { filtered[flat: token] == -.infinity && logits[flat: token].isFinite }

    /// Token ids, the most probable first, ties by id; at most `count`.
    public func ranking(_ count: Int) -> [Int] { logits.largestIndices(count) }
}

extension Tensor {
    /// The index of the largest number; the lowest of equals.
    public var largestIndex: Int {
        withValues { values in values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 } }
    }

    /// The indices of the `limit` largest numbers, largest first, ties by index; what is not a number comes last.
    public func largestIndices(_ limit: Int) -> [Int] {
        guard limit > 0 else { return [] }
        return withValues { values in
            let before = { (a: Int, b: Int) in
                values[a].isNaN || values[b].isNaN
                    ? !values[a].isNaN || values[b].isNaN && a < b : (values[a], b) > (values[b], a)
            }
            guard values.count / 4 > limit else { return Array(values.indices.sorted(by: before).prefix(limit)) }
            // A short list kept in order is far cheaper than sorting a vocabulary.
            var best: [Int] = []
            for index in values.indices where best.count < limit || before(index, best[best.count - 1]) {
                best.insert(index, at: best.firstIndex { before(index, $0) } ?? best.count)
                if best.count > limit { best.removeLast() }
            }
            return best
        }
    }
}
