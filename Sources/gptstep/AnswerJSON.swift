import Checkpoints
import GPTEngine
import GPTStepper

/// Answers of the language as JSON, one object each.
extension GPTStepper.Answer {
    /// The object; nil where a command answers nothing that a program could read.
    func json(_ model: Model) -> JSON? {
        var fields: [(String, JSON)] = [("line", .integer(statement.place.line)), ("command", .string(statement.text))]
        if let file = statement.file { fields.append(("file", .string(file))) }
        if let display { fields.append(("display", .integer(display))) }
        switch content {
        case .values(let values):
            fields.append(
                values.count == 1
                    ? ("value", Self.json(values[0], model)) : ("values", .array(values.map { Self.json($0, model) })))
        case .table(let table):
            fields.append(
                (
                    "table",
                    .object([
                        ("columns", .array(table.columns.map(JSON.string))),
                        ("rows", .array(table.rows.map { .array($0.map { Self.json($0, model) }) })),
                    ])
                ))
        case .stop(let stop): fields.append(("stop", Self.json(stop, model)))
        case .edit(let number): fields.append(("edit", .integer(number)))
        case .words: return nil
        case .error(let error):
            fields.append(
                (
                    "error",
                    .object([
                        ("message", .string(error.message)), ("kind", .string(error.kind.rawValue)),
                        ("line", .integer(error.place.line)), ("column", .integer(error.place.column)),
                    ])
                ))
        }
        return .object(fields)
    }

    /// The value alone, where it is one.
    func value(_ model: Model) -> JSON? {
        guard case .values(let values) = content, let first = values.first else { return nil }
        return Self.json(first, model)
    }

    static func json(_ datum: Datum, _ model: Model) -> JSON {
        func element(_ place: Int) -> JSON {
            let number = datum.numbers[place]
            guard !(datum.removed?[place] ?? false), !number.isNaN else { return .null }
            return switch datum.kind {
            case .truth: .bool(number != 0)
            case .token: .integer(Int(number))
            case .number, .text: .exact(number)
            }
        }
        if datum.kind == .text { return .string(datum.text) }
        if datum.isScalar { return element(0) }
        // Ids in one row are a list of them.
        if datum.kind == .token, datum.shape.count == 1 { return .array(datum.numbers.indices.map(element)) }
        return .object([
            ("shape", .integers(datum.shape)), ("axes", .array(datum.axes.map(JSON.string))),
            ("values", .array(datum.numbers.indices.map(element))),
        ])
    }

    private static func json(_ stop: StopReport, _ model: Model) -> JSON {
        .object([
            ("step", .integer(stop.step)), ("address", .string(stop.address)), ("token", .integer(stop.token)),
            ("reason", .string(stop.reason.rawValue)), ("number", stop.number.map(JSON.integer) ?? .null),
            ("old", stop.old.map { json($0, model) } ?? .null), ("new", stop.new.map { json($0, model) } ?? .null),
            ("taken", .integers(stop.taken)),
        ])
    }

    private static func json(_ field: Table.Field, _ model: Model) -> JSON {
        switch field {
        case .number(let number): .exact(number)
        case .integer(let number), .token(let number): .integer(number)
        case .text(let text): .string(text)
        case .truth(let truth): .bool(truth)
        case .none: .null
        case .datum(let datum): json(datum, model)
        case .list(let fields): .array(fields.map { json($0, model) })
        }
    }
}
