import GPTEngine

/// Edits: whatever they are called, a target and what it becomes.
extension Parser {
    mutating func editAfterVerb() throws -> EditForm {
        skipSpace()
        let place = here
        let name = try verb()
        guard ["set", "zero", "scale", "patch", "freeze", "mean", "round", "token"].contains(name) else {
            throw LanguageError(
                "An edit is expected: set, zero, scale, patch, freeze, mean, round or token.", at: place)
        }
        return try edit(name)
    }

    /// An edit after its first word: whatever it is called, a target and what it becomes.
    mutating func edit(_ name: String) throws -> EditForm {
        skipSpace()
        let start = at
        if name == "token" { return try tokenEdit(from: start) }
        let target = try postfix()
        let place = target.place
        let value: Expression
        switch name {
        case "set":
            guard !take("==") else { throw fault("`=`") }
            try expect("=")
            value = try expression()
        case "zero": value = .number(0)
        case "scale":
            guard take(word: "by") else { throw fault("`by`") }
            let factor = try expression()
            value = .infix("*", target, factor, place)
        case "patch":
            guard take(word: "from") else { throw fault("`from`") }
            if take(word: "other") {
                value = .call("other", [target], [:], place)
            } else if take(word: "trace") {
                let file = try argument("a trace file")
                value = .call("trace", [.text(file, place), target], [:], place)
            } else {
                let inputs = try inputs()
                value = .over(inputs, target, place)
            }
        case "freeze": value = .call("unedited", [target], [:], place)
        case "mean":
            let mean = Expression.call("mean", [target], ["over": .name("position", place)], place)
            let inputs = take(word: "over") ? try inputs() : nil
            value = inputs.map { .over($0, mean, place) } ?? mean
        case "round":
            guard take(word: "to") else { throw fault("`to`") }
            skipSpace()
            guard let type = word()?.lowercased(), ["f16", "bf16", "int8"].contains(type) else {
                throw fault("f16, bf16 or int8")
            }
            at += type.count
            value = .call("round", [target, .text(type, place)], [:], place)
        default: throw fault("an edit")
        }
        var readers: [Expression] = []
        if take(word: "via") { repeat { readers.append(try postfix()) } while take(",") }
        return EditForm(
            target: .value(target), value: value, readers: readers, text: "\(name) \(written(from: start))")
    }

    mutating func tokenEdit(from start: Int) throws -> EditForm {
        func isEach() -> Bool { peek() == "*" }
        skipSpace()
        var position: Expression?
        if isEach() { at += 1 } else { position = try expression() }
        try expect("=")
        skipSpace()
        var value: Expression?
        if isEach() { at += 1 } else { value = try expression() }
        return EditForm(target: .token(position), value: value, readers: [], text: "token \(written(from: start))")
    }
}
