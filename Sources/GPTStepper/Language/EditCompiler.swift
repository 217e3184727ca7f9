import Checkpoints
import GPTEngine

/// What edits are for one pass: numbers of operations and weights that change, and tokens in the place of others.
struct CompiledEdits {
    var edits: [Edit] = []
    /// Of changes to the stream that only some read: who reads, and what is added for them.
    var paths: [(reader: Int, head: Int?, change: (any Values) -> Tensor?)] = []
    /// Tokens by position.
    var tokens: [Int: Int] = [:]
    /// Operations of the same pass that are read.
    var reads: Set<Int> = []

    static func + (a: CompiledEdits, b: CompiledEdits) -> CompiledEdits {
        CompiledEdits(
            edits: a.edits + b.edits, paths: a.paths + b.paths, tokens: a.tokens.merging(b.tokens) { $1 },
            reads: a.reads.union(b.reads))
    }

    /// All of them as changes of operations; what several add for one reader is added up.
    func all(_ program: Program) -> [Edit] {
        var groups: [(reader: Int, head: Int?, changes: [(any Values) -> Tensor?])] = []
        for path in paths {
            if let place = groups.firstIndex(where: { $0.reader == path.reader && $0.head == path.head }) {
                groups[place].changes.append(path.change)
            } else {
                groups.append((path.reader, path.head, [path.change]))
            }
        }
        return edits + groups.map { group in Self.edit(group.reader, group.head, group.changes) }
    }

    static func edit(_ reader: Int, _ head: Int?, _ changes: [(any Values) -> Tensor?]) -> Edit {
        Edit(.value(reader), isRowWise: false) { current, positions, run in
            guard let run, let source = run.stream(readBy: reader) else { return current }
            while run.work(toward: [.value(source)]) {}
            guard let stream = try? run.peek(source, rows: 0..<run.tokens.count).outcome.value else {
                return .nan(current.shape)
            }
            var sum = stream.values
            for change in changes {
                guard let added = change(run) else { return .nan(current.shape) }
                added.withValues { for place in $0.indices { sum[place] += $0[place] } }
            }
            guard let all = run.value(of: reader, readingStream: Tensor(stream.shape, sum)) else {
                return .nan(current.shape)
            }
            let new = positions.count == run.tokens.count ? all : all.rows(positions)
            guard let head else { return new }
            let (H, D) = (current.shape[1], current.shape[2])
            return Tensor(current.shape) { out in
                current.withValues { _ = out.update(fromContentsOf: $0) }
                new.withValues { values in
                    for row in 0..<current.shape[0] {
                        for channel in 0..<D {
                            let place = (row * H + head) * D + channel
                            out[place] = values[place]
                        }
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// What stands where a number could not be worked out.
    static func nan(_ shape: [Int]) -> Tensor { Tensor(shape) { $0.update(repeating: .nan) } }
}

/// A reader that comes before what it would read.
struct NoReader: Error {
    let error: LanguageError
}

/// Makes of what was written what a pass does.
struct EditCompiler {
    /// The pass without edits.
    let scope: Scope
    /// Whether a reader may come before what it would read: in a sweep that is a run without a change.
    var allowsNoReader = false

    var program: Program { scope.program }

    func compile(_ form: EditForm) throws -> CompiledEdits {
        switch form.target {
        case .token(let position): return try token(position, form)
        case .value(let target): return try value(target, form)
        }
    }

    func token(_ position: Expression?, _ form: EditForm) throws -> CompiledEdits {
        guard let position, let value = form.value else {
            throw LanguageError("`*` in an edit stands in a sweep only.", at: LanguageError.Place())
        }
        let count = scope.values.tokens.count
        let index = try scope.wholeNumber(position)
        let place = index < 0 ? index + count : index
        guard (0..<count).contains(place) else {
            throw LanguageError("There is no position \(index): they are 0 to \(count - 1).", at: position.place)
        }
        let datum = try scope.value(value)
        let id: Int
        if datum.kind == .text {
            id = try scope.token(datum.text, at: value.place)
        } else {
            guard let number = datum.number, number == number.rounded(), abs(number) < 1e15 else {
                throw LanguageError("A token's text or id is expected.", at: value.place)
            }
            id = Int(number)
        }
        do { _ = try scope.model.check([id]) } catch { throw LanguageError(error.description, at: value.place) }
        return CompiledEdits(tokens: [place: id])
    }

    func value(_ written: Expression, _ form: EditForm) throws -> CompiledEdits {
        let (target, value) = try expanded(written, form)
        let (name, parts): (String, [Expression.Subscript])
        switch target {
        case .name(let found, _): (name, parts) = (found, [])
        case .slice(.name(let found, _), let slices, _): (name, parts) = (found, slices)
        default:
            throw LanguageError("A name with a slice is expected as what is changed.", at: target.place)
        }
        guard !["it", "stream", "answer", "losses", "loss", "right", "accuracy", "text", "tokens"].contains(name),
            !name.hasPrefix("heads.")
        else {
            throw LanguageError(
                "\(name) cannot be changed: name a value of the pass, as L1.resid_mid.", at: target.place)
        }
        // Each reference with what is taken of it.
        var found: [(Reference, [Expression.Subscript])] = []
        if name == "weights" {
            guard parts.isEmpty else { throw LanguageError("weights as a whole have no slices.", at: target.place) }
            found = program.configuration.parameters.map { (program.reference($0), []) }
        } else {
            let references = try program.references(name, at: target.place)
            if let chosen = try chosen(among: references, by: parts.first) {
                found = chosen.map { ($0, Array(parts.dropFirst())) }
            } else {
                found = references.all.map { ($0, parts) }
            }
        }
        var result = CompiledEdits()
        var fault: (any Error)?
        for (reference, parts) in found {
            let concrete = Expression.name(reference.name, target.place)
            let mine = parts.isEmpty ? concrete : .slice(concrete, parts, target.place)
            let new = value.substituting(target, named: name, by: mine, concrete)
            do {
                result = result + (try compile(reference, parts, mine, try folded(new, of: reference), form))
            } catch let error as NoReader {
                fault = error.error
            }
        }
        // Of several that are written those count that are read.
        if let fault, result.paths.isEmpty, !allowsNoReader { throw fault }
        return result
    }

    /// Of what a pattern names those that truths over its blocks and heads choose; nil where a slice is no such truths.
    func chosen(among references: References, by part: Expression.Subscript?) throws -> [Reference]? {
        guard references.hasBlocks || references.hasHeads, case .item(let item)? = part else { return nil }
        let datum = try scope.value(item)
        guard datum.kind == .truth, !datum.axes.isEmpty, datum.axes.allSatisfy(["block", "head"].contains),
            datum.numbers.count == references.all.count
        else { return nil }
        return zip(references.all, datum.numbers).filter { $1 != 0 }.map(\.0)
    }

    /// Target and value with named expressions written out.
    func expanded(_ target: Expression, _ form: EditForm) throws -> (Expression, Expression) {
        guard let value = form.value else {
            throw LanguageError("`*` in an edit stands in a sweep only.", at: target.place)
        }
        var depth = 0
        func expand(_ expression: Expression) throws -> Expression {
            try expression.replacing { part in
                guard case .variable(let name, let place) = part else { return part }
                if let kept = scope.names.kept[name] { return .known(kept) }
                guard let definition = scope.names.defined[name] else { return .known(try scope.value(part)) }
                depth += 1
                guard depth < 200 else { throw LanguageError("This name is worked out from itself.", at: place) }
                return try expand(definition)
            }
        }
        return (try expand(target), try expand(value))
    }

    /// What other runs give is worked out once.
    func folded(_ expression: Expression, of reference: Reference) throws -> Expression {
        switch expression {
        case .call("other", _, _, _), .call("unedited", _, _, _), .call("trace", _, _, _), .over:
            return .known(try scope.value(expression))
        case .slice(let base, _, _):
            if case .call(let name, _, _, _) = base, ["other", "unedited", "trace"].contains(name) {
                return .known(try scope.value(expression))
            }
            return expression
        case .call(let name, let arguments, let options, let place):
            let arguments = try arguments.map { try folded($0, of: reference) }
            return .call(name, arguments, options, place)
        case .prefix(let sign, let operand, let place):
            let operand = try folded(operand, of: reference)
            return .prefix(sign, operand, place)
        case .infix(let sign, let a, let b, let place):
            let (a, b) = (try folded(a, of: reference), try folded(b, of: reference))
            return .infix(sign, a, b, place)
        case .number, .truth, .text, .name, .variable, .known: return expression
        }
    }

    // MARK: One reference

    func compile(
        _ reference: Reference, _ parts: [Expression.Subscript], _ target: Expression, _ value: Expression,
        _ form: EditForm
    ) throws -> CompiledEdits {
        let place = target.place
        var (axes, shape) = (reference.axes, reference.shape)
        if let axis = reference.headAxis {
            axes.remove(at: axis)
            shape.remove(at: axis)
        }
        var taken = try scope.taken(parts, axes: axes, shape: shape, at: place)
        if let axis = reference.headAxis, let head = reference.head { taken.insert(.one(head), at: axis) }
        let reads = try self.reads(value, of: reference, target)
        try check(reference, taken, target, value, place)
        guard form.readers.isEmpty else {
            return try via(reference, taken, target, value, form.readers, reads)
        }
        let isLocal = reads.isEmpty && isRowWise(parts, axes) && isRowWise(value, target)
        var result = CompiledEdits(reads: reads)
        switch reference.source {
        case .parameter(let parameter, let offset, let strides):
            result.edits = [
                Edit(.weight(parameter.name), isRowWise: true) { [scope] current, _, _ in
                    var scope = scope
                    let slice = scope.gather(
                        current, offset, strides, axes: reference.axes, taken, of: reference.shape)
                    scope.own = Scope.Own(
                        node: -1, isStatistic: false, parameter: parameter.name, current: current, positions: 0..<0,
                        target: target, slice: slice)
                    return Self.written(
                        current, offset, strides, taken.map(\.indices), try? scope.value(value), like: slice)
                }
            ]
        case .statistic(.scale, let node):
            result.edits = [change(.scale(node), reference, taken, target, value, isLocal: isLocal, rowAxis: 0, node)]
        case .node(let node) where node > 0 && node <= program.logitsIndex:
            result.edits = [
                change(
                    .value(node), reference, taken, target, value, isLocal: isLocal,
                    rowAxis: program.nodes[node].isAttention ? 1 : 0, node)
            ]
        case .result(let node):
            result.edits = [
                Edit(.value(node), isRowWise: false) { [scope] current, positions, run in
                    guard let run, let added = Self.added(scope, run, reference, taken, target, value) else {
                        return .nan(current.shape)
                    }
                    let C = current.shape[1]
                    return Tensor(current.shape) { out in
                        current.withValues { values in
                            for place in values.indices {
                                out[place] = values[place] + added[positions.lowerBound * C + place]
                            }
                        }
                    }
                }
            ]
        case .statistic, .node:
            throw LanguageError(
                "\(visible(reference.name)) cannot be changed: \(reference.node == 0 ? "tokens are, by `token P = …`" : "it follows from other values, which can be").",
                at: place)
        }
        return result
    }

    /// A change of rows of an operation.
    func change(
        _ editTarget: Edit.Target, _ reference: Reference, _ taken: [Taken], _ target: Expression, _ value: Expression,
        isLocal: Bool, rowAxis: Int, _ node: Int
    ) -> Edit {
        let isStatistic = if case .scale = editTarget { true } else { false }
        let constant: Datum? =
            switch value {
            case .number(let number): Datum(number)
            case .known(let datum): datum
            default: nil
            }
        let first = taken[rowAxis].indices.min() ?? 0
        return Edit(editTarget, isRowWise: isLocal, firstPosition: first) { [scope] current, positions, run in
            guard let run else { return current }
            var lists = taken
            let rows = taken[rowAxis].indices.filter(positions.contains)
            lists[rowAxis] = taken[rowAxis].isOne ? (rows.isEmpty ? .many([]) : .one(rows[0])) : .many(rows)
            guard !rows.isEmpty else { return current }
            if isLocal, case .many(let all) = taken[rowAxis], all.count == reference.shape[rowAxis] {
                // An open slice covers positions still to come.
                lists[rowAxis] = .many(Array(positions))
            }
            let shape = current.shape
            let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
            let offset = -positions.lowerBound * strides[rowAxis]
            // Of a piece's keys there are those up to its last query.
            if rowAxis == 1 {
                let keys = lists[2].indices.filter { $0 < shape[2] }
                if keys.count < lists[2].indices.count { lists[2] = .many(keys) }
            }
            var slice: Datum?
            let new: Datum?
            if let constant {
                new = constant
            } else {
                let mine = scope.gather(current, offset, strides, axes: reference.axes, lists, of: reference.shape)
                slice = mine
                var inside = scope.with(RunView(scope.model, run))
                inside.own = Scope.Own(
                    node: node, isStatistic: isStatistic, current: current, positions: positions, target: target,
                    slice: mine)
                new = try? inside.value(value)
            }
            let like =
                slice
                ?? Datum(
                    Array(repeating: 0, count: lists.filter { !$0.isOne }.reduce(1) { $0 * $1.indices.count }),
                    axes: lists.indices.filter { !lists[$0].isOne }.map { reference.axes[$0] },
                    shape: lists.filter { !$0.isOne }.map(\.indices.count))
            return Self.written(current, offset, strides, lists.map(\.indices), new, like: like)
        }
    }

    /// Numbers with others in their place; what could not be worked out becomes NaN.
    static func written(
        _ current: Tensor, _ offset: Int, _ strides: [Int], _ lists: [[Int]], _ new: Datum?, like slice: Datum
    ) -> Tensor {
        let places = new.flatMap { spread($0, over: slice) }
        return Tensor(current.shape) { out in
            current.withValues { _ = out.update(fromContentsOf: $0) }
            var next = 0
            func visit(_ axis: Int, _ start: Int) {
                guard axis < lists.count else {
                    if let new, let places {
                        out[start] = Float(new.numbers[places.isEmpty ? 0 : places[next]])
                    } else {
                        out[start] = .nan
                    }
                    next += 1
                    return
                }
                for index in lists[axis] { visit(axis + 1, start + index * strides[axis]) }
            }
            visit(0, offset)
        }
    }

    /// Where each number of a slice comes from; empty for one number that goes everywhere, nil where it does not fit.
    static func spread(_ new: Datum, over slice: Datum) -> [Int]? {
        if new.isScalar { return [] }
        if new.shape == slice.shape { return Array(new.numbers.indices) }
        return Arithmetic.repeated(new, along: slice)
    }

    /// What heads' shares of attention's write change in it, [T, C]; nil where that cannot be worked out.
    static func added(
        _ scope: Scope, _ run: any Values, _ reference: Reference, _ taken: [Taken], _ target: Expression,
        _ value: Expression
    ) -> [Float]? {
        let inside = scope.with(RunView(scope.model, run))
        guard let old = try? inside.numbers(reference, taken, target.place), let new = try? inside.value(value),
            let places = spread(new, over: old)
        else { return nil }
        let C = scope.program.configuration.width
        var added = [Float](repeating: 0, count: run.tokens.count * C)
        var next = 0
        for position in taken[0].indices {
            for _ in taken[1].indices {
                for channel in taken[2].indices {
                    added[position * C + channel] += Float(
                        new.numbers[places.isEmpty ? 0 : places[next]] - old.numbers[next])
                    next += 1
                }
            }
        }
        return added
    }
}
