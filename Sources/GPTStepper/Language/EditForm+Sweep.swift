import Checkpoints
import Foundation
import GPTEngine

/// One way to fill an edit's `*`.
struct SweepCase {
    /// Along each axis of the answer where it is.
    let index: [Int]
    let form: EditForm
    /// The target as it is filled in.
    let label: String
}

extension EditForm {
    /// The target as an expression; of a token edit its position.
    var written: Expression {
        switch target {
        case .value(let target): target
        case .token(let position): position ?? .number(0)
        }
    }

    /// All ways to fill `*`, with the axes of the answer.
    func filled(_ scope: Scope) throws -> (axes: [String], shape: [Int], cases: [SweepCase]) {
        switch target {
        case .token(let position): return try filledTokens(position, scope)
        case .value(let target): return try filledTarget(target, scope)
        }
    }

    private func filledTokens(_ position: Expression?, _ scope: Scope) throws -> (
        axes: [String], shape: [Int], cases: [SweepCase]
    ) {
        let (T, V) = (scope.values.tokens.count, scope.program.configuration.vocabularySize)
        let positions = position == nil ? Array(0..<T) : [0]
        let tokens = value == nil ? Array(0..<V) : [0]
        guard positions.count * tokens.count <= 1 << 22 else {
            throw LanguageError(
                "These are \(positions.count * tokens.count) runs: name a token or a position.",
                at: LanguageError.Place())
        }
        var cases: [SweepCase] = []
        for place in positions {
            for token in tokens {
                let at = position ?? .number(Double(place))
                let new = value ?? .number(Double(token))
                let name = value == nil ? scope.model.label(token) : nil
                let label = "token \(at.written)" + " = " + (name.map { "\"\($0)\"" } ?? new.written)
                cases.append(
                    SweepCase(
                        index: (position == nil ? [place] : []) + (value == nil ? [token] : []),
                        form: EditForm(target: .token(at), value: new, readers: [], text: label), label: label))
            }
        }
        return (
            (position == nil ? ["position"] : []) + (value == nil ? ["vocabulary"] : []),
            (position == nil ? [T] : []) + (value == nil ? [V] : []), cases
        )
    }

    private func filledTarget(_ target: Expression, _ scope: Scope) throws -> (
        axes: [String], shape: [Int], cases: [SweepCase]
    ) {
        let (name, parts, place): (String, [Expression.Subscript], LanguageError.Place)
        switch target {
        case .name(let found, let at): (name, parts, place) = (found, [], at)
        case .slice(.name(let found, let at), let slices, _): (name, parts, place) = (found, slices, at)
        default: throw LanguageError("A name with a slice is expected as what is swept over.", at: target.place)
        }
        // Names: `*` for blocks and heads, one at a time.
        var names: [(index: [Int], name: String)] = [([], name)]
        var (axes, shape) = ([String](), [Int]())
        let c = scope.program.configuration
        for (axis, count) in [("block", c.layerCount), ("head", c.headCount)] {
            guard let pattern = Self.star(axis, in: name) else { continue }
            axes.append(axis)
            shape.append(count)
            names = names.flatMap { one in
                (0..<count).map { number in
                    (
                        one.index + [number],
                        one.name.replacingFirst(pattern, by: String(pattern.dropLast()) + "\(number)")
                    )
                }
            }
        }
        // Slices: `*` along axes of what the name speaks of.
        let reference = try scope.program.references(names[0].name, at: place).all[0]
        var (own, extents) = (reference.axes, reference.shape)
        if let axis = reference.headAxis {
            own.remove(at: axis)
            extents.remove(at: axis)
        }
        var fills: [(index: [Int], parts: [Expression.Subscript])] = [([], [])]
        // In a name that is still a pattern, blocks and heads come first.
        let front = try scope.program.references(names[0].name, at: place)
        let ahead = (front.hasBlocks ? ["block"] : []) + (front.hasHeads ? ["head"] : [])
        (own, extents) = (ahead + own, ahead.map { $0 == "block" ? c.layerCount : c.headCount } + extents)
        for (place, part) in parts.enumerated() {
            var (axis, isEach) = (place, part == .each)
            var wrap: (Expression.Subscript) -> Expression.Subscript = { $0 }
            if case .named(let name, let inner) = part, inner == .each, let found = own.firstIndex(of: name) {
                (axis, isEach, wrap) = (found, true, { .named(name, $0) })
            }
            guard isEach else {
                fills = fills.map { ($0.index, $0.parts + [part]) }
                continue
            }
            guard axis < own.count else {
                throw LanguageError(
                    "\(parts.count) slices for \(own.count) axes [\(own.joined(separator: ", "))].", at: target.place)
            }
            axes.append(own[axis])
            shape.append(extents[axis])
            guard fills.count * extents[axis] * names.count <= 1 << 22 else {
                throw LanguageError("These are more than 4 million runs.", at: target.place)
            }
            fills = fills.flatMap { one in
                (0..<extents[axis]).map { (one.index + [$0], one.parts + [wrap(.item(.number(Double($0))))]) }
            }
        }
        guard !axes.isEmpty else {
            throw LanguageError("An edit with `*` in it is expected: each way to fill it is a run.", at: target.place)
        }
        let cases = names.flatMap { named in
            fills.map { fill -> SweepCase in
                let base = Expression.name(named.name, place)
                let mine = fill.parts.isEmpty ? base : .slice(base, fill.parts, place)
                let new = value?.substituting(target, named: name, by: mine, base)
                return SweepCase(
                    index: named.index + fill.index,
                    form: EditForm(target: .value(mine), value: new, readers: readers, text: text), label: mine.written)
            }
        }
        return (axes, shape, cases)
    }

    /// The part of a name that is `*` for a block or a head.
    private static func star(_ axis: String, in name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if axis == "block" {
            if parts[0].hasPrefix("L*") { return "L*" }
            return parts[0] == "blocks" && parts.count > 1 && parts[1] == "*" ? "blocks.*" : nil
        }
        if parts[0].hasPrefix("L"), parts[0].hasSuffix("H*") { return "H*" }
        return parts.dropFirst().contains("H*") ? "H*" : nil
    }
}

extension String {
    fileprivate func replacingFirst(_ part: String, by other: String) -> String {
        guard let range = range(of: part) else { return self }
        return replacingCharacters(in: range, with: other)
    }
}
