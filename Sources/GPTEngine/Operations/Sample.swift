/// One token is chosen: the first by id whose cumulative probability exceeds a random number, or the largest at
/// temperature 0.
public struct Sample: Mathematics {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent { Extent([.position], [1]) }

    func formula(_ names: Node.Names) -> String {
        "the first id where Σ \(names.input(0)) > u; at temperature 0 the largest"
    }

    func numbers(_ cell: Cell) throws(Absence) -> String {
        let prediction = try cell.prediction()
        guard let token = prediction.token else { return "" }
        guard let u = prediction.draw else { return "logit \(Digits.short(prediction.logits[flat: token]))" }
        let start = (0..<token).reduce(0.0) { $0 + Double(prediction.probabilities[flat: $1]) }
        let end = start + Double(prediction.probabilities[flat: token])
        return "u = \(Digits.fixed(u, 6)) lies in [\(Digits.fixed(start, 6)), \(Digits.fixed(end, 6)))"
    }

    var givesTokens: Bool { true }
    func terms(_ cell: Cell) -> [Term] { [] }

    /// The first token by id whose cumulative probability exceeds `u`.
    static func pick(_ probabilities: Tensor, _ u: Double) -> Int {
        var (sum, last) = (0.0, 0)
        for id in 0..<probabilities.count where probabilities[flat: id] > 0 {
            sum += Double(probabilities[flat: id])
            last = id
            if sum > u { return id }
        }
        return last  // rounding left the sum a hair below u
    }
}
