extension Program {
    /// GPT-2's forward pass over `T` tokens, operation by operation: the file to read to know what GPT computes.
    ///
    /// Everything is written down here before anything runs: names, shapes, the weights that are read and what it
    /// costs. Shapes use `T` tokens, `C` width, `H` heads, `D` head width (C = H·D), `F` MLP width, `V` vocabulary.
    ///
    /// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), as implemented by
    /// `GPT2LMHeadModel` in Hugging Face transformers; names follow TransformerLens.
    public static func gpt2(_ model: Configuration, tokenCount T: Int) -> Program {
        let (C, H, D) = (model.width, model.headCount, model.headWidth)
        let (F, V) = (model.mlpWidth, model.vocabularySize)
        var gpt = Program(configuration: model, tokenCount: T)

        // A token becomes a row of a table, its place a row of another; their sum opens the residual stream.
        let tokens = gpt.append(.tokens, "tokens", [.position], [T])
        let embed = gpt.append(
            .embed, "embed", hook: "hook_embed", [.position, .channel], [T, C], from: [tokens],
            reads: [.rows(T, of: model.tokenTable)])
        let position = gpt.append(
            .posEmbed, "pos_embed", hook: "hook_pos_embed", [.position, .channel], [T, C], from: [tokens],
            reads: [.rows(T, of: model.positionTable)])
        var stream = gpt.append(
            .residual(.pre), "blocks.0.resid_pre", hook: "blocks.0.hook_resid_pre", [.position, .channel], [T, C],
            from: [embed, position])

        for L in 0..<model.layerCount {
            let at = "blocks.\(L)"

            // Attention reads a normalised copy of the stream …
            let ln1 = model.norm(1, block: L)
            let x̂ = gpt.append(
                .normalized(.ln1), "\(at).ln1.normalized", hook: "\(at).ln1.hook_normalized", block: L,
                [.position, .channel], [T, C], from: [stream])
            let x = gpt.append(
                .normOut(.ln1), "\(at).ln1.out", hook: "\(at).ln1.hook_out", block: L,
                [.position, .channel], [T, C], from: [x̂], reads: [.all(ln1.gamma), .all(ln1.beta)])

            // … and makes a query, a key and a value of it for every head.
            let qkv = Operation.Projection.allCases.map { projection in
                let columns = projection.rawValue * C..<(projection.rawValue + 1) * C
                let linear = model.attentionIn(block: L)
                return gpt.append(
                    .projection(projection), "\(at).attn.\(projection)", hook: "\(at).attn.hook_\(projection)",
                    block: L,
                    [.position, .head, .channel], [T, H, D], from: [x],
                    reads: [.columns(columns, of: linear.weight), .columns(columns, of: linear.bias)],
                    flops: 2 * T * C * C)
            }
            let (q, k, v) = (qkv[0], qkv[1], qkv[2])

            // Each query meets each key; the future is removed; what is left is shared out; values are mixed by it.
            let scores = gpt.append(
                .scores, "\(at).attn.scores", block: L,
                [.head, .query, .key], [H, T, T], from: [q, k], flops: 2 * H * T * T * D)
            let masked = gpt.append(
                .maskedScores, "\(at).attn.masked_scores", hook: "\(at).attn.hook_attn_scores", block: L,
                [.head, .query, .key], [H, T, T], from: [scores])
            let pattern = gpt.append(
                .pattern, "\(at).attn.pattern", hook: "\(at).attn.hook_pattern", block: L,
                [.head, .query, .key], [H, T, T], from: [masked])
            let z = gpt.append(
                .z, "\(at).attn.z", hook: "\(at).attn.hook_z", block: L,
                [.position, .head, .channel], [T, H, D], from: [pattern, v], flops: 2 * H * T * T * D)

            // The heads' results, side by side, are projected back and added to the stream.
            let project = model.attentionOut(block: L)
            let attention = gpt.append(
                .attnOut, "\(at).attn.out", hook: "\(at).hook_attn_out", block: L,
                [.position, .channel], [T, C], from: [z],
                reads: [.all(project.weight), .all(project.bias)], flops: 2 * T * C * C)
            stream = gpt.append(
                .residual(.mid), "\(at).resid_mid", hook: "\(at).hook_resid_mid", block: L,
                [.position, .channel], [T, C], from: [stream, attention])

            // The MLP reads another normalised copy, position by position …
            let ln2 = model.norm(2, block: L)
            let ŷ = gpt.append(
                .normalized(.ln2), "\(at).ln2.normalized", hook: "\(at).ln2.hook_normalized", block: L,
                [.position, .channel], [T, C], from: [stream])
            let y = gpt.append(
                .normOut(.ln2), "\(at).ln2.out", hook: "\(at).ln2.hook_out", block: L,
                [.position, .channel], [T, C], from: [ŷ], reads: [.all(ln2.gamma), .all(ln2.beta)])

            // … asks F questions of it, bends the answers, and writes what follows from them.
            let (up, down) = (model.mlpIn(block: L), model.mlpOut(block: L))
            let pre = gpt.append(
                .mlpPre, "\(at).mlp.pre", hook: "\(at).mlp.hook_pre", block: L,
                [.position, .neuron], [T, F], from: [y], reads: [.all(up.weight), .all(up.bias)], flops: 2 * T * C * F)
            let post = gpt.append(
                .mlpPost, "\(at).mlp.post", hook: "\(at).mlp.hook_post", block: L,
                [.position, .neuron], [T, F], from: [pre])
            let mlp = gpt.append(
                .mlpOut, "\(at).mlp.out", hook: "\(at).hook_mlp_out", block: L,
                [.position, .channel], [T, C], from: [post], reads: [.all(down.weight), .all(down.bias)],
                flops: 2 * T * F * C)
            stream = gpt.append(
                .residual(.post), "\(at).resid_post", hook: "\(at).hook_resid_post", block: L,
                [.position, .channel], [T, C], from: [stream, mlp])
        }

        // The finished stream is normalised once more and compared with every row of the unembedding.
        let n̂ = gpt.append(
            .normalized(.final), "ln_final.normalized", hook: "ln_final.hook_normalized",
            [.position, .channel], [T, C], from: [stream])
        let n = gpt.append(
            .normOut(.final), "ln_final.out", hook: "ln_final.hook_out",
            [.position, .channel], [T, C], from: [n̂], reads: [.all(model.finalNorm.gamma), .all(model.finalNorm.beta)])
        let logits = gpt.append(
            .logits, "logits", [.position, .vocabulary], [T, V], from: [n],
            reads: [.all(model.unembedding, counted: !model.tiesEmbeddings)], flops: 2 * T * C * V)

        // Logits become a choice.
        let filtered = gpt.append(.filteredLogits, "filtered_logits", [.vocabulary], [V], from: [logits])
        let probabilities = gpt.append(.probabilities, "probabilities", [.vocabulary], [V], from: [filtered])
        _ = gpt.append(.nextToken, "next_token", [.position], [1], from: [probabilities])
        return gpt
    }
}

extension Node.Read {
    /// A whole tensor.
    fileprivate static func all(_ parameter: Parameter, counted: Bool = true) -> Self {
        Self(parameter: parameter, columns: nil, counted: counted ? parameter.count : 0, read: parameter.count)
    }

    /// Some columns of a matrix, or some entries of a bias.
    fileprivate static func columns(_ columns: Range<Int>, of parameter: Parameter) -> Self {
        let count = parameter.shape.dropLast().reduce(1, *) * columns.count
        return Self(parameter: parameter, columns: columns, counted: count, read: count)
    }

    /// `count` rows of a table, one a position.
    fileprivate static func rows(_ count: Int, of table: Parameter) -> Self {
        Self(parameter: table, columns: nil, counted: table.count, read: count * table.shape[1])
    }
}
