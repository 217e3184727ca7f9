import Checkpoints
import GPTEngine

extension Scope {
    /// Works out a function of others, sliced.
    func call(
        _ name: String, _ arguments: [Expression], _ options: [String: Expression], _ parts: [Expression.Subscript],
        _ place: LanguageError.Place
    ) throws -> Datum {
        guard let expected = Functions.all[name] else {
            let near = nearest(to: name, among: Array(Functions.all.keys) + ["over"])
            throw LanguageError(
                "There is no function \"\(visible(name))\"."
                    + (near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"), at: place)
        }
        guard expected.contains(arguments.count) else {
            throw LanguageError(
                "\(name) takes \(expected.upperBound == 1 ? "one value" : "\(expected.upperBound) values at most"), and \(arguments.count) were given.",
                at: place)
        }
        let takesAxis = Functions.reductions[name] != nil || Functions.along.contains(name)
        if let option = options.keys.first(where: { $0 != "over" || !takesAxis }) {
            throw LanguageError("\(name) has no option \(visible(option)).", at: place)
        }
        switch name {
        case "other":
            let second = with(try other())
            do { return try second.value(arguments[0]) } catch let error as LanguageError {
                throw LanguageError("In the second run: \(error.message)", at: error.place, kind: error.kind)
            }
        case "unedited": return try with(try unedited()).value(arguments[0])
        case "trace":
            guard case .text(let path, _) = arguments[0] else {
                throw LanguageError("A trace file is expected.", at: place)
            }
            return try with(RunView(model, try recorded(path, place))).value(arguments[1])
        case "load":
            guard case .text(let path, _) = arguments[0], case .text(let name, _) = arguments[1] else {
                throw LanguageError("load() takes a file and a name, both in quotes.", at: place)
            }
            return try .read(name, from: path, at: place)
        case "lens": return try lens(arguments[0], parts, place)
        case "attribution": return try attribution(arguments[0], place).datum
        case "round":
            guard case .text(let type, _) = arguments[1] else { throw LanguageError("A type is expected.", at: place) }
            return Functions.rounded(try Arithmetic.numeric(try value(arguments[0]), place), to: type)
        default: break
        }
        let datum = try Arithmetic.numeric(try value(arguments[0]), arguments[0].place)
        if let each = Functions.each[name] { return datum.map(.number, each) }
        switch name {
        case "isnan": return datum.map(.truth) { $0.isNaN ? 1 : 0 }
        case "T":
            guard datum.shape.count == 2 else {
                throw LanguageError("T() takes a matrix, and \(datum.extent) was found.", at: place)
            }
            let (m, n) = (datum.shape[0], datum.shape[1])
            let places = (0..<n).flatMap { column in (0..<m).map { $0 * n + column } }
            return Datum(
                places.map { datum.numbers[$0] }, axes: datum.axes.reversed(), shape: [n, m], kind: datum.kind,
                removed: datum.removed.map { all in places.map { all[$0] } }, places: datum.places.reversed())
        case "diag":
            guard datum.shape.count >= 2 else {
                throw LanguageError("diag() takes a matrix, and \(datum.extent) was found.", at: place)
            }
            return Functions.diagonal(datum, arguments.count > 1 ? try wholeNumber(arguments[1]) : 0)
        default: break
        }
        if let reduction = Functions.reductions[name] {
            let kind: Datum.Kind = name == "any" || name == "all" ? .truth : .number
            guard let option = options["over"] else { return Datum(reduction(datum.present), kind: kind) }
            let axis = try axis(option, of: datum)
            let rows = datum.rows(along: axis)
            return datum.dropping(
                axis,
                rows.starts.map { start in
                    reduction(
                        (0..<rows.count).map { start + $0 * rows.stride }.filter { !(datum.removed?[$0] ?? false) }
                            .map { datum.numbers[$0] })
                }, kind: kind)
        }
        guard !datum.isScalar else {
            throw LanguageError("\(name) takes values with axes, and one number was found.", at: place)
        }
        return Functions.apply(
            name, to: datum, axis: try options["over"].map { try axis($0, of: datum) } ?? datum.shape.count - 1)
    }

    /// An axis by its name or number.
    private func axis(_ expression: Expression, of datum: Datum) throws -> Int {
        if case .name(let name, let place) = expression {
            // Positions that look are positions too.
            let found =
                datum.axes.firstIndex(of: name) ?? (name == "position" ? datum.axes.firstIndex(of: "query") : nil)
            guard let found else {
                throw LanguageError("There is no axis \(visible(name)) in \(datum.extent).", at: place)
            }
            return found
        }
        let number = try wholeNumber(expression)
        let axis = number < 0 ? number + datum.axes.count : number
        guard datum.axes.indices.contains(axis) else {
            throw LanguageError("There is no axis \(number) in \(datum.extent).", at: expression.place)
        }
        return axis
    }

    // MARK: The lens

    /// What a place of the stream says of each token, or what a write adds to that.
    ///
    /// Source: nostalgebraist, "interpreting GPT: the logit lens" (2020); of writes, Elhage et al., "A Mathematical
    /// Framework for Transformer Circuits" (2021).
    private func lens(_ expression: Expression, _ parts: [Expression.Subscript], _ place: LanguageError.Place) throws
        -> Datum
    {
        if case .name(let name, let at) = expression, !["it", "stream"].contains(name) {
            let references = try program.references(name, at: at)
            return try datum(references, parts, name, at) { reference, parts in
                try lens(of: reference, parts, at)
            }
        }
        if case .name(let name, let at) = expression {
            let node = name == "it" ? cursor : program.streams.last { $0 <= cursor }
            guard let node else { throw Absent(message: "The stream has not begun.", place: at) }
            return try lens(of: program.reference(node: node), parts, at)
        }
        // Any stream that was worked out.
        let stream = try Arithmetic.numeric(try value(expression), place)
        let (C, V) = (program.configuration.width, program.configuration.vocabularySize)
        guard stream.shape.last == C else {
            throw LanguageError(
                "lens() takes a stream, whose last axis has \(C) channels, and \(stream.extent) was found.", at: place)
        }
        let outer = Array(stream.shape.dropLast())
        let taken = try taken(parts, axes: stream.axes.dropLast() + ["vocabulary"], shape: outer + [V], at: place)
        let kept = Datum(
            stream.numbers, axes: stream.axes, shape: stream.shape, places: stream.places
        ).taking(taken.dropLast() + [.many(Array(0..<C))])
        let ids = taken[taken.count - 1].indices
        let (gamma, beta) = (try gamma(place), try weight(program.configuration.finalNorm.beta, place).values)
        let table = try weight(program.configuration.unembedding, place)
        let epsilon = Double(program.configuration.layerNormEpsilon)
        let rows = ids.map { table.row($0) }
        let numbers = stride(from: 0, to: kept.numbers.count, by: C).flatMap { start -> [Double] in
            let x = kept.numbers[start..<start + C]
            let mean = x.reduce(0, +) / Double(C)
            let scale = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(C) + epsilon).squareRoot()
            let y = zip(x, zip(gamma, beta)).map { ($0 - mean) / scale * Double($1.0) + Double($1.1) }
            return rows.map { row in zip(y, row).reduce(0) { $0 + $1.0 * Double($1.1) } }
        }
        let isOne = taken[taken.count - 1].isOne
        return Datum(
            numbers, axes: kept.axes.dropLast() + (isOne ? [] : ["vocabulary"]),
            shape: kept.shape.dropLast() + (isOne ? [] : [ids.count]),
            places: kept.places.dropLast() + (isOne ? [] : [ids.count == V ? nil : ids]))
    }

    private func gamma(_ place: LanguageError.Place) throws -> [Float] {
        try weight(program.configuration.finalNorm.gamma, place).values
    }

    private func lens(of reference: Reference, _ parts: [Expression.Subscript], _ place: LanguageError.Place) throws
        -> Datum
    {
        let V = program.configuration.vocabularySize
        guard let index = reference.node, reference.axes.first == "position" || reference.axes.isEmpty else {
            throw LanguageError(
                "lens() takes a stream or what is written to it, and \(visible(reference.name)) is neither.", at: place)
        }
        let node = program.nodes[index]
        if case .node = reference.source, node.role.stream == .holds {
            let taken = try taken(parts, axes: ["position", "vocabulary"], shape: [node.shape[0], V], at: place)
            if let limit, index > limit { throw Absent(message: "\(node.address) lies ahead.", place: place) }
            let rows = try taken[0].indices.map { position in
                while values.work(toward: [.lens(stream: index, position: position)]) {}
                do {
                    return gather(
                        try values.lens(after: index, at: position), 0, [1], axes: ["vocabulary"], [taken[1]], of: [V])
                } catch {
                    throw LanguageError("The lens after \(node.address) is \(error).", at: place, kind: .unavailable)
                }
            }
            guard !rows.isEmpty else { throw LanguageError("No position is chosen.", at: place) }
            return taken[0].isOne ? rows[0] : .stack(rows, axis: "position", places: taken[0].indices)
        }
        return try directEffect(of: reference, index, parts, place)
    }

    /// What parts of a write add to logits at the final LayerNorm's own σ.
    private func directEffect(
        of reference: Reference, _ index: Int, _ parts: [Expression.Subscript], _ place: LanguageError.Place
    ) throws -> Datum {
        let (node, c) = (program.nodes[index], program.configuration)
        // What is read of it: a part's numbers, and the rows of the matrix that they go through to the stream.
        var (source, matrix, part): (Reference, Parameter?, String?) = (reference, nil, nil)
        if case .result = reference.source {
            source = program.reference(node: node.inputs[0])
            (matrix, part) = (node.reads[0].parameter, "head")
        } else if node.name == "attn.z", let block = node.block {
            (matrix, part) = (c.attentionOut(block: block).weight, "head")
        } else if node.name == "mlp.post", let block = node.block {
            (matrix, part) = (c.mlpOut(block: block).weight, "neuron")
        } else if node.role.stream != .writes {
            throw LanguageError(
                "lens() takes a stream or what is written to it, and \(visible(reference.name)) is neither.", at: place)
        }
        let (T, V, D) = (node.shape[0], c.vocabularySize, c.headWidth)
        let count = part == "head" ? c.headCount : part == "neuron" ? c.mlpWidth : 0
        var (axes, shape) = (["position"] + (part.map { [$0] } ?? []), [T] + (part == nil ? [] : [count]))
        if reference.head != nil { (axes, shape) = (["position"], [T]) }
        var taken = try taken(parts, axes: axes + ["vocabulary"], shape: shape + [V], at: place)
        if let head = reference.head { taken.insert(.one(head), at: 1) }
        let (positions, ids) = (taken[0].indices, taken[taken.count - 1].indices)
        let chosen = part == nil ? [] : taken[1].indices
        guard positions.count * max(1, chosen.count) * ids.count <= 1 << 26 else {
            throw LanguageError("These are too many numbers: slice the lens, as lens(…)[-1, :, \" Mary\"].", at: place)
        }
        let last = program.logitsIndex - 2
        let scales =
            try whole(last, place).shape.isEmpty
            ? []
            : positions.map { position -> Double in
                guard let kept = try values.peek(last, rows: position..<position + 1).outcome.statistics[.scale] else {
                    return .nan
                }
                let first = try values.peek(last, rows: position..<position + 1).positions.lowerBound
                return Double(kept[flat: position - first])
            }
        let (gamma, table) = (try gamma(place), try weight(c.unembedding, place))
        var rows = [Double](repeating: 0, count: positions.count * max(1, chosen.count) * ids.count)
        let written = try numbers(
            source,
            part == "head"
                ? [.many(positions), .many(chosen), .many(Array(0..<D))]
                : part == "neuron"
                    ? [.many(positions), .many(chosen)] : [.many(positions), .many(Array(0..<c.width))],
            place)
        let weights = try matrix.map { try weight($0, place) }
        for (column, id) in ids.enumerated() {
            let product = zip(gamma, table.row(id)).map { Double($0) * Double($1) }
            let mean = product.reduce(0, +) / Double(c.width)
            let direction = product.map { $0 - mean }
            func along(_ row: Int) -> Double {
                weights?.withValues { values in
                    (0..<c.width).reduce(0) { $0 + Double(values[row * c.width + $1]) * direction[$1] }
                } ?? 0
            }
            let steps: [[Double]] =
                part == "head"
                ? chosen.map { head in (0..<D).map { along(head * D + $0) } }
                : part == "neuron" ? chosen.map { [along($0)] } : [direction]
            let width = steps.first?.count ?? 0
            for place in positions.indices {
                for (choice, step) in steps.enumerated() {
                    let start = (place * steps.count + choice) * width
                    let sum = (0..<width).reduce(0.0) { $0 + written.numbers[start + $1] * step[$1] }
                    rows[(place * steps.count + choice) * ids.count + column] = sum / scales[place]
                }
            }
        }
        let all = Datum(
            rows, axes: ["position"] + (part.map { [$0] } ?? []) + ["vocabulary"],
            shape: [positions.count] + (part == nil ? [] : [chosen.count]) + [ids.count],
            places: [positions] + (part == nil ? [] : [chosen]) + [ids.count == V ? nil : ids])
        return all.taking(
            zip(taken, all.shape).map { $0.isOne ? .one(0) : .many(Array(0..<$1)) })
    }

    // MARK: Attribution

    /// What every part of the model wrote toward logits that are added or subtracted.
    struct Shares {
        /// Part, block, head, share.
        var rows: [(part: String, block: Int?, head: Int?, value: Double)] = []

        var datum: Datum {
            var datum = Datum(rows.map(\.value), axes: ["part"], shape: [rows.count])
            datum.labels = rows.map { row in row.head.map { "\(row.part) H\($0)" } ?? row.part }
            return datum
        }
    }

    func attribution(_ expression: Expression, _ place: LanguageError.Place) throws -> Shares {
        if case .call(let name, let arguments, _, _) = expression, name == "unedited" || name == "other",
            arguments.count == 1
        {
            return try with(name == "other" ? try other() : try unedited()).attribution(arguments[0], place)
        }
        var whole = 0.0
        let logits = try linear(expression, 1)
        guard let position = logits.first?.position, logits.allSatisfy({ $0.position == position }) else {
            throw LanguageError("attribution() takes logits at one position.", at: place)
        }
        var shares = Shares()
        for (part, logit) in logits.enumerated() {
            let attribution: Attribution
            do throws(Absence) {
                while values.work(toward: Attribution.wanted(nil, at: position, values)) {}
                var result = try Attribution(of: logit.token, at: position, values)
                repeat {
                    while values.work(toward: Attribution.wanted(result, at: position, values)) {}
                } while try result.extend(values)
                attribution = result
            } catch {
                throw LanguageError("What was written toward a logit is \(error).", at: place, kind: .unavailable)
            }
            let rows = attribution.parts.flatMap { part -> [(part: String, block: Int?, head: Int?, value: Double)] in
                let block = part.node.flatMap { program.nodes[$0].block }
                guard !part.heads.isEmpty else { return [(part.address, block, nil, part.value)] }
                return part.heads.enumerated().map { (part.address, block, $0, $1) }
                    + [("blocks.\(block ?? 0).attn.b_O", block, nil, part.bias)]
            }
            if part == 0 { shares.rows = rows.map { ($0.part, $0.block, $0.head, 0) } }
            for (place, row) in rows.enumerated() { shares.rows[place].value += logit.factor * row.value }
            whole += logit.factor * Double(attribution.logit)
        }
        // What an edit put there is nobody's share.
        let rest = whole - shares.rows.reduce(0) { $0 + $1.value }
        if abs(rest) > 1e-4 * max(1, shares.rows.reduce(0) { $0 + abs($1.value) }) || rest.isNaN {
            shares.rows.append(("edits", nil, nil, rest))
        }
        return shares
    }

    /// A sum of logits with factors.
    private func linear(_ expression: Expression, _ factor: Double) throws -> [(
        factor: Double, position: Int, token: Int
    )] {
        let place = expression.place
        let refusal = LanguageError(
            "attribution() takes logits that are added or subtracted, as logits[-1, \" Mary\"] - logits[-1, \" John\"].",
            at: place)
        switch expression {
        case .prefix("-", let operand, _): return try linear(operand, -factor)
        case .infix("+", let a, let b, _): return try linear(a, factor) + linear(b, factor)
        case .infix("-", let a, let b, _): return try linear(a, factor) + linear(b, -factor)
        case .infix("*", let a, let b, _):
            if case .number(let number) = a { return try linear(b, factor * number) }
            if case .number(let number) = b { return try linear(a, factor * number) }
            throw refusal
        case .variable(let name, _):
            guard names.kept[name] == nil else { throw refusal }
            guard let definition = names.defined[name] else {
                _ = try value(expression)
                throw refusal
            }
            return try linear(definition, factor)
        case .slice(.name("logits", _), let parts, _):
            let node = program.nodes[program.logitsIndex]
            let taken = try taken(parts, axes: node.axes.map(\.rawValue), shape: node.shape, at: place)
            guard case .one(let position) = taken[0], case .one(let token) = taken[1] else { throw refusal }
            return [(factor, position, token)]
        default: throw refusal
        }
    }
}
