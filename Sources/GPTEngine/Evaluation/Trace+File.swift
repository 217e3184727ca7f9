public import Checkpoints

extension Trace {
    /// Every value of the pass as one safetensors file, under TransformerLens hook names without the batch axis.
    ///
    /// Logits are those of all positions; the output speaks of the last. Masked scores and cut logits are −∞. What is not
    /// in memory is computed when the file is written.
    ///
    /// - Parameter edits: what is changed in it, as its metadata says.
    public func file(model: Model, sampling: Sampling, edits: [String] = []) -> SafetensorsWriter {
        var file = SafetensorsWriter()
        file.metadata = metadata(model)
        if !edits.isEmpty { file.metadata["edits"] = JSON.array(edits.map(JSON.string)).text }
        file.add("tokens", tokens)
        for (index, node) in program.nodes.prefix(program.logitsIndex).enumerated() where !node.isTokens {
            // Scores before the mask have no hook; their address is their name.
            file.add(node.hook ?? node.address, shape: node.shape) { self.value(of: index) }
            if let hook = node.statistics.contains(.scale) ? node.names(of: .scale).hook : nil {
                let shape = node.extent(of: .scale).shape
                file.add(hook, shape: shape + [1]) {
                    guard let scale = self.statistic(.scale, of: index) else {
                        preconditionFailure("\(node.address) keeps no scale")
                    }
                    return scale
                }
            }
            // The stream after a block is also the stream before the next.
            if let alias = program.alias(of: index) {
                file.add(alias.hook, shape: node.shape) { self.value(of: index) }
            }
        }
        let V = program.configuration.vocabularySize
        file.add("logits", shape: [tokens.count, V]) {
            self.allLogits
        }
        let last = tokens.count - 1
        let prediction = Prediction(position: last, logits: logits(at: last), sampling: sampling)
        file.add("filtered_logits", shape: [V]) { prediction.filtered }
        file.add("probabilities", shape: [V]) { prediction.probabilities }
        // Where nothing can be chosen there is no token.
        if let token = prediction.token { file.add("next_token", count: 1) { [token] } }
        return file
    }

    private func metadata(_ model: Model) -> [String: String] {
        let shape = program.configuration
        return [
            "format": "gpt-trace", "format_version": "1", "model_id": model.name, "n_layer": "\(shape.layerCount)",
            "n_head": "\(shape.headCount)", "d_model": "\(shape.width)", "d_head": "\(shape.headWidth)",
            "d_mlp": "\(shape.mlpWidth)", "n_ctx": "\(shape.contextLength)", "n_vocab": "\(shape.vocabularySize)",
            "act_fn": shape.activation.rawValue, "ln_eps": "\(shape.layerNormEpsilon)",
            "scale_attn_weights": "\(shape.scalesScores)",
            "scale_attn_by_inverse_layer_idx": "\(shape.scalesScoresByBlock)",
            "weights": model.state == .random ? "random" : "raw",
            "tokens_text": JSON.array(tokens.map { .string(model.label($0)) }).text, "producer": "gptstep \(version)",
        ]
    }
}

/// The version of gptstep.
public let version = "0.1.0"
