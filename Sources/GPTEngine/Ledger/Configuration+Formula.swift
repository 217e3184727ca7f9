extension Configuration {
    /// The formula of one cell of an operation, in letters; what differs from cell to cell is the mask.
    ///
    /// - Parameter cell: the index of the cell, one number an axis of the operation's shape.
    public func formula(of operation: Operation, at cell: [Int], sampling: Sampling) -> String {
        let isAhead = cell.count == 3 && cell[2] > cell[1]
        switch operation {
        case .tokens: return "the token's number in the vocabulary of \(vocabularySize)"
        case .embed: return "wte[id, channel]"
        case .posEmbed: return "wpe[position, channel]"
        case .residual(.pre): return "embed + pos_embed"
        case .residual(.mid): return "resid_pre + attn.out"
        case .residual(.post): return "resid_mid + mlp.out"
        case .normalized: return "x/σ − μ/σ"
        case .normOut: return "normalized · γ + β"
        case .projection(let projection):
            return "Σ \(width) ln1.out[j]·W_\("\(projection)".uppercased())[j] + b_\("\(projection)".uppercased())"
        case .scores: return "Σ \(headWidth) q[j]·k[j]\(scoreDivisorFormula(width: "\(headWidth)"))"
        case .maskedScores:
            return isAhead ? "the key comes after the query: removed" : "the key is not after the query: kept"
        case .pattern: return isAhead ? "masked: the future has no share" : "exp(score − row max) / Σ exp"
        case .z: return "Σ pattern[key]·v[key] over the keys 0 to \(cell.first ?? 0)"
        case .attnOut: return "Σ \(width) z[j]·W_O[j] + b_O"
        case .mlpPre: return "Σ \(width) ln2.out[j]·W_in[j] + b_in"
        case .mlpPost: return activation.formula
        case .mlpOut: return "Σ \(mlpWidth) post[j]·W_out[j] + b_out"
        case .logits: return "Σ \(width) ln_final.out[j]·W_U[j]"
        case .filteredLogits: return sampling.isGreedy ? "temperature 0: unchanged" : "logit / temperature"
        case .probabilities: return "exp(logit − max) / Σ exp"
        case .nextToken:
            return sampling.isGreedy ? "the largest logit" : "the first token whose cumulative probability exceeds u"
        }
    }
}
