import Checkpoints
import GPTEngine

/// Stops, and what is said of them.
extension Session {
    mutating func performStop(_ command: Command, _ statement: Statement) throws {
        let text = statement.text
        switch command {
        case .breakAt(let target, let condition, let isTemporary):
            guard case .name(let name, let place) = target else { return }
            let nodes = try stepper.program.references(name, at: place).all
            guard nodes.contains(where: { $0.node != nil }) else {
                throw LanguageError("\(visible(name)) is no operation of the pass.", at: place)
            }
            // What can be worked out nowhere is no condition.
            if let condition, !condition.speaksOfCursor { _ = try watched(condition) }
            let number = stops.add(.address(target, condition: condition, isTemporary: isTemporary), text)
            say("stop \(number) at \(name)", statement)
        case .breakHere:
            let address = stepper.node.address
            let known = stops.all.first { stop in
                if case .address(.name(address, _), nil, false) = stop.kind { true } else { false }
            }
            if let stop = known {
                stops.remove(stop.number)
                return say("stop \(stop.number) at \(address) is gone", statement)
            }
            let number = stops.add(
                .address(.name(address, statement.place), condition: nil, isTemporary: false), "break \(address)")
            say("stop \(number) at \(address)", statement)
        case .breakNan: say("stop \(stops.add(.nan, text)) where something is not finite", statement)
        case .watch(let expression):
            // What cannot be worked out at all is no watch.
            let now = try watched(expression)
            let number = stops.add(.watch(expression), "watch \(expression.written)")
            say(
                "stop \(number) where \(expression.written) changes"
                    + (now.map { ": now \(Answer.text($0, model))" } ?? ""), statement)
        case .display(let expression):
            // What speaks of the operation at the cursor need not suit this one.
            let now = expression.speaksOfCursor ? (try? watched(expression)) ?? nil : try watched(expression)
            let number = stops.add(.display(expression), text)
            if let now { answers.append(Answer(statement: statement, display: number, content: .values([now]))) }
        case .stops(let change, let numbers):
            guard stops.apply(change, to: numbers) else {
                throw LanguageError("There is no such stop: `info stops` lists them.", at: statement.place)
            }
        default: break
        }
    }

    mutating func say(_ words: String, _ statement: Statement) {
        answer(.words(words), statement)
        notice = words
    }
}
