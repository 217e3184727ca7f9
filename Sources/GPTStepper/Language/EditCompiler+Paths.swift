import Checkpoints
import GPTEngine

/// Changes of a write to the stream that only some readers see.
extension EditCompiler {
    /// A change of a write to the stream that only some readers see.
    func via(
        _ reference: Reference, _ taken: [Taken], _ target: Expression, _ value: Expression, _ readers: [Expression],
        _ reads: Set<Int>
    ) throws -> CompiledEdits {
        guard let node = reference.node else {
            throw LanguageError("`via` goes with a write to the stream, as a head or L1.mlp.", at: target.place)
        }
        let of = program.nodes[node]
        // Which matrix its numbers go through to the stream.
        var (matrix, writer): (Parameter?, Int) = (nil, node)
        if case .result = reference.source {
            writer = node
        } else if of.name == "attn.z" || of.name == "mlp.post", let block = of.block,
            let out = program.index(of.name == "attn.z" ? "attn.out" : "mlp.out", block: block)
        {
            (matrix, writer) = (program.nodes[out].reads[0].parameter, out)
        } else if case .node = reference.source, of.role.stream == .writes {
        } else {
            throw LanguageError(
                "\(visible(reference.name)) is not written to the stream: `via` goes with heads, attn.out, mlp.out and embeddings.",
                at: target.place)
        }
        let isResult = if case .result = reference.source { true } else { false }
        let (weights, C) = (matrix, program.configuration.width)
        let change: (any Values) -> Tensor? = { [scope] run in
            if isResult {
                return Self.added(scope, run, reference, taken, target, value).map {
                    Tensor([run.tokens.count, C], $0)
                }
            }
            let inside = scope.with(RunView(scope.model, run))
            while run.work(toward: [.value(node)]) {}
            guard let current = try? run.peek(node) else { return nil }
            let strides = current.shape.indices.map { current.shape[($0 + 1)...].reduce(1, *) }
            let slice = inside.gather(current, 0, strides, axes: reference.axes, taken, of: reference.shape)
            guard let new = try? inside.value(value) else { return nil }
            let changed = Self.written(current, 0, strides, taken.map(\.indices), new, like: slice)
            let T = run.tokens.count
            let difference = zip(changed.values, current.values).map { Double($0 - $1) }
            guard let weights else { return Tensor([T, C], difference.map(Float.init)) }
            guard let matrix = try? inside.weight(weights, target.place) else { return nil }
            let product = matrixProduct(
                difference, matrix.values.map(Double.init), rows: T, inner: difference.count / T, columns: C)
            return Tensor([T, C], product.map(Float.init))
        }
        var result = CompiledEdits(reads: reads.union([node]))
        for reader in readers {
            for (node, head) in try readerNodes(reader) {
                guard node > writer else {
                    throw NoReader(
                        error: LanguageError(
                            "\(visible(program.nodes[node].address)) does not read what \(visible(reference.name)) writes: it comes before.",
                            at: reader.place))
                }
                result.paths.append((node, head, change))
                if let source = scope.values.stream(readBy: node) { result.reads.insert(source) }
            }
        }
        return result
    }

    /// The operations, and heads, that a reader's name means.
    func readerNodes(_ reader: Expression) throws -> [(Int, Int?)] {
        guard case .name(let name, let place) = reader else {
            throw LanguageError("A reader is a name: L2.H1.q, L2.H1.k, L2.H1.v, L2.mlp or logits.", at: reader.place)
        }
        if name == "logits" { return [(program.logitsIndex - 2, nil)] }
        let refusal = LanguageError(
            "\(visible(name)) does not read the stream: readers are L2.H1.q, .k and .v, L2.attn, L2.mlp and logits.",
            at: place)
        return try program.references(name, at: place).all.flatMap { reference -> [(Int, Int?)] in
            guard case .node(let index) = reference.source, let block = reference.block else { throw refusal }
            let node = program.nodes[index]
            switch node.name {
            case "attn.q", "attn.k", "attn.v", "mlp.pre": return [(index, reference.head)]
            case "attn.z", "attn.out":
                return ["attn.q", "attn.k", "attn.v"].compactMap { program.index($0, block: block) }.map {
                    ($0, reference.head)
                }
            case "mlp.out": return program.index("mlp.pre", block: block).map { [($0, nil)] } ?? []
            default: throw refusal
            }
        }
    }
}
