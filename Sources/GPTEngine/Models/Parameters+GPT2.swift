/// One tensor of weights, by GPT-2's own name.
public struct Parameter: Hashable, Sendable {
    /// What a fresh model is filled with.
    public enum Initialization: Hashable, Sendable {
        /// Normally distributed around 0 with this standard deviation.
        case normal(Float)
        /// All the same.
        case constant(Float)
    }

    /// The name in a checkpoint, without prefix: `h.0.attn.c_attn.weight`.
    public let name: String
    /// Its shape; matrices are [in, out].
    public let shape: [Int]
    /// What a fresh model is filled with.
    public let initialization: Initialization
    /// What it is called in formulas: `W_O`, `γ`.
    public let symbol: String

    /// Whether it is added to what it stands for: the biases of linear maps and the β of LayerNorms.
    public var isBias: Bool { name.hasSuffix(".bias") }
    /// Numbers it holds.
    public var count: Int { shape.reduce(1, *) }
}

/// Every checkpoint name is written here and nowhere else.
///
/// Source of names and shapes: the GPT-2 release as Hugging Face stores it. Source of the initialisation:
/// `GPT2PreTrainedModel` in transformers 5.23: 0.02 everywhere, divided by √(2·blocks) for what writes to the stream.
extension Configuration {
    /// The token table, [V, C].
    public var tokenTable: Parameter { weight("wte", "wte", [vocabularySize, width]) }
    /// The position table, [context, C].
    public var positionTable: Parameter { weight("wpe", "wpe", [contextLength, width]) }
    /// γ and β of the final LayerNorm, [C] each.
    public var finalNorm: (gamma: Parameter, beta: Parameter) { norm("ln_f") }
    /// The unembedding, [V, C]: the token table itself when tied.
    public var unembedding: Parameter {
        tiesEmbeddings ? tokenTable : weight("lm_head", "W_U", [vocabularySize, width])
    }

    /// γ and β of a block's first or second LayerNorm, [C] each.
    public func norm(_ index: Int, block: Int) -> (gamma: Parameter, beta: Parameter) { norm("h.\(block).ln_\(index)") }
    /// Queries, keys and values side by side: [C, 3·C] and [3·C].
    public func attentionIn(block: Int) -> Linear { linear("h.\(block).attn.c_attn", "QKV", width, 3 * width) }
    /// Joined heads back to the stream: [C, C] and [C].
    public func attentionOut(block: Int) -> Linear {
        linear("h.\(block).attn.c_proj", "O", width, width, 0.02 / residualScale)
    }
    /// Stream to neurons: [C, F] and [F].
    public func mlpIn(block: Int) -> Linear { linear("h.\(block).mlp.c_fc", "in", width, mlpWidth) }
    /// Neurons back to the stream: [F, C] and [C].
    public func mlpOut(block: Int) -> Linear {
        linear("h.\(block).mlp.c_proj", "out", mlpWidth, width, 0.02 / residualScale)
    }

    /// A weight matrix [in, out] and its bias [out].
    public struct Linear: Hashable, Sendable {
        /// [in, out].
        public let weight: Parameter
        /// [out].
        public let bias: Parameter
    }

    /// Every parameter, in the order of the forward pass; a tied unembedding is not repeated.
    public var parameters: [Parameter] {
        var all = [tokenTable, positionTable]
        for block in 0..<layerCount {
            let (ln1, ln2) = (norm(1, block: block), norm(2, block: block))
            all += [ln1.gamma, ln1.beta]
            for part in [attentionIn(block: block), attentionOut(block: block)] { all += [part.weight, part.bias] }
            all += [ln2.gamma, ln2.beta]
            for part in [mlpIn(block: block), mlpOut(block: block)] { all += [part.weight, part.bias] }
        }
        all += [finalNorm.gamma, finalNorm.beta]
        return tiesEmbeddings ? all : all + [unembedding]
    }

    /// Trainable numbers in all.
    public var parameterCount: Int { census.reduce(0) { $0 + $1.count } }

    /// The parameters by part.
    public var census: [(part: String, count: Int)] {
        let perBlock = { (parameters: [Parameter]) in parameters.reduce(0) { $0 + $1.count } * layerCount }
        let (ln1, ln2) = (norm(1, block: 0), norm(2, block: 0))
        let attention = [attentionIn(block: 0), attentionOut(block: 0)].flatMap { [$0.weight, $0.bias] }
        let mlp = [mlpIn(block: 0), mlpOut(block: 0)].flatMap { [$0.weight, $0.bias] }
        return [
            ("token table", tokenTable.count), ("position table", positionTable.count),
            ("attention", perBlock(attention)), ("MLP", perBlock(mlp)),
            ("LayerNorm", perBlock([ln1.gamma, ln1.beta, ln2.gamma, ln2.beta]) + 2 * width),
            ("output head", tiesEmbeddings ? 0 : unembedding.count),
        ]
    }

    /// Floating-point operations to add one token to a full context: every matrix once, and attention over the context.
    public var flopsPerToken: Int {
        let matrices = [attentionIn(block: 0), attentionOut(block: 0), mlpIn(block: 0), mlpOut(block: 0)]
        let perBlock = matrices.reduce(0) { $0 + $1.weight.count }
        return 2 * (perBlock * layerCount + vocabularySize * width) + 4 * layerCount * width * contextLength
    }

    /// √(2·blocks): two sub-layers of each block add to the stream.
    private var residualScale: Float { (2 * Float(layerCount)).squareRoot() }

    private func weight(_ name: String, _ symbol: String, _ shape: [Int], _ deviation: Float = 0.02) -> Parameter {
        Parameter(name: name + ".weight", shape: shape, initialization: .normal(deviation), symbol: symbol)
    }

    private func linear(
        _ name: String, _ symbol: String, _ rows: Int, _ columns: Int, _ deviation: Float = 0.02
    ) -> Linear {
        Linear(
            weight: weight(name, "W_" + symbol, [rows, columns], deviation),
            bias: Parameter(
                name: name + ".bias", shape: [columns], initialization: .constant(0), symbol: "b_" + symbol))
    }

    private func norm(_ name: String) -> (gamma: Parameter, beta: Parameter) {
        (
            Parameter(name: name + ".weight", shape: [width], initialization: .constant(1), symbol: "γ"),
            Parameter(name: name + ".bias", shape: [width], initialization: .constant(0), symbol: "β")
        )
    }
}
