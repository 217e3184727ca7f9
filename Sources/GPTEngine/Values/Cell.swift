/// One number of an operation and what it was made of: what the operations read to account for it.
public struct Cell {
    /// Where the numbers are.
    public let values: any Values
    /// The operation, by index.
    public let place: Int
    /// The cell, axis by axis.
    public let index: [Int]
    /// The position whose answer is meant, for operations after the logits.
    public let position: Int
    /// How logits become a choice.
    public let sampling: Sampling

    /// A cell of an operation.
    ///
    /// - Parameter position: the position whose answer is meant, for operations after the logits; the last unless said.
    public init(_ values: any Values, _ place: Int, _ index: [Int], position: Int? = nil, sampling: Sampling) {
        (self.values, self.place, self.index, self.sampling) = (values, place, index, sampling)
        self.position = position ?? values.tokens.count - 1
    }

    /// The operation.
    public var node: Node { values.program.nodes[place] }
    /// What it reads is called so in its formula.
    public var names: Node.Names { values.program.names(of: place) }
    /// The axes and the shape of what it reads.
    func inputExtent(_ input: Int) -> Extent { values.program.nodes[node.inputs[input]].extent }

    /// Why it has no value by its place or by the sampling: `masked`, `filtered out`; nil where it has one.
    ///
    /// - Throws: ``Absence`` where that cannot be told yet.
    public func removal() throws(Absence) -> String? {
        if let removal = node.mathematics.removal(of: index) { return removal }
        guard node.axes == [.vocabulary] else { return nil }
        return try prediction().isCut(index[0]) ? "filtered out" : nil
    }

    /// The number itself.
    ///
    /// - Throws: ``Absence``.
    public func value() throws(Absence) -> Float { try number(place, index) }

    /// The formula of its operation with its numbers; empty where there are none.
    ///
    /// - Throws: ``Absence``.
    public func numbers() throws(Absence) -> String { try node.mathematics.numbers(self) }

    /// The cell of an operation that is read.
    ///
    /// - Throws: ``Absence``.
    func input(_ input: Int, _ index: [Int]) throws(Absence) -> Operand {
        let source = node.inputs[input]
        return Operand(
            source: .value(node: source), name: values.program.nodes[source].address, index: index,
            value: try number(source, index))
    }

    /// An entry of weights that are read.
    ///
    /// - Throws: ``Absence``.
    func weight(_ read: Int, _ index: [Int]) throws(Absence) -> Operand {
        let parameter = node.reads[read].parameter
        let tensor = try values.weight(parameter)
        return Operand(
            source: .parameter(parameter.name), name: parameter.name, index: index,
            value: tensor[flat: tensor.flatIndex(index)])
    }

    /// A statistic that the operation keeps beside a row.
    ///
    /// - Throws: ``Absence``.
    func statistic(_ statistic: Statistic, _ row: [Int]) throws(Absence) -> Operand {
        let value: Float
        if node.isAnswer {
            let prediction = try prediction()
            value = statistic == .max ? prediction.max : prediction.sum
        } else {
            let last = row[row.count - 1]
            guard let number = try values.peek(place, rows: last..<last + 1).number(statistic, row) else {
                throw .notRecorded
            }
            value = number
        }
        return Operand(
            source: .statistic(statistic, node: place), name: node.names(of: statistic).address, index: row,
            value: value)
    }

    /// What the model says after the position that is meant.
    ///
    /// - Throws: ``Absence``.
    func prediction() throws(Absence) -> Prediction {
        try values.prediction(
            at: node.axes.first == .position && index.count == 2 ? index[0] : position, sampling: sampling)
    }

    /// The number of an operation at an index.
    private func number(_ place: Int, _ index: [Int]) throws(Absence) -> Float {
        let node = values.program.nodes[place]
        guard place <= values.program.logitsIndex else {
            let prediction = try prediction()
            if node.isTokens { return prediction.token.map(Float.init) ?? .nan }
            return node.givesShares
                ? prediction.probabilities[flat: index[0]] : prediction.filtered[flat: index[0]]
        }
        let row = node.isAttention ? index[1] : index[0]
        guard let number = try values.peek(place, rows: row..<row + 1).number(index, isAttention: node.isAttention)
        else { throw .notComputed }
        return number
    }

    /// What must be there before its decomposition is: all rows of what it reads, so that its operands are to the last bit
    /// what stands at their addresses.
    public var wanted: [Wanted] {
        let inputs = node.inputs.filter { $0 < values.program.logitsIndex }.map(Wanted.value)
        let own: Wanted = node.isAnswer ? .answer(index.count == 2 ? index[0] : position) : .value(place)
        return inputs + [own] + node.reads.map { .weight($0.parameter) }
    }
}
