public import Checkpoints

/// What the keys of a configuration mean: what is not understood is refused by name, never guessed.
///
/// Source of keys and defaults: `GPT2Config` in transformers 5.23, which reads `n_ctx` no more: `n_positions` sizes the
/// table of positions; `GPTConfig` of nanoGPT and `GPT.get_default_config` of minGPT.
extension Configuration {
    /// The configuration that keys describe; what a training program leaves to the weights, their shapes tell.
    ///
    /// - Throws: ``CheckpointError/notConfiguration(path:reason:)``.
    public init(_ keys: ConfigurationKeys, tensors: [StoredTensor] = []) throws(CheckpointError) {
        let isTransformers = keys.program == .transformers
        if isTransformers {
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
        let shapes = isTransformers ? [:] : Self.shapes(tensors)
        var heads = try keys.integer("n_head", "num_attention_heads")
        if heads == nil { heads = try Self.headCount(keys) }
        guard let heads else {
            throw .notConfiguration(path: keys.path, reason: "it does not say n_head, which no shape tells")
        }
        do {
            try self.init(
                layerCount: try keys.integer("n_layer", "num_hidden_layers")
                    ?? (isTransformers ? 12 : Self.blocks(shapes)),
                headCount: heads,
                width: try keys.integer("n_embd", "hidden_size") ?? shapes["wte.weight"]?.last ?? 768,
                contextLength: try keys.integer("n_positions", "max_position_embeddings", "block_size")
                    ?? shapes["wpe.weight"]?.first ?? 1024,
                vocabularySize: try keys.integer("vocab_size") ?? shapes["wte.weight"]?.first ?? 50257,
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

    /// Heads where the keys do not give them: transformers' default, or what minGPT's names of sizes stand for.
    private static func headCount(_ keys: ConfigurationKeys) throws(CheckpointError) -> Int? {
        guard keys.program != .transformers else { return 12 }
        let sizes = [
            "openai-gpt": 12, "gpt2": 12, "gpt2-medium": 16, "gpt2-large": 20, "gpt2-xl": 25, "gopher-44m": 16,
            "gpt-mini": 6, "gpt-micro": 4, "gpt-nano": 3,
        ]
        return try keys.string("model_type").flatMap { sizes[$0] }
    }

    private static func shapes(_ tensors: [StoredTensor]) -> [String: [Int]] {
        let names = TensorNames(tensors.map(\.name))
        return Dictionary(tensors.map { (names.plain($0.name), $0.shape) }) { first, _ in first }
    }

    /// How many blocks the names speak of: as many as have a first LayerNorm.
    private static func blocks(_ shapes: [String: [Int]]) -> Int {
        (0...).first { shapes["h.\($0).ln_1.weight"] == nil } ?? 0
    }
}
