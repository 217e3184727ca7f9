import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// What a config.json may say.
@Suite struct ConfigurationTests {
    private func read(_ text: String) throws -> Configuration {
        let folder = try TemporaryFolder()
        return try Configuration(ConfigurationKeys(path: folder.write("config.json", text.utf8)))
    }

    @Test func `what is not said is as in GPT-2`() throws {
        for text in [
            "{}", " {\n} ", #"{"n_inner": null, "n_layer": null, "tie_word_embeddings": null, "model_type": "gpt2"}"#,
        ] {
            #expect(try read(text) == Preset.named("gpt2")?.configuration)
        }
    }

    @Test func `all that is said is taken`() throws {
        let text = #"""
            {"model_type": "gpt2", "n_layer": 3, "n_head": 2, "n_embd": 8, "n_positions": 16, "n_ctx": 16,
             "vocab_size": 99, "n_inner": 20, "activation_function": "relu", "layer_norm_epsilon": 1e-05,
             "tie_word_embeddings": false, "scale_attn_weights": true, "scale_attn_by_inverse_layer_idx": false,
             "add_cross_attention": false, "reorder_and_upcast_attn": false, "architectures": ["x"], "extra": {"y": 1}}
            """#
        let expected = try Configuration(
            layerCount: 3, headCount: 2, width: 8, contextLength: 16, vocabularySize: 99, mlpWidth: 20,
            activation: .relu, layerNormEpsilon: 1e-5, tiesEmbeddings: false)
        #expect(try read(text) == expected)
    }

    @Test(
        arguments: [
            ("num_hidden_layers", 5, \Configuration.layerCount), ("num_attention_heads", 6, \.headCount),
            ("hidden_size", 24, \.width), ("max_position_embeddings", 77, \.contextLength),
        ] as [(String, Int, KeyPath<Configuration, Int> & Sendable)])
    func `newer names of a number are known, and those that nothing reads count for nothing`(
        key: String, value: Int, path: KeyPath<Configuration, Int> & Sendable
    ) throws {
        #expect(try read(#"{"\#(key)": \#(value), "n_ctx": 3}"#)[keyPath: path] == value)
    }

    @Test(
        arguments: [("1e-05", 1e-5), ("1E-5", 1e-5), ("0.00003", 3e-5), ("1", 1), ("null", 1e-5)] as [(String, Float)])
    func `epsilon is read in every spelling of a number`(text: String, value: Float) throws {
        #expect(try read(#"{"layer_norm_epsilon": \#(text)}"#).layerNormEpsilon == value)
    }

    @Test(arguments: [("12", 12), ("12.0", 12), ("1.2e1", 12), ("1", 1)])
    func `a whole number is read in every spelling`(text: String, value: Int) throws {
        #expect(try read(#"{"n_layer": \#(text)}"#).layerCount == value)
    }

    @Test(arguments: Activation.allCases)
    func `every activation is known by name`(activation: Activation) throws {
        #expect(try read(#"{"activation_function": "\#(activation.rawValue)"}"#).activation == activation)
    }

    @Test(arguments: [
        (#""model_type": "llama""#, "model_type is \"llama\""), (#""model_type": 2"#, "model_type is 2"),
        (#""scale_attn_weights": 0"#, "scale_attn_weights is 0"),
        (#""scale_attn_by_inverse_layer_idx": "no""#, "scale_attn_by_inverse_layer_idx is \"no\""),
        (#""add_cross_attention": true"#, "add_cross_attention is true"),
        (#""add_cross_attention": 0"#, "add_cross_attention is 0"),
        (#""activation_function": "mish""#, "activation_function is \"mish\""),
        (#""activation_function": "\u001b[2J""#, "activation_function is \"\\u{1B}[2J\""),
        (#""activation_function": 3"#, "activation_function is 3"), (#""n_embd": 770"#, "n_embd = 770"),
        (#""n_head": 5"#, "n_head = 5"), (#""n_layer": "3""#, "n_layer is \"3\""),
        (#""n_layer": true"#, "n_layer is true"),
        (#""n_layer": [3]"#, "n_layer is a list or an object"), (#""n_layer": 0"#, "n_layer = 0"),
        (#""n_layer": -1"#, "n_layer = -1"), (#""n_layer": 1.5"#, "n_layer is 1.5"),
        (#""n_layer": 1e30"#, "n_layer is 1e+30"),
        (#""n_layer": -1e30"#, "n_layer is -1e+30"), (#""n_layer": 9007199254740993"#, "n_layer = 9"),
        (#""n_embd": -9007199254740991"#, "n_embd = -9007199254740991"), (#""n_inner": 0"#, "n_inner = 0"),
        (#""n_head": 0"#, "n_head = 0"), (#""n_positions": -1"#, "n_positions = -1"),
        (#""vocab_size": 0"#, "vocab_size = 0"),
        (#""vocab_size": 9007199254740991"#, "vocab_size = 9007199254740991"),
        (#""max_position_embeddings": 512, "n_positions": 1024"#, "n_positions and max_position_embeddings disagree"),
        (#""n_layer": 2, "num_hidden_layers": 3"#, "n_layer and num_hidden_layers disagree"),
        (#""layer_norm_epsilon": 0"#, "layer_norm_epsilon = 0"),
        (#""layer_norm_epsilon": -1e-5"#, "layer_norm_epsilon = -1e-05"),
        (#""layer_norm_epsilon": 1e-300"#, "layer_norm_epsilon = 0"),
        (#""layer_norm_epsilon": 1e300"#, "layer_norm_epsilon = inf"),
        (#""layer_norm_epsilon": "1e-5""#, "layer_norm_epsilon is \"1e-5\""),
        (#""tie_word_embeddings": 1"#, "tie_word_embeddings is 1"),
        (#""tie_word_embeddings": "no""#, "tie_word_embeddings is \"no\""),
    ])
    func `what is not understood is refused by its key and value`(entry: String, fragment: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("config.json", "{\(entry)}".utf8)
        let error = try #require(throws: CheckpointError.self) { try Configuration(ConfigurationKeys(path: path)) }
        guard case .notConfiguration(path, let reason) = error else {
            Issue.record("refused as \(error)")
            return
        }
        #expect(reason.contains(fragment))
        #expect(error.description.contains(path.string) && error.description.contains(reason))
    }

    @Test(arguments: [
        "", "[]", "3", "null", "{", "not JSON", #"{"n_layer": }"#, #"{"n_layer": 1} x"#, "{'n_layer': 1}", "\u{0}",
        #"{"n_head": 2, "n_head": 4}"#, #"{"n_layer": 1,}"#, "\u{FEFF}{}", #"{"n_layer": 016}"#, #"{"n_layer": 1e400}"#,
    ])
    func `what is no JSON object, or names a key twice, is refused`(text: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("config.json", text.utf8)
        #expect {
            try ConfigurationKeys(path: path)
        } throws: { error in
            guard case CheckpointError.notConfiguration(path, _) = error else { return false }
            return "\(error)".hasSuffix(".")
        }
    }

    @Test func `deeply nested text is refused and not a crash`() throws {
        let folder = try TemporaryFolder()
        let text = #"{"x": "# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}"
        let path = try folder.write("config.json", text.utf8)
        #expect(throws: CheckpointError.self) { try ConfigurationKeys(path: path) }
    }

    /// Sizes come from a file, so no product of accepted ones may be too large to count.
    @Test(arguments: [1 << 16, 1 << 12, 1 << 8])
    func `a model of absurd size is refused and not a crash`(layers: Int) throws {
        let small = try SmallCheckpoint()
        let path = try small.write(
            configuration: #"""
                {"n_layer": \#(layers), "n_head": 1048576, "n_embd": 1048576, "n_positions": 16777216,
                 "vocab_size": 16777216, "n_inner": 16777216}
                """#)
        let error = try #require(throws: (any Error).self) { try Model.checkpoint(path) }
        switch error {
        case CheckpointError.wrongShape(_, "wte.weight", _, _): break
        case CheckpointError.notConfiguration(_, let reason): #expect(reason.contains("n_layer = \(layers)"))
        default: Issue.record("refused as \(error)")
        }
    }

    @Test func `the largest configuration that is accepted has countable costs`() throws {
        #expect(throws: ConfigurationError.outOfRange(name: "n_layer", value: 4097, most: 4096)) { try huge(4097) }
        let shape = try huge(4096)
        #expect(shape.parameterCount.multipliedReportingOverflow(by: 4).overflow == false)
        #expect(shape.flopsPerToken > shape.parameterCount)
    }

    private func huge(_ layers: Int) throws -> Configuration {
        try Configuration(
            layerCount: layers, headCount: 1 << 20, width: 1 << 20, contextLength: 1 << 24, vocabularySize: 1 << 24,
            mlpWidth: 1 << 24)
    }
}
