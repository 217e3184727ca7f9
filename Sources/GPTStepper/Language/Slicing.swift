import Checkpoints
import GPTEngine

/// What is taken along one axis: one place, which removes the axis, or several.
enum Taken: Hashable {
    case one(Int)
    case many([Int])

    var indices: [Int] {
        switch self {
        case .one(let index): [index]
        case .many(let indices): indices
        }
    }

    var isOne: Bool { if case .one = self { true } else { false } }
}

extension Scope {
    /// What some slices take along each of some axes.
    ///
    /// - Parameter all: how a whole axis is written out; an axis may be long.
    func taken(
        _ parts: [Expression.Subscript], axes: [String], shape: [Int], at place: LanguageError.Place
    ) throws -> [Taken] {
        var result = shape.map { Taken.many(Array(0..<$0)) }
        var (next, named) = (0, false)
        for part in parts {
            var (axis, part) = (next, part)
            if case .named(let name, let inner) = part {
                guard let found = axes.firstIndex(of: name) else {
                    throw LanguageError(
                        "There is no axis \(name): there are \(axes.isEmpty ? "none" : axes.joined(separator: ", ")).",
                        at: place)
                }
                (axis, part, named) = (found, inner, true)
            } else {
                guard !named else { throw LanguageError("Slices without a name go before those with one.", at: place) }
                guard axis < axes.count else {
                    throw LanguageError(
                        "\(parts.count) slices for \(axes.count) axes [\(axes.joined(separator: ", "))].", at: place)
                }
                next += 1
            }
            result[axis] = try taken(part, axis: axes[axis], count: shape[axis], at: place)
        }
        return result
    }

    private func taken(
        _ part: Expression.Subscript, axis: String, count: Int, at place: LanguageError.Place
    ) throws -> Taken {
        switch part {
        case .range(let from, let to):
            func end(_ expression: Expression?, _ otherwise: Int) throws -> Int {
                guard let expression else { return otherwise }
                let index = try wholeNumber(expression)
                return min(max(index < 0 ? index + count : index, 0), count)
            }
            let (first, last) = (try end(from, 0), try end(to, count))
            return .many(first < last ? Array(first..<last) : [])
        case .list(let items):
            return .many(try items.flatMap { try index($0, axis: axis, count: count, at: place).indices })
        case .item(let item): return try index(item, axis: axis, count: count, at: place)
        case .each: throw LanguageError("`*` as a slice stands in the edit of a sweep only.", at: place)
        case .named: throw LanguageError("An axis has one name.", at: place)
        }
    }

    private func index(
        _ expression: Expression, axis: String, count: Int, at slice: LanguageError.Place
    ) throws -> Taken {
        // Numbers do not know where they stand.
        let place = expression.place == LanguageError.Place() ? slice : expression.place
        func checked(_ number: Double) throws -> Int {
            guard number == number.rounded(), abs(number) < 1e15 else {
                throw LanguageError("A whole number is expected as an index, and \(number) was found.", at: place)
            }
            let index = Int(number) < 0 ? Int(number) + count : Int(number)
            guard (0..<count).contains(index) else {
                throw LanguageError(
                    "There is no \(axis) \(Int(number)): they are 0 to \(count - 1), or -1 to -\(count) from the end.",
                    at: place)
            }
            return index
        }
        if case .text(let text, _) = expression {
            guard axis == "vocabulary" else {
                throw LanguageError(
                    "A token's text goes where an axis counts the vocabulary, and this is \(axis).", at: place)
            }
            return .one(try token(text, at: place))
        }
        let datum = try value(expression)
        switch datum.kind {
        case .text:
            guard axis == "vocabulary" else {
                throw LanguageError(
                    "A token's text goes where an axis counts the vocabulary, and this is \(axis).", at: place)
            }
            return .one(try token(datum.text, at: place))
        case .truth where !datum.isScalar:
            guard datum.shape == [count] else {
                throw LanguageError(
                    "Truths along \(axis) are \(count), and \(datum.extent) was found.", at: place)
            }
            return .many(datum.numbers.indices.filter { datum.numbers[$0] != 0 })
        case .token where axis != "vocabulary":
            throw LanguageError("Token ids index the vocabulary, and this axis is \(axis).", at: place)
        case .number, .truth, .token:
            guard datum.shape.count <= 1 else {
                throw LanguageError("An index has one axis at most, and \(datum.extent) was found.", at: place)
            }
            if datum.isScalar { return .one(try checked(datum.numbers[0])) }
            return .many(try datum.numbers.map(checked))
        }
    }

    /// A whole number.
    func wholeNumber(_ expression: Expression) throws -> Int {
        let datum = try value(expression)
        guard let number = datum.number, datum.kind != .text, number == number.rounded(), abs(number) < 1e15 else {
            throw LanguageError("A whole number is expected.", at: expression.place)
        }
        return Int(number)
    }

    /// The token that a text is.
    func token(_ text: String, at place: LanguageError.Place) throws -> Int {
        guard let tokenizer = model.tokenizer else {
            throw LanguageError("\(model.name) has no tokenizer: tokens are named by their ids.", at: place)
        }
        let ids: [Int]
        do { ids = try tokenizer.encode(Array(text.utf8), allowingSpecial: true) } catch {
            throw LanguageError("\"\(visible(text))\" is no token of \(model.name).", at: place)
        }
        guard ids.count == 1 else {
            let pieces = ids.map { "\"\(model.label($0))\" \($0)" }.joined(separator: ", ")
            throw LanguageError(
                "\"\(model.text(ids))\" is \(ids.isEmpty ? "no token" : "\(ids.count) tokens: \(pieces)"), and one is expected.",
                at: place)
        }
        return ids[0]
    }
}

extension Datum {
    /// What some places along each axis are.
    func taking(_ taken: [Taken]) -> Datum {
        var (result, axis) = (self, 0)
        for (place, part) in taken.enumerated() {
            let isWhole = !part.isOne && part.indices.count == shape[place] && part.indices == Array(0..<shape[place])
            if !isWhole { result = result.taking(part.indices, along: axis, isOne: part.isOne) }
            if !part.isOne { axis += 1 }
        }
        return result
    }
}
