public import Checkpoints

/// What the keys of a configuration mean: what is not understood is refused by name, never guessed.
///
/// Source of keys and defaults: `GPT2Config` in transformers 5.23, which reads `n_ctx` no more: `n_positions` sizes the
/// table of positions; `GPTConfig` of nanoGPT and `GPT.get_default_config` of minGPT.
extension Configuration {
    /// The configuration that keys describe.
    ///
    /// - Throws: ``CheckpointError/notConfiguration(path:reason:)``.
    public init(_ keys: ConfigurationKeys) throws(CheckpointError) {
        if keys.program == .transformers {
            if keys.has("model_type"), keys.shown("model_type") != "\"gpt2\"" {
                throw keys.refusal("model_type", "gpt2 is the one architecture that is read")
            }
            for (name, only) in [("add_cross_attention", "false"), ("is_causal", "true")]
            where keys.has(name) && keys.shown(name) != only {
                throw keys.refusal(name, "only \(only) is understood")
            }
        }
        let named = try keys.string("activation_function")
        guard let activation = named.map(Activation.init(rawValue:)) ?? Self.activation(of: keys.program) else {
            throw keys.refusal(
                "activation_function", "known are \(Activation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        do {
            try self.init(
                layerCount: try keys.integer("n_layer", "num_hidden_layers") ?? 12,
                headCount: try keys.integer("n_head", "num_attention_heads") ?? 12,
                width: try keys.integer("n_embd", "hidden_size") ?? 768,
                contextLength: try keys.integer("n_positions", "max_position_embeddings", "block_size") ?? 1024,
                vocabularySize: try keys.integer("vocab_size") ?? 50257,
                mlpWidth: try keys.integer("n_inner"),
                activation: activation,
                layerNormEpsilon: Float(try keys.number("layer_norm_epsilon") ?? 1e-5),
                tiesEmbeddings: try keys.bool("tie_word_embeddings") ?? true,
                scalesScores: try keys.bool("scale_attn_weights") ?? true,
                scalesScoresByBlock: try keys.bool("scale_attn_by_inverse_layer_idx") ?? false)
        } catch let error as ConfigurationError {
            throw .notConfiguration(path: keys.path, reason: error.reason)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .notConfiguration(path: keys.path, reason: "\(error)")
        }
    }

    /// What a program's MLP uses where its configuration does not say: GPT-2's tanh form, but nanoGPT's `nn.GELU()` is
    /// the error function's.
    private static func activation(of program: ConfigurationKeys.Program) -> Activation {
        program == .nanoGPT ? .gelu : .geluNew
    }
}
