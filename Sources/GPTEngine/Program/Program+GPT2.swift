extension Program {
    /// GPT-2's forward pass over `T` tokens, operation by operation: the file to read to know what GPT computes.
    ///
    /// Everything is written down here before anything runs: names, what reads what, and the weights that are read; shapes
    /// and costs follow. Shapes use `T` tokens, `C` width, `H` heads, `D` head width (C = H·D), `F` MLP width, `V`
    /// vocabulary.
    ///
    /// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), as implemented by
    /// `GPT2LMHeadModel` in Hugging Face transformers; names follow TransformerLens.
    public static func gpt2(_ model: Configuration, tokenCount T: Int) -> Program {
        var gpt = Program(configuration: model, tokenCount: T)
        let (C, H) = (model.width, model.headCount)

        // A token becomes a row of a table, its place a row of another; their sum opens the residual stream.  [T, C]
        let embedding = Node.Role(section: .embedding, subLayer: .embedding)
        let tokens = gpt.append(Tokens(), "tokens", embedding)
        let embed = gpt.append(
            Lookup(key: .id), "embed", hook: "hook_embed", embedding.writing, from: [tokens],
            reads: [.rows(T, of: model.tokenTable)])
        let position = gpt.append(
            Lookup(key: .position), "pos_embed", hook: "hook_pos_embed", embedding.writing, from: [tokens],
            reads: [.rows(T, of: model.positionTable)])
        var stream = gpt.append(
            Add(), "resid_pre", hook: "hook_resid_pre", embedding.holding(keep: .blockInput), at: "blocks.0.",
            from: [embed, position])

        for L in 0..<model.layerCount {
            let at = "blocks.\(L)."
            func role(_ subLayer: Node.Role.SubLayer) -> Node.Role { .init(section: .block(L), subLayer: subLayer) }

            // Attention reads a normalised copy of the stream …  [T, C]
            let ln1 = model.norm(1, block: L)
            let x̂ = gpt.append(
                Normalize(epsilon: model.layerNormEpsilon), "ln1.normalized", hook: "ln1.hook_normalized", role(.ln1),
                at: at, from: [stream])
            let x = gpt.append(
                ScaleAndShift(), "ln1.out", hook: "ln1.hook_out", role(.ln1), at: at, from: [x̂],
                reads: [.all(ln1.gamma), .all(ln1.beta)])

            // … and makes a query, a key and a value of it for every head.  [T, H, D]
            let joint = model.attentionIn(block: L)
            let qkv = ["q", "k", "v"].enumerated().map { place, name in
                let columns = place * C..<(place + 1) * C
                return gpt.append(
                    Linear(headCount: H), "attn.\(name)", hook: "attn.hook_\(name)",
                    role(.attention).kept(name == "q" ? .least : .growing), at: at, from: [x],
                    reads: [
                        .columns(columns, of: joint.weight, as: "W_\(name.uppercased())"),
                        .columns(columns, of: joint.bias, as: "b_\(name.uppercased())"),
                    ])
            }
            let (q, k, v) = (qkv[0], qkv[1], qkv[2])

            // Each query meets each key; the future is removed; what is left is shared out;  [H, T, T]
            let divisor = model.scoreDivisor(block: L)
            let scores = gpt.append(
                Scores(divisor: divisor, divisorFormula: model.scoreDivisorFormula(block: L)), "attn.scores",
                role(.attention), at: at, from: [q, k])
            let masked = gpt.append(
                Mask(), "attn.masked_scores", hook: "attn.hook_attn_scores", role(.attention), at: at, from: [scores])
            let pattern = gpt.append(
                Softmax(axis: .key), "attn.pattern", hook: "attn.hook_pattern", role(.attention), at: at,
                from: [masked])
            // values are mixed by it.  [T, H, D]
            let z = gpt.append(
                Mix(), "attn.z", hook: "attn.hook_z", role(.attention).kept(.gathered), at: at, from: [pattern, v])

            // The heads' results, side by side, are projected back and added to the stream.  [T, C]
            let project = model.attentionOut(block: L)
            let attention = gpt.append(
                Linear(), "attn.out", hook: "hook_attn_out", role(.attention).writing, at: at, from: [z],
                reads: [.all(project.weight), .all(project.bias)])
            stream = gpt.append(
                Add(), "resid_mid", hook: "hook_resid_mid", role(.residual).holding(keep: .within), at: at,
                from: [stream, attention])

            // The MLP reads another normalised copy, position by position …  [T, C]
            let ln2 = model.norm(2, block: L)
            let ŷ = gpt.append(
                Normalize(epsilon: model.layerNormEpsilon), "ln2.normalized", hook: "ln2.hook_normalized", role(.ln2),
                at: at, from: [stream])
            let y = gpt.append(
                ScaleAndShift(), "ln2.out", hook: "ln2.hook_out", role(.ln2), at: at, from: [ŷ],
                reads: [.all(ln2.gamma), .all(ln2.beta)])

            // … asks F questions of it, lets answers through or holds them back, and writes what follows.  [T, F], [T, C]
            let (up, down) = (model.mlpIn(block: L), model.mlpOut(block: L))
            let pre = gpt.append(
                Linear(axis: .neuron), "mlp.pre", hook: "mlp.hook_pre", role(.mlp), at: at, from: [y],
                reads: [.all(up.weight), .all(up.bias)])
            let post = gpt.append(
                Activate(activation: model.activation), "mlp.post", hook: "mlp.hook_post", role(.mlp), at: at,
                from: [pre])
            let mlp = gpt.append(
                Linear(), "mlp.out", hook: "hook_mlp_out", role(.mlp).writing, at: at, from: [post],
                reads: [.all(down.weight), .all(down.bias)])
            stream = gpt.append(
                Add(), "resid_post", hook: "hook_resid_post", role(.residual).holding(keep: .blockInput), at: at,
                from: [stream, mlp])
        }

        // The finished stream is normalised once more and compared with every row of the unembedding.  [T, C], [T, V]
        let output = Node.Role(section: .output, subLayer: .output)
        let answer = Node.Role(section: .output, subLayer: .answer)
        let n̂ = gpt.append(
            Normalize(epsilon: model.layerNormEpsilon), "ln_final.normalized", hook: "ln_final.hook_normalized",
            output, from: [stream])
        let n = gpt.append(
            ScaleAndShift(), "ln_final.out", hook: "ln_final.hook_out", output, from: [n̂],
            reads: [.all(model.finalNorm.gamma), .all(model.finalNorm.beta)])
        let logits = gpt.append(
            Unembed(), "logits", answer, from: [n],
            reads: [.all(model.unembedding, counted: !model.tiesEmbeddings, as: "W_U")])

        // Logits become a choice.  [V], [1]
        let filtered = gpt.append(Filter(), "filtered_logits", answer, from: [logits])
        let probabilities = gpt.append(Softmax(axis: .vocabulary), "probabilities", answer, from: [filtered])
        _ = gpt.append(Sample(), "next_token", answer, from: [probabilities])
        return gpt
    }
}

extension Node.Role {
    /// The same, with a result that is added to the stream.
    fileprivate var writing: Self { Self(section: section, subLayer: subLayer, stream: .writes, keep: keep) }

    /// The same, holding the stream.
    fileprivate func holding(keep: Keep) -> Self {
        Self(section: section, subLayer: subLayer, stream: .holds, keep: keep)
    }

    /// The same, kept so long.
    fileprivate func kept(_ keep: Keep) -> Self {
        Self(section: section, subLayer: subLayer, stream: stream, keep: keep)
    }
}

extension Node.Read {
    /// A whole tensor.
    fileprivate static func all(_ parameter: Parameter, counted: Bool = true, as symbol: String? = nil) -> Self {
        Self(
            parameter: parameter, symbol: symbol ?? parameter.symbol, columns: nil,
            counted: counted ? parameter.count : 0, read: parameter.count)
    }

    /// Some columns of a matrix, or some entries of a bias.
    fileprivate static func columns(_ columns: Range<Int>, of parameter: Parameter, as symbol: String) -> Self {
        let count = parameter.shape.dropLast().reduce(1, *) * columns.count
        return Self(parameter: parameter, symbol: symbol, columns: columns, counted: count, read: count)
    }

    /// `count` rows of a table, one a position.
    fileprivate static func rows(_ count: Int, of table: Parameter) -> Self {
        Self(
            parameter: table, symbol: table.symbol, columns: nil, counted: table.count, read: count * table.shape[1])
    }
}
