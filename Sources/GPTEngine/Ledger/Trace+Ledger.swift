import Foundation

extension Trace {
    /// How a cell of an operation came about. What it needs is computed first.
    ///
    /// - Parameters:
    ///   - node: the operation, by index.
    ///   - cell: the index of the cell, one number an axis of the operation's shape.
    ///   - position: for the operations after the logits, the position whose answer is meant; the last unless said.
    ///   - sampling: how logits become a choice.
    public func ledger(of node: Int, at cell: [Int], position: Int? = nil, sampling: Sampling) -> Ledger {
        let operation = program.nodes[node].operation
        let (value, terms) =
            node < program.logitsIndex
            ? passEntry(node, cell) : outputEntry(node, cell, position ?? tokens.count - 1, sampling)
        return Ledger(
            node: node, address: program.nodes[node].address, index: cell, value: value,
            formula: program.configuration.formula(of: operation, at: cell, sampling: sampling), terms: terms)
    }

    // MARK: Operations of the pass

    private func passEntry(_ index: Int, _ cell: [Int]) -> (value: Float?, terms: [Ledger.Term]) {
        let node = program.nodes[index]
        let value = self.value(of: index)
        let result = value[flat: value.flatIndex(cell)]
        let p = cell[0]
        switch node.operation {
        case .tokens: return (result, [])
        case .embed: return (result, [one(weight(node, 0, [tokens[p], cell[1]]))])
        case .posEmbed: return (result, [one(weight(node, 0, cell))])
        case .residual: return (result, node.inputs.map { one(self.cell($0, cell)) })
        case .normalized:
            let (x, mean, scale) = (
                self.cell(node.inputs[0], cell), statistic(.mean, index, [p]), statistic(.scale, index, [p])
            )
            return (
                result,
                [
                    Ledger.Term(value: Double(x.value) / Double(scale.value), operands: [x, scale]),
                    Ledger.Term(
                        value: -Double(mean.value) / Double(scale.value), operands: [mean, scale], isShift: true),
                ]
            )
        case .normOut:
            return (
                result,
                [
                    product(self.cell(node.inputs[0], cell), weight(node, 0, [cell[1]])),
                    shift(weight(node, 1, [cell[1]])),
                ]
            )
        case .projection:
            let column = (node.reads[0].columns?.lowerBound ?? 0) + cell[1] * node.shape[2] + cell[2]
            return (result, products(node, row: p, column: column))
        case .attnOut, .mlpPre, .mlpOut: return (result, products(node, row: p, column: cell[1]))
        case .scores:
            let divisor = Double(program.configuration.scoreDivisor(block: node.block ?? 0))
            return (
                result,
                (0..<program.configuration.headWidth).map { d in
                    product(
                        self.cell(node.inputs[0], [cell[1], cell[0], d]),
                        self.cell(node.inputs[1], [cell[2], cell[0], d]), divisor: divisor)
                }
            )
        case .maskedScores:
            return cell[2] > cell[1] ? (nil, []) : (result, [one(self.cell(node.inputs[0], cell))])
        case .pattern:
            guard cell[2] <= cell[1] else { return (nil, []) }
            let row = Array(cell.dropLast())
            return (
                result,
                [
                    share(
                        self.cell(node.inputs[0], cell), statistic(.rowMax, index, row),
                        statistic(.rowSum, index, row))
                ]
            )
        case .z:
            return (
                result,
                (0...p).map { key in
                    product(
                        self.cell(node.inputs[0], [cell[1], p, key]),
                        self.cell(node.inputs[1], [key, cell[1], cell[2]])
                    )
                }
            )
        case .mlpPost:
            let x = self.cell(node.inputs[0], cell)
            return (result, [Ledger.Term(value: Double(program.configuration.activation(x.value)), operands: [x])])
        case .logits, .filteredLogits, .probabilities, .nextToken:
            preconditionFailure("\(node.address) belongs to a prediction")
        }
    }

    // MARK: From logits to a token

    private func outputEntry(
        _ index: Int, _ cell: [Int], _ position: Int, _ sampling: Sampling
    ) -> (value: Float?, terms: [Ledger.Term]) {
        let node = program.nodes[index]
        if node.operation == .logits {
            let (p, id) = (cell[0], cell[1])
            return (
                logits(at: p)[flat: id],
                (0..<program.configuration.width).map { j in
                    product(self.cell(node.inputs[0], [p, j]), weight(node, 0, [id, j]))
                }
            )
        }
        let prediction = prediction(at: position, sampling: sampling)
        let id = cell[0]
        let filtered = prediction.filtered
        func operand(_ source: Ledger.Operand.Source, _ name: String, _ index: [Int], _ value: Float) -> Ledger.Operand
        {
            Ledger.Operand(source: source, name: name, index: index, value: value)
        }
        switch node.operation {
        case .nextToken: return (Float(prediction.token), [])
        case .filteredLogits:
            guard filtered[flat: id] != -.infinity else { return (nil, []) }
            let logits = node.inputs[0]
            let logit = operand(
                .value(node: logits), program.nodes[logits].address, [position, id], prediction.logits[flat: id])
            let divisor = sampling.isGreedy ? 1 : Double(sampling.temperature)
            return (
                filtered[flat: id], [Ledger.Term(value: Double(logit.value) / divisor, operands: [logit])]
            )
        default:
            guard filtered[flat: id] != -.infinity else { return (nil, []) }
            let statistics = [(Statistic.max, prediction.max), (.sum, prediction.sum)].map { statistic, value in
                operand(.statistic(statistic, node: index), node.names(of: statistic).address, [0], value)
            }
            let source = node.inputs[0]
            let logit = operand(.value(node: source), program.nodes[source].address, [id], filtered[flat: id])
            return (prediction.probabilities[flat: id], [share(logit, statistics[0], statistics[1])])
        }
    }

    // MARK: Terms

    /// x·W + b: a term a channel of x, and the bias.
    private func products(_ node: Node, row: Int, column: Int) -> [Ledger.Term] {
        let input = value(of: node.inputs[0])
        let count = input.count / input.shape[0]
        return (0..<count).map { j in
            product(cell(node.inputs[0], input.index(ofFlat: row * count + j)), weight(node, 0, [j, column]))
        } + [shift(weight(node, 1, [column]))]
    }

    private func one(_ operand: Ledger.Operand) -> Ledger.Term {
        Ledger.Term(value: Double(operand.value), operands: [operand])
    }

    private func shift(_ operand: Ledger.Operand) -> Ledger.Term {
        Ledger.Term(value: Double(operand.value), operands: [operand], isShift: true)
    }

    private func product(_ a: Ledger.Operand, _ b: Ledger.Operand, divisor: Double = 1) -> Ledger.Term {
        Ledger.Term(value: Double(a.value) * Double(b.value) / divisor, operands: [a, b])
    }

    /// exp(x − max)/Σ. The pass has an exponential of its own that differs in the last bits.
    private func share(_ x: Ledger.Operand, _ max: Ledger.Operand, _ sum: Ledger.Operand) -> Ledger.Term {
        Ledger.Term(value: Double(expf(x.value - max.value)) / Double(sum.value), operands: [x, max, sum])
    }

    // MARK: Operands

    private func cell(_ node: Int, _ index: [Int]) -> Ledger.Operand {
        let value = value(of: node)
        return Ledger.Operand(
            source: .value(node: node), name: program.nodes[node].address, index: index,
            value: value[flat: value.flatIndex(index)])
    }

    private func statistic(_ statistic: Statistic, _ node: Int, _ index: [Int]) -> Ledger.Operand {
        let value = self.statistic(statistic, of: node)
        return Ledger.Operand(
            source: .statistic(statistic, node: node), name: program.nodes[node].names(of: statistic).address,
            index: index, value: value.map { $0[flat: $0.flatIndex(index)] } ?? .nan)
    }

    private func weight(_ node: Node, _ place: Int, _ index: [Int]) -> Ledger.Operand {
        let parameter = node.reads[place].parameter
        let tensor = weights[parameter]
        return Ledger.Operand(
            source: .parameter(parameter.name), name: parameter.name, index: index,
            value: tensor[flat: tensor.flatIndex(index)])
    }
}

extension Tensor {
    /// The index for each axis of a row-major index.
    func index(ofFlat flat: Int) -> [Int] {
        var (rest, index) = (flat, [Int]())
        for extent in shape.reversed() {
            index.append(rest % extent)
            rest /= extent
        }
        return index.reversed()
    }
}
