import Checkpoints
import Foundation
import GPTEngine

/// A run that expressions speak of.
struct RunView {
    let model: Model
    let values: any Values
    /// The run in which what the model says is held against what is right, with the positions that count.
    let graded: () throws -> Graded

    struct Graded {
        let values: any Values
        let positions: [Int]
        /// What should follow each; fewer where nothing does.
        let right: [Int]
    }

    /// A run whose text itself says what is right.
    init(_ model: Model, _ values: any Values, graded: (() throws -> Graded)? = nil) {
        (self.model, self.values) = (model, values)
        self.graded =
            graded ?? {
                let tokens = values.tokens
                return Graded(values: values, positions: Array(tokens.indices), right: Array(tokens.dropFirst()))
            }
    }
}

/// Names that were given to values.
struct Names: Hashable, Sendable {
    /// `set $v`.
    var kept: [String: Datum] = [:]
    /// `let $m`.
    var defined: [String: Expression] = [:]
    /// What was printed last.
    var last: Datum?
}

/// Where expressions are worked out: a run, the runs beside it, a cursor and names.
struct Scope {
    /// The run.
    var run: RunView
    /// The same without any edit, and the second run.
    let unedited: () throws -> RunView
    let other: () throws -> RunView
    /// A mean over inputs.
    let over: (Expression.Inputs, Expression, Scope, LanguageError.Place) throws -> Datum
    /// A recorded pass.
    let recorded: (String, LanguageError.Place) throws -> any Values
    var names: Names
    /// The operation at the cursor.
    var cursor: Int
    /// The operation after which nothing is computed; nil for none.
    var limit: Int?
    var sampling: Sampling
    /// The value that is being changed.
    var own: Own?
    /// How deep named expressions go.
    private var depth = 0

    /// A value that is being changed, as far as it is.
    struct Own {
        let node: Int
        let isStatistic: Bool
        /// The weights, where it is of these and no operation's.
        var parameter: String?
        let current: Tensor
        let positions: Range<Int>
        /// How its slice is written, and what that is.
        let target: Expression
        let slice: Datum?
    }

    init(
        run: RunView, unedited: @escaping () throws -> RunView, other: @escaping () throws -> RunView,
        over: @escaping (Expression.Inputs, Expression, Scope, LanguageError.Place) throws -> Datum,
        recorded: @escaping (String, LanguageError.Place) throws -> any Values, names: Names, cursor: Int,
        sampling: Sampling
    ) {
        (self.run, self.unedited, self.other, self.over, self.recorded) = (run, unedited, other, over, recorded)
        (self.names, self.cursor, self.sampling) = (names, cursor, sampling)
    }

    var model: Model { run.model }
    var values: any Values { run.values }
    var program: Program { run.values.program }

    /// The words that are values by themselves.
    static let words = [
        "it", "stream", "tokens", "text", "answer", "losses", "loss", "right", "accuracy", "weights",
    ]

    /// The same in another run.
    func with(_ run: RunView) -> Scope {
        var scope = self
        (scope.run, scope.own) = (run, nil)
        scope.cursor = min(cursor, run.values.program.nodes.count - 1)
        return scope
    }

    // MARK: Values

    /// Works an expression out.
    ///
    /// - Throws: ``LanguageError``, or ``Absent`` for what lies ahead of the cursor.
    func value(_ expression: Expression) throws -> Datum {
        if let own, let slice = own.slice, expression == own.target { return slice }
        switch expression {
        case .number(let number): return Datum(number)
        case .truth(let truth): return Datum(truth ? 1 : 0, kind: .truth)
        case .text(let text, _): return Datum(text: text)
        case .known(let datum): return datum
        case .variable(let name, let place): return try variable(name, place)
        case .name(let name, let place): return try named(name, [], place)
        case .slice(let base, let parts, let place): return try sliced(base, parts, place)
        case .call(let name, let arguments, let options, let place):
            return try call(name, arguments, options, [], place)
        case .over(let inputs, let body, let place): return try over(inputs, body, self, place)
        case .prefix(let sign, let operand, let place):
            let datum = try value(operand)
            return sign == "-"
                ? try Arithmetic.numeric(datum, place).map { -$0 }
                : try Arithmetic.truths(datum, place).map(.truth) { 1 - $0 }
        case .infix(let sign, let a, let b, let place): return try infix(sign, a, b, place)
        }
    }

    /// Whether a condition is so; a tensor is none.
    func truth(_ expression: Expression) throws -> Bool {
        let datum = try value(expression)
        guard datum.isScalar, datum.kind == .truth || datum.kind == .number else {
            throw LanguageError(
                "One truth is expected, and \(datum.kind == .text ? "a text" : datum.kind == .token ? "a token" : datum.extent) was found: any() or all() make one of many.",
                at: expression.place)
        }
        return datum.numbers[0] != 0 && !datum.numbers[0].isNaN
    }

    private func variable(_ name: String, _ place: LanguageError.Place) throws -> Datum {
        if name.isEmpty {
            guard let last = names.last else { throw LanguageError("Nothing was printed yet.", at: place) }
            return last
        }
        if let kept = names.kept[name] { return kept }
        return try deeper(place).value(try definition(name, place))
    }

    private func definition(_ name: String, _ place: LanguageError.Place) throws -> Expression {
        guard let expression = names.defined[name] else {
            let near = nearest(to: name, among: Array(names.kept.keys) + Array(names.defined.keys)).map { "$\($0)" }
            throw LanguageError(
                "There is no $\(visible(name))."
                    + (near.isEmpty
                        ? " `set $\(visible(name)) = …` keeps a value."
                        : " Did you mean \(near.joined(separator: " or "))?"),
                at: place)
        }
        return expression
    }

    private func deeper(_ place: LanguageError.Place) throws -> Scope {
        var scope = self
        scope.depth += 1
        guard scope.depth < 50 else { throw LanguageError("This name is worked out from itself.", at: place) }
        return scope
    }

    private func infix(_ sign: String, _ a: Expression, _ b: Expression, _ place: LanguageError.Place) throws -> Datum {
        if sign == "and" || sign == "or" {
            let left = try Arithmetic.truths(try value(a), a.place)
            // What decides by itself leaves the rest alone.
            if left.isScalar, (left.numbers[0] != 0) == (sign == "or") { return left }
            let right = try Arithmetic.truths(try value(b), b.place)
            return try Arithmetic.combine(left, right, .truth, place) { sign == "or" ? max($0, $1) : min($0, $1) }
        }
        return try Arithmetic.infix(sign, try value(a), try value(b), self, place)
    }

    private func sliced(_ base: Expression, _ parts: [Expression.Subscript], _ place: LanguageError.Place) throws
        -> Datum
    {
        switch base {
        case .name(let name, let at): return try named(name, parts, at)
        case .call(let name, let arguments, let options, let at) where name == "lens":
            return try call(name, arguments, options, parts, at)
        case .call(let name, let arguments, _, let at)
        where ["other", "unedited"].contains(name) && arguments.count == 1:
            // A slice counts in the run that it is of.
            return try call(name, [.slice(arguments[0], parts, place)], [:], [], at)
        case .variable(let name, let at) where names.kept[name] == nil && !name.isEmpty:
            return try deeper(at).value(.slice(try definition(name, at), parts, place))
        default:
            let datum = try value(base)
            guard datum.kind != .text else { throw LanguageError("A text has no slices.", at: place) }
            return datum.taking(try taken(parts, axes: datum.axes, shape: datum.shape, at: place))
        }
    }

    /// The value of a name, sliced.
    private func named(_ name: String, _ parts: [Expression.Subscript], _ place: LanguageError.Place) throws -> Datum {
        if let datum = try word(name, parts, place) {
            return parts.isEmpty
                ? datum : datum.taking(try taken(parts, axes: datum.axes, shape: datum.shape, at: place))
        }
        return try datum(try program.references(name, at: place), parts, name, place) { reference, parts in
            try self.datum(reference, parts, place)
        }
    }

    /// What some references give, stacked where patterns named several.
    func datum(
        _ references: References, _ parts: [Expression.Subscript], _ name: String, _ place: LanguageError.Place,
        _ each: (Reference, [Expression.Subscript]) throws -> Datum
    ) throws -> Datum {
        let all = references.all
        guard references.hasBlocks || references.hasHeads || all.count > 1 else { return try each(all[0], parts) }
        let blocks = unique(all.compactMap(\.block)), heads = unique(all.compactMap(\.head))
        let isGrid = all.count == blocks.count * max(1, heads.count)
        guard isGrid, all.allSatisfy({ $0.axes == all[0].axes && $0.shape == all[0].shape }) else {
            throw LanguageError(
                "\(visible(name)) is \(all.count) values of different kinds: as one value it can only be found, exported, edited or stopped at.",
                at: place)
        }
        // The axes of patterns come first.
        var front: [(axis: String, count: Int)] = []
        if references.hasBlocks { front.append(("block", blocks.count)) }
        if references.hasHeads { front.append(("head", heads.count)) }
        var rest = parts
        var chosen: [Taken] = front.map { .many(Array(0..<$0.count)) }
        // Truths over blocks and heads choose among both.
        if front.count == 2, case .item(let item) = parts.first, case let datum = try? value(item), let datum,
            datum.kind == .truth, datum.shape == front.map(\.count)
        {
            rest.removeFirst()
            let places = datum.numbers.indices.filter { datum.numbers[$0] != 0 }
            guard !places.isEmpty else { throw LanguageError("No head is chosen by these truths.", at: place) }
            return .stack(try places.map { try each(all[$0], rest) }, axis: "head", places: places)
        }
        for axis in front.indices {
            let named = rest.firstIndex { if case .named(front[axis].axis, _) = $0 { true } else { false } }
            if let named {
                chosen[axis] = try taken(
                    [rest.remove(at: named)], axes: [front[axis].axis], shape: [front[axis].count], at: place)[0]
            } else if let first = rest.first {
                if case .named = first { continue }
                chosen[axis] = try taken(
                    [rest.removeFirst()], axes: [front[axis].axis], shape: [front[axis].count], at: place)[0]
            }
        }
        let values = [references.hasBlocks ? blocks : [], references.hasHeads ? heads : []].filter { !$0.isEmpty }
        func build(_ axis: Int, _ index: Int) throws -> Datum {
            guard axis < front.count else { return try each(all[index], rest) }
            let step = front[(axis + 1)...].reduce(1) { $0 * $1.count }
            let inner = try chosen[axis].indices.map { try build(axis + 1, index + $0 * step) }
            if chosen[axis].isOne { return inner[0] }
            guard !inner.isEmpty else { throw LanguageError("Nothing is chosen along \(front[axis].axis).", at: place) }
            return .stack(inner, axis: front[axis].axis, places: chosen[axis].indices.map { values[axis][$0] })
        }
        return try build(0, 0)
    }

    private func unique(_ numbers: [Int]) -> [Int] {
        var seen: Set<Int> = []
        return numbers.filter { seen.insert($0).inserted }
    }

    // MARK: Words

    private func word(_ name: String, _ parts: [Expression.Subscript], _ place: LanguageError.Place) throws -> Datum? {
        switch name {
        case "it": return try datum(program.reference(node: cursor), [], place)
        case "stream": return try datum(program.reference(node: try stream(place)), [], place)
        case "tokens": return tokens(values.tokens)
        case "text": return Datum(text: model.text(values.tokens))
        case "answer":
            let graded = try run.graded()
            let ids = try graded.positions.map { position -> Double in
                // Among what is no number nothing is likeliest.
                let logits = try logits(graded.values, position, place)
                return logits.values.contains(where: \.isNaN) ? .nan : Double(logits.largestIndex)
            }
            return Datum(ids, axes: ["position"], shape: [ids.count], kind: .token, places: [graded.positions])
        case "losses", "loss":
            let graded = try run.graded()
            let losses = try zip(graded.positions, graded.right).map { position, right in
                Self.loss(try logits(graded.values, position, place), right)
            }
            return try ofPositions(losses, graded, isMean: name == "loss", .number, place)
        case "right", "accuracy":
            let graded = try run.graded()
            let right = try zip(graded.positions, graded.right).map { position, right in
                let logits = try logits(graded.values, position, place)
                return logits.largestIndex == right && !logits.values.contains(where: \.isNaN) ? 1.0 : 0
            }
            return try ofPositions(right, graded, isMean: name == "accuracy", .truth, place)
        case "weights":
            throw LanguageError(
                "weights are tensors of many shapes: as one they can be edited, or compared by `diff weights`.",
                at: place)
        default: break
        }
        guard name.hasPrefix("heads.") else { return nil }
        guard let score = HeadScore(rawValue: String(name.dropFirst(6))) else {
            throw LanguageError(
                "A score of heads is \(HeadScore.allCases.map(\.rawValue).joined(separator: ", ")).", at: place)
        }
        return try heads(score, place)
    }

    private func ofPositions(
        _ numbers: [Double], _ graded: RunView.Graded, isMean: Bool, _ kind: Datum.Kind, _ place: LanguageError.Place
    ) throws -> Datum {
        guard isMean else {
            return Datum(
                numbers, axes: ["position"], shape: [numbers.count], kind: kind,
                places: [Array(graded.positions.prefix(numbers.count))])
        }
        guard !numbers.isEmpty else {
            throw LanguageError("A single token has nothing after it that could be right.", at: place)
        }
        return Datum(numbers.reduce(0, +) / Double(numbers.count))
    }

    func tokens(_ ids: [Int]) -> Datum {
        Datum(ids.map(Double.init), axes: ["position"], shape: [ids.count], kind: .token)
    }

    /// What a token cost in nats.
    static func loss(_ logits: Tensor, _ token: Int) -> Double {
        logits.withValues { values in
            let most = values.reduce(-Float.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
            let sum = values.reduce(0.0) { $0 + exp(Double($1) - Double(most)) }
            return log(sum) + Double(most) - Double(values[token])
        }
    }

    /// The operation that holds the stream as it was last written.
    private func stream(_ place: LanguageError.Place) throws -> Int {
        guard let last = program.streams.last(where: { $0 <= cursor }) else {
            throw Absent(message: "The stream has not begun.", place: place)
        }
        return last
    }

    private func heads(_ score: HeadScore, _ place: LanguageError.Place) throws -> Datum {
        let (L, H) = (program.configuration.layerCount, program.configuration.headCount)
        let earlier = EarlierPlaces(values.tokens)
        var numbers: [Double] = []
        for block in 0..<L {
            guard let node = HeadAtlas.pattern(of: block, in: program) else { continue }
            let pattern = try whole(node, place)
            numbers += (0..<H).map { HeadStatistics(pattern, head: $0, earlier: earlier)[score] }
        }
        return Datum(numbers, axes: ["block", "head"], shape: [L, H])
    }
}
