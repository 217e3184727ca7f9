import Checkpoints
import GPTEngine

/// What is asked of a pass.
extension Session {
    mutating func performLook(_ command: Command, _ statement: Statement) throws {
        guard let situation else {
            if case .info(.tensors) = command { return answer(.table(tensors), statement) }
            throw noWeights
        }
        let scope = situation.scope()
        switch command {
        case .print(let expressions):
            let values = try expressions.map { try scope.value($0) }
            names.last = values.last
            answer(.values(values), statement)
        case .assert(let condition, let words):
            guard try !scope.truth(condition) else { return }
            throw LanguageError(
                words.isEmpty ? "This is not so: \(condition.written)" : words, at: statement.place,
                kind: .failedAssertion)
        case .terms(let target): answer(.table(try terms(target, statement.place)), statement)
        case .top(let count, let expression):
            answer(
                .table(Self.top(count, try Arithmetic.numeric(scope.value(expression), expression.place))), statement)
        case .find(let condition): try find(condition, scope, statement)
        case .findText(let text): try find(text: text, statement)
        case .findNext(let direction):
            guard !found.places.isEmpty else { throw LanguageError("Nothing was found yet.", at: statement.place) }
            let count = found.places.count
            found.next = (found.next + direction.rawValue + count) % count
            showFound()
            conclude(report(.step), statement)
        case .info(.stops):
            answer(
                .table(
                    Answer.Table(
                        ["number", "stop", "enabled"],
                        stops.all.map { [.integer($0.number), .text($0.text), .truth($0.isEnabled)] })), statement)
        case .info(.tensors): answer(.table(tensors), statement)
        case .heads(let score): answer(.table(try heads(score, scope)), statement)
        case .lens(let token): answer(.table(try lens(token, scope)), statement)
        case .attribution(let expression):
            let shares = try scope.attribution(expression, expression.place)
            answer(
                .table(
                    Answer.Table(
                        ["part", "block", "head", "value"],
                        shares.rows.map { row in
                            [
                                .text(row.part), row.block.map { .integer($0) } ?? .none,
                                row.head.map { .integer($0) } ?? .none, .number(row.value),
                            ]
                        }, note: "sum \(Answer.decimal(shares.rows.reduce(0) { $0 + $1.value }))")), statement)
        default: break
        }
    }

    private var tensors: Answer.Table {
        Answer.Table(
            ["tensor", "shape", "parameters"],
            model.configuration.parameters.map {
                [.text($0.name), .text($0.shape.map(String.init).joined(separator: " × ")), .integer($0.count)]
            })
    }

    private func terms(_ target: Expression?, _ place: LanguageError.Place) throws -> Answer.Table {
        let terms = try decomposition(target, place)
        let rows = terms.ranking.map { index -> [Answer.Table.Field] in
            let term = terms.terms[index]
            let operands = term.operands.map { operand in
                "\(operand.name)[\(operand.index.map(String.init).joined(separator: ", "))] = \(Answer.decimal(Double(operand.value)))"
            }
            return [.integer(index), .number(term.value), .list(operands.map { .text($0) })]
        }
        let cell = "\(terms.address)[\(terms.index.map(String.init).joined(separator: ", "))]"
        return Answer.Table(
            ["term", "value", "operands"], rows,
            note:
                "\(cell) = \(terms.value.map { Answer.decimal(Double($0)) } ?? terms.removal ?? "none"); \(terms.formula)"
        )
    }

    /// The largest numbers with their places.
    private static func top(_ count: Int, _ datum: Datum) -> Answer.Table {
        let places = datum.numbers.indices.filter { !(datum.removed?[$0] ?? false) && !datum.numbers[$0].isNaN }
        let best = places.sorted { (datum.numbers[$0], $1) > (datum.numbers[$1], $0) }.prefix(count)
        return Answer.Table(
            datum.axes + ["value"],
            best.map { flat in
                datum.fields(of: flat) + [.number(datum.numbers[flat])]
            })
    }

    // MARK: Finding

    private mutating func find(_ condition: Expression, _ scope: Scope, _ statement: Statement) throws {
        let ofOperations = expanded(condition).contains { part in
            if case .name(let name, _) = part { name == "it" } else { false }
        }
        guard ofOperations else {
            let datum = try scope.value(condition)
            guard datum.kind == .truth else {
                throw LanguageError("find takes what is so or not, as `find max(it) > 5`.", at: condition.place)
            }
            let places = datum.numbers.indices.filter { datum.numbers[$0] != 0 && !(datum.removed?[$0] ?? false) }
            let rows = places.map(datum.fields)
            return answer(
                .table(Answer.Table(datum.axes, rows, note: "\(rows.count) of \(datum.numbers.count)")), statement)
        }
        var places: [Int] = []
        for index in stepper.program.nodes.indices {
            var here = scope
            here.cursor = index
            // A condition on values of one shape speaks of these alone.
            if let isSo = try? here.truth(condition), isSo { places.append(index) }
        }
        // Where it is so nowhere because it cannot be worked out, that is said.
        var here = scope
        let works = stepper.program.nodes.indices.contains { index in
            here.cursor = index
            return (try? here.truth(condition)) != nil
        }
        if !works {
            here.cursor = 1
            _ = try here.truth(condition)
        }
        answerFound(places.map { ($0, nil) }, statement)
    }

    /// An expression with named ones written out.
    private func expanded(_ expression: Expression, depth: Int = 0) -> Expression {
        expression.replacing { part in
            guard depth < 20, case .variable(let name, _) = part, let definition = names.defined[name] else {
                return part
            }
            return expanded(definition, depth: depth + 1)
        }
    }

    private mutating func find(text: String, _ statement: Statement) throws {
        let wanted = text.lowercased()
        var places = stepper.program.nodes.indices.filter {
            stepper.program.nodes[$0].address.lowercased().contains(wanted)
        }.map { (node: $0, cell: [Int]?.none) }
        for (position, token) in stepper.tokens.enumerated()
        where model.text([token]).lowercased().contains(wanted) && !wanted.isEmpty {
            places.append((0, [position]))
        }
        answerFound(places, statement)
    }

    private mutating func answerFound(_ places: [(node: Int, cell: [Int]?)], _ statement: Statement) {
        found = (places, 0)
        if !places.isEmpty { showFound() }
        let nodes = stepper.program.nodes
        answer(
            .table(
                Answer.Table(
                    ["step", "address", "position"],
                    places.map { place in
                        [
                            .integer(place.node + 1), .text(nodes[place.node].address),
                            place.cell.map { .integer($0[0]) } ?? .none,
                        ]
                    }, note: places.isEmpty ? "nothing was found" : "")), statement)
    }

    private mutating func showFound() {
        let place = found.places[found.next]
        if let cell = place.cell { stepper.visit(place.node, at: cell) } else { stepper.go(to: place.node) }
        notice = "\(found.next + 1) of \(found.places.count)"
    }

    // MARK: Tables

    private func heads(_ by: HeadScore?, _ scope: Scope) throws -> Answer.Table {
        let place = LanguageError.Place()
        let all = try HeadScore.allCases.map { try scope.value(.name("heads.\($0.rawValue)", place)) }
        let (L, H) = (all[0].shape[0], all[0].shape[1])
        var order = Array(0..<L * H)
        if let by, let column = HeadScore.allCases.firstIndex(of: by) {
            let numbers = all[column].numbers.map { $0.isNaN ? .infinity : by.isShare ? -$0 : $0 }
            order.sort { (numbers[$0], $0) < (numbers[$1], $1) }
        }
        return Answer.Table(
            ["block", "head"] + HeadScore.allCases.map(\.rawValue),
            order.map { flat in
                [.integer(flat / H), .integer(flat % H)] + all.map { .number($0.numbers[flat]) }
            })
    }

    private func lens(_ token: Expression?, _ scope: Scope) throws -> Answer.Table {
        let values = scope.values
        let chosen = try token.map { token -> Int in
            let datum = try scope.value(token)
            if datum.kind == .text { return try scope.token(datum.text, at: token.place) }
            guard let number = datum.number, let id = Int(exactly: number) else {
                throw LanguageError("A token's text or id is expected.", at: token.place)
            }
            do throws(PromptError) { return try model.check([id])[0] } catch {
                throw LanguageError(error.description, at: token.place)
            }
        }
        let program = values.program
        var rows: [[Answer.Table.Field]] = []
        for stream in program.streams {
            for position in values.tokens.indices {
                while values.work(toward: [.lens(stream: stream, position: position)]) {}
                let logits = try values.lens(after: stream, at: position)
                let prediction = Prediction(position: position, logits: logits, sampling: .plain)
                let id = chosen ?? logits.largestIndex
                rows.append([
                    .text(program.nodes[stream].address), .integer(position), .integer(id), .text(model.text([id])),
                    .number(Double(prediction.probabilities[flat: id])),
                ])
            }
        }
        return Answer.Table(["write", "position", "id", "text", "probability"], rows)
    }
}

extension Datum {
    /// Where a number stands, axis by axis, for a table.
    fileprivate func fields(of flat: Int) -> [Answer.Table.Field] {
        index(of: flat).enumerated().map { axis, index in
            let place = place(index, along: axis)
            if axis == 0, let labels { return .text(labels[index]) }
            return axes[axis] == "vocabulary" ? .token(place) : .integer(place)
        }
    }
}
