import Checkpoints
import Foundation
public import GPTEngine

/// Answers as text: numbers with 7 significant digits and ASCII minus, so that other tools read them.
extension Answer {
    /// A number as it is printed.
    public static func decimal(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        guard number.isFinite else { return number < 0 ? "-inf" : "inf" }
        if number == number.rounded(), abs(number) < 1e7 { return "\(Int(number))" }
        return String(format: "%.7g", number)
    }

    /// Places of a vocabulary that are printed in order; of more the likeliest.
    static let mostRows = 40

    /// The answer for a person; lines without one at the end.
    ///
    /// - Parameters:
    ///   - model: names tokens.
    ///   - rows: the most that are written of a table.
    public func text(_ model: Model, rows: Int = .max) -> String {
        switch content {
        case .values(let values):
            let text = values.map { Self.text($0, model) }
            let body =
                text.allSatisfy { !$0.contains("\n") } ? text.joined(separator: ", ") : text.joined(separator: "\n\n")
            return display.map { "\($0): " + body } ?? body
        case .table(let table): return Self.text(table, model, rows)
        case .stop(let stop): return Self.text(stop, model)
        case .edit(let number): return "edit \(number): \(statement.text)"
        case .words(let words): return words
        case .error(let error): return "\(statement.file.map { visible($0) + ", " } ?? "")\(error)"
        }
    }

    /// A value: a number, a text, or lines of numbers.
    static func text(_ datum: Datum, _ model: Model) -> String {
        func word(_ flat: Int) -> String {
            if datum.removed?[flat] ?? false { return "masked" }
            let number = datum.numbers[flat]
            return switch datum.kind {
            case .truth: number.isNaN ? "nan" : number != 0 ? "true" : "false"
            case .token: number.isNaN ? "nan" : "\"\(model.label(Int(number)))\""
            case .number, .text: decimal(number)
            }
        }
        if datum.kind == .text { return visible(datum.text) }
        if datum.isScalar { return word(0) }
        if datum.numbers.isEmpty { return "\(datum.extent) nothing" }
        if datum.shape.count == 1, datum.kind == .token || datum.kind == .truth && datum.numbers.count <= 16 {
            return datum.numbers.indices.prefix(200).map(word).joined(separator: " ")
        }
        if datum.shape.count == 1 {
            // Named places one below the other; of a long row the largest.
            let isLong = datum.shape[0] > mostRows && datum.axes[0] == "vocabulary"
            let places =
                isLong
                ? Array(datum.numbers.indices.sorted { (datum.numbers[$0], $1) > (datum.numbers[$1], $0) }.prefix(20))
                : Array(datum.numbers.indices.prefix(200))
            let rows = places.map { flat in [name(flat, along: 0, of: datum, model), word(flat)] }
            let left = datum.numbers.count - places.count
            return datum.extent + "\n" + columns(rows, left: [0]) + (left > 0 ? "\nand \(left) more" : "")
        }
        return datum.extent + "\n" + matrices(datum, model, word)
    }

    /// One table for each index of all axes but the last two.
    private static func matrices(_ datum: Datum, _ model: Model, _ word: (Int) -> String) -> String {
        let count = datum.shape.count
        let (m, n) = (datum.shape[count - 2], datum.shape[count - 1])
        let outer = datum.shape.dropLast(2).reduce(1, *)
        let (shownRows, shownColumns, shownBlocks) = (min(m, 64), min(n, 24), min(outer, 16))
        var parts: [String] = []
        for block in 0..<shownBlocks {
            let index = datum.index(of: block * m * n)
            let head = index.dropLast(2).enumerated().map { axis, index in
                "\(datum.axes[axis]) \(name(index, along: axis, of: datum, model))"
            }.joined(separator: ", ")
            let rows = (0..<shownRows).map { row in
                [name(row, along: count - 2, of: datum, model)]
                    + (0..<shownColumns).map { word(block * m * n + row * n + $0) }
            }
            let header = [""] + (0..<shownColumns).map { name($0, along: count - 1, of: datum, model) }
            parts.append((head.isEmpty ? "" : head + "\n") + columns([header] + rows, left: [0]))
        }
        let cut = shownRows < m || shownColumns < n || shownBlocks < outer
        return parts.joined(separator: "\n\n")
            + (cut
                ? "\nthe first \(shownBlocks * shownRows) × \(shownColumns) of \(datum.numbers.count) numbers; slices show others"
                : "")
    }

    /// The name of a place along an axis: a token's text, or its number.
    private static func name(_ index: Int, along axis: Int, of datum: Datum, _ model: Model) -> String {
        if axis == 0, let labels = datum.labels { return labels[index] }
        let place = datum.place(index, along: axis)
        return datum.axes[axis] == "vocabulary" ? "\"\(model.label(place))\"" : "\(place)"
    }

    private static func text(_ stop: StopReport, _ model: Model) -> String {
        var text = "step \(stop.step) \(stop.address)"
        if stop.token > 0 { text += ", \(stop.token) taken" }
        switch stop.reason {
        case .step: break
        case .breakpoint: text += ", stop \(stop.number ?? 0)"
        case .watch:
            text +=
                ", stop \(stop.number ?? 0): \(stop.old.map { Self.text($0, model) } ?? "absent") → \(stop.new.map { Self.text($0, model) } ?? "absent")"
        case .nan: text += ", stop \(stop.number ?? 0): not finite"
        case .end: text += ", the end"
        case .start: text += ", the beginning"
        }
        if !stop.taken.isEmpty {
            text += "\ntook " + stop.taken.map { "\"\(model.label($0))\"" }.joined(separator: " ")
        }
        return text + (stop.words.map { "\n" + $0 } ?? "")
    }

    private static func text(_ table: Table, _ model: Model, _ most: Int) -> String {
        func word(_ field: Table.Field) -> String {
            switch field {
            case .number(let number): decimal(number)
            case .integer(let number): "\(number)"
            case .token(let id): "\"\(model.label(id))\""
            case .text(let text): visible(text)
            case .truth(let truth): truth ? "yes" : "no"
            case .none: "-"
            case .datum(let datum): Self.text(datum, model)
            case .list(let fields):
                fields.count > 20
                    ? fields.prefix(20).map(word).joined(separator: ", ") + " and \(fields.count - 20) more"
                    : fields.map(word).joined(separator: ", ")
            }
        }
        let hasTensors = table.rows.contains { $0.contains { if case .datum = $0 { true } else { false } } }
        let body: String
        if hasTensors, let row = table.rows.first {
            body = zip(table.columns, row).map { "\($0): \(word($1))" }.joined(separator: "\n")
        } else {
            let shown = table.rows.prefix(most).map { $0.map(word) }
            let texts = table.columns.indices.filter { column in
                table.rows.first.map {
                    if case .text = $0[column] { true } else if case .list = $0[column] { true } else { false }
                } ?? false
            }
            body =
                columns([table.columns] + shown, left: Set(texts))
                + (table.rows.count > most ? "\nand \(table.rows.count - most) more rows" : "")
        }
        return body + (table.note.isEmpty ? "" : "\n" + table.note)
    }

    /// Rows of words in columns.
    private static func columns(_ rows: [[String]], left: Set<Int>) -> String {
        guard let first = rows.first else { return "" }
        let widths = first.indices.map { column in rows.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        return rows.map { row in
            var line = row.enumerated().map { column, word in
                let space = String(repeating: " ", count: widths[column] - word.unicodeScalars.count)
                return left.contains(column) ? word + space : space + word
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    // MARK: Over inputs

    /// What a value is over many inputs: its mean, spread and extremes; of truths how often, and where not.
    static func over(_ results: [Datum], _ cases: [InputCase], _ statement: Statement) throws -> Content {
        guard let first = results.first else { return .words("no inputs") }
        guard first.kind == .number || first.kind == .truth else {
            throw LanguageError("Over inputs numbers and truths are counted, not texts or tokens.", at: statement.place)
        }
        if let other = results.first(where: { $0.shape != first.shape }) {
            throw LanguageError(
                "The inputs give values of different shapes, \(first.extent) and \(other.extent).", at: statement.place)
        }
        if first.isScalar, first.kind == .truth {
            let failing = results.indices.filter { results[$0].numbers[0] == 0 }
            return .table(
                Table(
                    ["true", "false", "failing"],
                    [
                        [
                            .integer(results.count - failing.count), .integer(failing.count),
                            .list(failing.map { .text(cases[$0].label) }),
                        ]
                    ]))
        }
        /// A statistic of each element over all inputs.
        func each(_ of: ([Double]) -> Double) -> Datum {
            var datum = first
            datum.kind = .number
            datum.numbers = first.numbers.indices.map { place in of(results.map { $0.numbers[place] }) }
            return datum
        }
        func field(_ datum: Datum) -> Table.Field { datum.number.map { .number($0) } ?? .datum(datum) }
        func extreme(_ numbers: [Double], _ before: (Double, Double) -> Bool) -> Int {
            numbers.indices.reduce(0) {
                numbers[$1].isNaN ? $0 : numbers[$0].isNaN || before(numbers[$1], numbers[$0]) ? $1 : $0
            }
        }
        func label(_ before: @escaping (Double, Double) -> Bool) -> Table.Field {
            if first.isScalar { return .text(cases[extreme(results.map { $0.numbers[0] }, before)].label) }
            return .datum(each { Double(extreme($0, before)) })
        }
        let mean = { (numbers: [Double]) in numbers.reduce(0, +) / Double(numbers.count) }
        return .table(
            Table(
                ["mean", "std", "min", "max", "count", "at_min", "at_max"],
                [
                    [
                        field(each(mean)),
                        field(
                            each { numbers in
                                let middle = mean(numbers)
                                return mean(numbers.map { ($0 - middle) * ($0 - middle) }).squareRoot()
                            }),
                        field(each { $0[extreme($0, <)] }), field(each { $0[extreme($0, >)] }), .integer(results.count),
                        label(<), label(>),
                    ]
                ]))
    }
}
