extension Trace {
    /// The logits that the model would give after a position if it stopped at a stream: the logit lens.
    ///
    /// The final LayerNorm and the unembedding of that stream, [V]; after the last block the model's own logits exactly.
    /// Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
    ///
    /// - Parameter stream: one of ``Program/streams``.
    public func lens(after stream: Int, at position: Int) -> Tensor {
        if stream == program.streams.last { return logits(at: position) }
        let shape = program.configuration
        let row = value(of: stream).rows(position..<position + 1)
        let normalized = Kernels.normalize(row, epsilon: shape.layerNormEpsilon).normalized
        let x = Kernels.scaleAndShift(
            normalized, gamma: weights[shape.finalNorm.gamma], beta: weights[shape.finalNorm.beta])
        return arithmetic.logits(x).reshaped([shape.vocabularySize])
    }
}
