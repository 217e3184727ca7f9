import Foundation

/// Logits [V] ÷ temperature, and −∞ where top-k or top-p leaves a token out.
///
/// What it and all after it give depends on how a token is sampled: ``Prediction`` has their values.
public struct Filter: Mathematics {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        Extent([.vocabulary], [inputs[0].shape[1]])
    }

    func formula(_ names: Node.Names) -> String { "\(names.input(0)) / temperature, then top-k and top-p" }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let prediction = try cell.prediction()
        let (sampling, logit) = (prediction.sampling, prediction.logits[flat: cell.index[0]])
        if sampling.isGreedy { return "temperature 0: unchanged" }
        if prediction.filtered[flat: cell.index[0]] == -.infinity {
            return
                "\(Digits.short(logit / sampling.temperature)) did not pass top-k \(sampling.topK), top-p \(sampling.topP)"
        }
        return "\(Digits.short(logit)) / \(Digits.short(sampling.temperature))"
    }

    func terms(_ cell: Cell) throws(Absence) -> [Term] {
        let prediction = try cell.prediction()
        let logit = try cell.input(0, [prediction.position, cell.index[0]])
        let divisor = prediction.sampling.isGreedy ? 1 : Double(prediction.sampling.temperature)
        return [Term(value: Double(logit.value) / divisor, operands: [logit], label: cell.names.input(0))]
    }

    /// Logits [V] divided by the temperature, with −∞ where a token was left out.
    ///
    /// What is not a number leaves nothing out: which tokens are the largest cannot be told.
    static func apply(_ sampling: Sampling, to logits: Tensor) -> Tensor {
        guard !sampling.isGreedy else { return logits }
        var values = logits.values.map { $0 / sampling.temperature }
        let (topK, topP) = (sampling.topK, sampling.topP)
        let cutsK = topK > 0 && topK < values.count
        guard cutsK || topP < 1, !values.contains(where: \.isNaN) else { return Tensor(logits.shape, values) }

        let order = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
        var kept = order.prefix(cutsK ? topK : order.count)
        if topP < 1 {
            let largest = values[order[0]]
            let weights = kept.map { Double(expf(values[$0] - largest)) }
            let mark = Double(topP) * weights.reduce(0, +)
            var (sum, count) = (0.0, 0)
            while count < weights.count, sum < mark {
                sum += weights[count]
                count += 1
            }
            kept = kept.prefix(max(1, count))
        }
        for id in order.dropFirst(kept.count) { values[id] = -.infinity }
        return Tensor(logits.shape, values)
    }
}
