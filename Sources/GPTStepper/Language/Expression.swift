/// What stands for a value: parsed, and not yet worked out.
///
/// ```swift
/// let rank = try Expression("rank(lens(stream)[-1])[\" Mary\"] < 10")
/// ```
public indirect enum Expression: Hashable, Sendable {
    /// A number.
    case number(Double)
    /// True or false.
    case truth(Bool)
    /// Text in quotes.
    case text(String, LanguageError.Place)
    /// A name of a pass: an address, weights, `it`.
    case name(String, LanguageError.Place)
    /// `$v`, or `$` for the last value printed.
    case variable(String, LanguageError.Place)
    /// A slice.
    case slice(Expression, [Subscript], LanguageError.Place)
    /// A function of others, those with a name apart.
    case call(String, [Expression], [String: Expression], LanguageError.Place)
    /// A mean over inputs.
    case over(Inputs, Expression, LanguageError.Place)
    /// What has been worked out already.
    case known(Datum)
    /// `-x`, `not x`.
    case prefix(String, Expression, LanguageError.Place)
    /// Two with a sign between them.
    case infix(String, Expression, Expression, LanguageError.Place)

    /// What is taken along one axis.
    public indirect enum Subscript: Hashable, Sendable {
        /// One place, or the places that a list or truths say.
        case item(Expression)
        /// From one place up to another, which is left out.
        case range(Expression?, Expression?)
        /// Several places.
        case list([Expression])
        /// One after another, in a sweep.
        case each
        /// Along an axis by its name.
        case named(String, Subscript)
    }

    /// Texts that a pass is run over, each by itself.
    public enum Inputs: Hashable, Sendable {
        /// All there are, where they can be listed.
        case all
        /// So many random ones.
        case random(Int, seed: Int)
        /// Texts.
        case texts([String])
        /// The lines of a file.
        case file(String)
    }

    /// Where it stands.
    var place: LanguageError.Place {
        switch self {
        case .number, .truth, .known: LanguageError.Place()
        case .text(_, let place), .name(_, let place), .variable(_, let place), .slice(_, _, let place),
            .call(_, _, _, let place), .over(_, _, let place), .prefix(_, _, let place), .infix(_, _, _, let place):
            place
        }
    }

    /// The same with each of its parts replaced, from the inside out.
    func replacing(_ change: (Expression) throws -> Expression) rethrows -> Expression {
        try change(try withParts { try $0.replacing(change) })
    }

    /// The same with what a function knows replaced, from the outside in: what was replaced is not looked into.
    func substituting(_ known: (Expression) -> Expression?) -> Expression {
        known(self) ?? withParts { $0.substituting(known) }
    }

    /// The same with its parts made others.
    private func withParts(_ change: (Expression) throws -> Expression) rethrows -> Expression {
        // Parts are made before what holds them: a fault on the way leaves nothing half made.
        func inside(_ part: Subscript) throws -> Subscript {
            switch part {
            case .item(let item):
                let new = try change(item)
                return .item(new)
            case .range(let from, let to):
                let (first, last) = (try from.map(change), try to.map(change))
                return .range(first, last)
            case .list(let items):
                let new = try items.map(change)
                return .list(new)
            case .named(let axis, let part):
                let new = try inside(part)
                return .named(axis, new)
            case .each: return .each
            }
        }
        switch self {
        case .number, .truth, .text, .name, .variable, .known: return self
        case .slice(let base, let parts, let place):
            let (base, parts) = (try change(base), try parts.map(inside))
            return .slice(base, parts, place)
        case .call(let name, let arguments, let options, let place):
            let (arguments, options) = (try arguments.map(change), try options.mapValues(change))
            return .call(name, arguments, options, place)
        case .over(let inputs, let body, let place):
            let body = try change(body)
            return .over(inputs, body, place)
        case .prefix(let sign, let operand, let place):
            let operand = try change(operand)
            return .prefix(sign, operand, place)
        case .infix(let sign, let a, let b, let place):
            let (a, b) = (try change(a), try change(b))
            return .infix(sign, a, b, place)
        }
    }

    /// The same with a target, and its name elsewhere, made concrete.
    func substituting(_ target: Expression, named name: String, by mine: Expression, _ concrete: Expression)
        -> Expression
    {
        let unplaced = target.unplaced
        return substituting { part in
            if part.unplaced == unplaced { return mine }
            if case .name(name, _) = part { return concrete }
            return nil
        }
    }

    /// Whether it or a part of it is such.
    func contains(_ test: (Expression) -> Bool) -> Bool {
        var found = false
        _ = replacing { part in
            found = found || test(part)
            return part
        }
        return found
    }

    /// Whether it is a value by a word of its own, as `loss` or `heads.entropy`.
    public var isWord: Bool {
        guard case .name(let name, _) = self else { return false }
        return Scope.words.contains(name) || name.hasPrefix("heads.")
    }

    /// Whether it speaks of the operation at the cursor.
    var speaksOfCursor: Bool { contains { part in if case .name("it", _) = part { true } else { false } } }

    /// The same wherever it was written.
    var unplaced: Expression {
        let place = LanguageError.Place()
        return replacing { part in
            switch part {
            case .number, .truth, .known: part
            case .text(let text, _): .text(text, place)
            case .name(let name, _): .name(name, place)
            case .variable(let name, _): .variable(name, place)
            case .slice(let base, let parts, _): .slice(base, parts, place)
            case .call(let name, let arguments, let options, _): .call(name, arguments, options, place)
            case .over(let inputs, let body, _): .over(inputs, body, place)
            case .prefix(let sign, let operand, _): .prefix(sign, operand, place)
            case .infix(let sign, let a, let b, _): .infix(sign, a, b, place)
            }
        }
    }
}
