/// One kind of operation of the forward pass, over all heads and all positions.
///
/// Names follow the addresses, which follow TransformerLens. What computes, draws or describes an operation switches
/// over all of them, so the compiler lists every room that a new case must enter.
public enum Operation: Hashable, Sendable {
    /// Text into token ids.
    case tokens
    /// Rows of the token table.
    case embed
    /// Rows of the position table.
    case posEmbed
    /// An addition to the residual stream.
    case residual(Residual)
    /// x̂ = (x − μ)/σ.
    case normalized(Norm)
    /// x̂·γ + β.
    case normOut(Norm)
    /// A projection into query, key or value, split by head.
    case projection(Projection)
    /// q·kᵀ/√D.
    case scores
    /// The future removed.
    case maskedScores
    /// Softmax over the keys.
    case pattern
    /// Pattern · v.
    case z
    /// Heads side by side, times W_O, plus b_O.
    case attnOut
    /// W_in·x + b_in.
    case mlpPre
    /// The MLP's non-linearity.
    case mlpPost
    /// W_out·x + b_out.
    case mlpOut
    /// The unembedding.
    case logits
    /// ÷ temperature, then top-k and top-p.
    case filteredLogits
    /// Softmax of those.
    case probabilities
    /// The draw.
    case nextToken

    /// Where the residual stream is added to.
    public enum Residual: Hashable, Sendable {
        /// Token plus position: the stream's beginning.
        case pre
        /// Plus what attention wrote.
        case mid
        /// Plus what the MLP wrote.
        case post
    }

    /// Which LayerNorm.
    public enum Norm: Hashable, Sendable {
        /// Before attention.
        case ln1
        /// Before the MLP.
        case ln2
        /// Before the unembedding.
        case final
    }

    /// Which projection; the raw value is its place in `c_attn`.
    public enum Projection: Int, Hashable, Sendable, CaseIterable {
        /// What a position looks for.
        case q
        /// What a position offers to be found by.
        case k
        /// What a position hands over when found.
        case v
    }
}

/// What an axis of a value counts.
public enum Axis: String, Hashable, Sendable {
    /// A token's place in the sequence.
    case position
    /// An attention head.
    case head
    /// The position that looks.
    case query
    /// The position that is looked at.
    case key
    /// A channel of the stream, or of one head.
    case channel
    /// A neuron of the MLP.
    case neuron
    /// A token id.
    case vocabulary
}

/// A number that an operation keeps beside its value, because everything after it depends on it.
public enum Statistic: String, Hashable, Sendable, CaseIterable {
    /// μ, the mean of a position's channels.
    case mean
    /// σ = √(variance + ε).
    case scale
    /// The largest score of a row, subtracted before the exponential.
    case rowMax = "row_max"
    /// The sum of a row's exponentials.
    case rowSum = "row_sum"
    /// The largest kept logit.
    case max
    /// The sum of the kept exponentials.
    case sum
}
