extension Trace {
    /// Every value of the pass as one safetensors file, under TransformerLens hook names without the batch axis.
    ///
    /// Logits are those of all positions; the output speaks of the last. Masked scores and cut logits are −∞. What is
    /// not computed yet is computed now, one operation between two calls of `progress`, which may throw to stop.
    public func file(
        model: Model, sampling: Sampling, progress: (_ done: Int, _ all: Int) throws -> Void = { _, _ in }
    ) rethrows -> SafetensorsWriter {
        var file = SafetensorsWriter()
        file.metadata = metadata(model)
        file.add("tokens", tokens)
        for (index, node) in program.nodes.prefix(program.logitsIndex).enumerated() where node.operation != .tokens {
            try progress(index, program.nodes.count)
            // Scores before the mask have no hook; their address is their name.
            file.add(node.hook ?? node.address, value(of: index))
            if let scale = statistic(.scale, of: index) {
                file.add(node.names(of: .scale).hook ?? "", scale, shape: scale.shape + [1])
            }
            // The stream after a block is also the stream before the next.
            if node.operation == .residual(.post), let block = node.block, block + 1 < program.configuration.layerCount
            {
                file.add("blocks.\(block + 1).hook_resid_pre", value(of: index))
            }
        }
        try progress(program.logitsIndex, program.nodes.count)
        let V = program.configuration.vocabularySize
        file.add(
            "logits",
            Tensor([tokens.count, V]) { out in
                for position in tokens.indices {
                    logits(at: position).withValues { row in
                        _ = UnsafeMutableBufferPointer(rebasing: out[position * V..<(position + 1) * V]).update(
                            from: row)
                    }
                }
            })
        let prediction = prediction(at: tokens.count - 1, sampling: sampling)
        file.add("filtered_logits", prediction.filtered)
        file.add("probabilities", prediction.probabilities)
        file.add("next_token", [prediction.token])
        return file
    }

    private func metadata(_ model: Model) -> [String: String] {
        let shape = program.configuration
        return [
            "format": "gpt-trace", "format_version": "1", "model_id": model.name, "n_layer": "\(shape.layerCount)",
            "n_head": "\(shape.headCount)", "d_model": "\(shape.width)", "d_head": "\(shape.headWidth)",
            "d_mlp": "\(shape.mlpWidth)", "n_ctx": "\(shape.contextLength)", "n_vocab": "\(shape.vocabularySize)",
            "act_fn": shape.activation.rawValue, "ln_eps": "\(shape.layerNormEpsilon)",
            "weights": model.state == .random ? "random" : "raw",
            "tokens_text": JSON.array(tokens.map { .string(model.label($0)) }).text, "producer": "gptstep \(version)",
        ]
    }
}

/// The version of gptstep.
public let version = "0.1.0"
