import Checkpoints
import GPTEngine

/// What may be changed into what.
extension EditCompiler {
    /// The operations of the same pass that a value reads; none of them may follow from what is changed.
    func reads(_ value: Expression, of reference: Reference, _ target: Expression) throws -> Set<Int> {
        var reads: Set<Int> = []
        let mine: Set<Int>
        switch reference.source {
        case .parameter(let parameter, _, _):
            mine = Set(
                program.nodes.indices.filter {
                    program.nodes[$0].reads.contains { $0.parameter.name == parameter.name }
                })
        case .node(let node), .statistic(_, let node), .result(let node): mine = [node]
        }
        let after = program.downstream(of: mine)
        let own = target.unplaced
        var fault: (any Error)?
        func visit(_ expression: Expression) {
            if expression.unplaced == own { return }
            _ = expression.replacing { part in
                guard case .name(let name, let place) = part, fault == nil, part.unplaced != own else { return part }
                guard !Self.axisNames.contains(name) else { return part }
                do {
                    if ["tokens", "text"].contains(name) { return part }
                    guard !Scope.words.contains(name), !name.hasPrefix("heads.") else {
                        throw LanguageError(
                            "\(name) is no value that comes before what is changed: name one, or keep it first by `set $v = \(name)`.",
                            at: place)
                    }
                    for other in try program.references(name, at: place).all {
                        guard let node = other.node else { continue }
                        let isOwn = mine.contains(node) && reference.node == node
                        guard isOwn || !after[node] else {
                            throw LanguageError(
                                "\(visible(other.name)) follows from \(visible(reference.name)): keep it first, by `set $v = \(visible(other.name))`.",
                                at: place)
                        }
                        if !isOwn { reads.insert(node) }
                    }
                } catch { fault = error }
                return part
            }
        }
        visit(value)
        if let fault { throw fault }
        return reads
    }

    static let axisNames: Set<String> = [
        "position", "head", "query", "key", "channel", "neuron", "vocabulary", "block", "head_channel", "in", "out",
    ]

    /// Works the value out once, to see that it fits.
    func check(
        _ reference: Reference, _ taken: [Taken], _ target: Expression, _ value: Expression,
        _ place: LanguageError.Place
    ) throws {
        if case .parameter = reference.source,
            value.contains({ if case .call("round", _, _, _) = $0 { true } else { false } })
        {
            return
        }
        let kept = taken.indices.filter { !taken[$0].isOne }
        let slice = Datum(
            Array(repeating: 0, count: kept.reduce(1) { $0 * taken[$1].indices.count }),
            axes: kept.map { reference.axes[$0] }, shape: kept.map { taken[$0].indices.count })
        let new: Datum
        switch value {
        case .number(let number): new = Datum(number)
        default: new = try scope.value(value)
        }
        _ = try Arithmetic.numeric(new, place)
        guard Self.spread(new, over: slice) != nil else {
            throw LanguageError(
                "\(new.extent) does not fit \(visible(reference.name)), where \(slice.extent) is changed.", at: place)
        }
    }

    /// Whether a slice takes the same rows however many come after them.
    func isRowWise(_ parts: [Expression.Subscript], _ axes: [String]) -> Bool {
        func isFixed(_ part: Expression.Subscript) -> Bool {
            func isNumber(_ end: Expression?) -> Bool {
                guard let end else { return true }
                if case .number(let number) = end { return number >= 0 }
                return false
            }
            return switch part {
            case .range(let from, let to): isNumber(from) && isNumber(to)
            case .item(let item): isNumber(item)
            case .list(let items): items.allSatisfy(isNumber)
            case .named(_, let part): isFixed(part)
            case .each: false
            }
        }
        return parts.allSatisfy { part in
            // From a place on: the open end covers what comes, which only the whole axis does here.
            if case .range(let from, nil) = part, from != nil { return false }
            return isFixed(part)
        }
    }

    /// Whether a value is worked out row by row.
    func isRowWise(_ value: Expression, _ target: Expression) -> Bool {
        if value.unplaced == target.unplaced { return true }
        return switch value {
        case .number, .truth: true
        case .known(let datum):
            datum.kind != .text && !datum.axes.contains { ["position", "query", "key"].contains($0) }
                && Set(datum.axes).isSubset(of: ["channel", "head", "neuron", "vocabulary"])
        case .prefix("-", let operand, _): isRowWise(operand, target)
        case .infix(let sign, let a, let b, _):
            ["+", "-", "*", "/"].contains(sign) && isRowWise(a, target) && isRowWise(b, target)
        case .call(let name, let arguments, _, _):
            Functions.each[name] != nil && arguments.allSatisfy { isRowWise($0, target) }
        default: false
        }
    }
}
