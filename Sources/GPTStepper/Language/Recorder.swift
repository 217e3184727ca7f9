import GPTEngine

/// A run whose every look is written down: what many other runs will be asked for in the same way.
final class Recorder: Values {
    private let values: any Values
    /// By operation the first row that was looked at.
    private(set) var wanted: [Int: Int] = [:]

    init(_ values: any Values) { self.values = values }

    var program: Program { values.program }
    var tokens: [Int] { values.tokens }

    private func note(_ node: Int, _ row: Int) { wanted[node] = min(wanted[node] ?? row, row) }

    func peek(_ node: Int, rows: Range<Int>) throws(Absence) -> Rows {
        note(node, rows.lowerBound)
        return try values.peek(node, rows: rows)
    }

    func weight(_ parameter: Parameter) throws(Absence) -> Tensor { try values.weight(parameter) }

    func lens(after stream: Int, at position: Int) throws(Absence) -> Tensor {
        note(stream == program.streams.last ? program.logitsIndex : stream, position)
        return try values.lens(after: stream, at: position)
    }

    func prediction(at position: Int, sampling: Sampling) throws(Absence) -> Prediction {
        note(program.logitsIndex, position)
        return try values.prediction(at: position, sampling: sampling)
    }

    func work(toward wanted: [Wanted]) -> Bool { values.work(toward: wanted) }
}
