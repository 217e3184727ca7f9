/// The numbers that fix the shape of a GPT-2: everything else follows from them.
///
/// Legend used in shape comments throughout: `T` tokens, `C` width, `H` heads, `D` head width, `F` MLP width,
/// `V` vocabulary, `L` a block.
public struct Configuration: Hashable, Sendable {
    /// Transformer blocks (`n_layer`).
    public let layerCount: Int
    /// Attention heads in each block, `H` (`n_head`).
    public let headCount: Int
    /// Channels of the residual stream, `C` (`n_embd`).
    public let width: Int
    /// The most tokens a pass can hold (`n_positions`).
    public let contextLength: Int
    /// Entries of the token table, `V` (`vocab_size`).
    public let vocabularySize: Int
    /// Neurons of each MLP, `F` (`n_inner`, 4·C unless said).
    public let mlpWidth: Int
    /// The MLP's non-linearity (`activation_function`).
    public let activation: Activation
    /// Added to the variance under the root (`layer_norm_epsilon`).
    public let layerNormEpsilon: Float
    /// Whether the unembedding is the token table itself (`tie_word_embeddings`).
    public internal(set) var tiesEmbeddings: Bool
    /// Whether scores are divided by √D (`scale_attn_weights`).
    public let scalesScores: Bool
    /// Whether scores are also divided by the block's number, from 1 (`scale_attn_by_inverse_layer_idx`).
    public let scalesScoresByBlock: Bool

    /// Creates a configuration.
    ///
    /// - Throws: ``ConfigurationError`` when a number is not positive, the heads do not divide the width, or the
    ///   parameters are too many to count.
    public init(
        layerCount: Int, headCount: Int, width: Int, contextLength: Int, vocabularySize: Int, mlpWidth: Int? = nil,
        activation: Activation = .geluNew, layerNormEpsilon: Float = 1e-5, tiesEmbeddings: Bool = true,
        scalesScores: Bool = true, scalesScoresByBlock: Bool = false
    ) throws(ConfigurationError) {
        // Small enough that neither the bytes of all parameters nor the cost of a token can overflow.
        let bounds = [
            ("n_layer", layerCount, 1 << 12), ("n_head", headCount, 1 << 20), ("n_embd", width, 1 << 20),
            ("n_positions", contextLength, 1 << 24), ("vocab_size", vocabularySize, 1 << 24),
            ("n_inner", mlpWidth ?? 4 * max(1, min(width, 1 << 20)), 1 << 24),
        ]
        for (name, value, most) in bounds where value < 1 || value > most {
            throw .outOfRange(name: name, value: value, most: most)
        }
        guard width.isMultiple(of: headCount) else { throw .headsDoNotDivideWidth(heads: headCount, width: width) }
        guard layerNormEpsilon > 0, layerNormEpsilon.isFinite else { throw .epsilon(layerNormEpsilon) }
        self.layerCount = layerCount
        self.headCount = headCount
        self.width = width
        self.contextLength = contextLength
        self.vocabularySize = vocabularySize
        self.mlpWidth = mlpWidth ?? 4 * width
        self.activation = activation
        self.layerNormEpsilon = layerNormEpsilon
        self.tiesEmbeddings = tiesEmbeddings
        self.scalesScores = scalesScores
        self.scalesScoresByBlock = scalesScoresByBlock
    }

    /// Channels of one head, `D` = C / H.
    public var headWidth: Int { width / headCount }

    /// What the scores of a block are divided by: √D in every GPT-2 that was published.
    public func scoreDivisor(block: Int) -> Float {
        (scalesScores ? Float(headWidth).squareRoot() : 1) * (scalesScoresByBlock ? Float(block + 1) : 1)
    }

    /// The divisor as it is written in a formula; empty where nothing is divided.
    func scoreDivisorFormula(block: Int) -> String {
        switch (scalesScores, scalesScoresByBlock) {
        case (true, false): "√\(headWidth)"
        case (true, true): "(√\(headWidth)·\(block + 1))"
        case (false, true): "\(block + 1)"
        case (false, false): ""
        }
    }
}

/// Why numbers do not describe a GPT-2.
public enum ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// A size is zero, negative or absurd.
    case outOfRange(name: String, value: Int, most: Int)
    /// Heads are equal slices of the width.
    case headsDoNotDivideWidth(heads: Int, width: Int)
    /// ε must be a positive number.
    case epsilon(Float)

    /// A sentence for the person at the shell.
    public var description: String { "The configuration cannot be run: \(reason)." }

    /// What is wrong, as part of a sentence.
    public var reason: String {
        switch self {
        case .outOfRange(let name, let value, let most):
            "it has \(name) = \(value); a number from 1 to \(most) is expected"
        case .headsDoNotDivideWidth(let heads, let width):
            "it has n_embd = \(width), which its n_head = \(heads) does not divide"
        case .epsilon(let value): "it has layer_norm_epsilon = \(value); a positive number is expected"
        }
    }
}
