import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// The list of operations: how many, how large, how costly, and by which names.
@Suite struct ProgramTests {
    /// What is known of a published size.
    struct Size: Sendable, CustomTestStringConvertible {
        let (name, operations, parameters): (String, Int, Int)
        var testDescription: String { name }

        static let all = [
            Size(name: "nano", operations: 61, parameters: 85_728),
            Size(name: "austen", operations: 112, parameters: 2_131_200),
            Size(name: "gpt2", operations: 214, parameters: 124_439_808),
            Size(name: "gpt2-medium", operations: 418, parameters: 354_823_168),
            Size(name: "gpt2-large", operations: 622, parameters: 774_030_080),
            Size(name: "gpt2-xl", operations: 826, parameters: 1_557_611_200),
            Size(name: "gpt3", operations: 1642, parameters: 174_604_259_328),
        ]
    }

    private func nano(_ tokenCount: Int = 6) throws -> Program {
        .gpt2(try #require(Preset.named("nano")).configuration, tokenCount: tokenCount)
    }

    @Test func `the presets are the known sizes`() {
        #expect(Preset.all.map(\.name) == Size.all.map(\.name))
        #expect(Preset.named("gpt5") == nil)
    }

    @Test(arguments: Size.all)
    func `a program has 10 operations and 17 for every block`(size: Size) throws {
        let shape = try #require(Preset.named(size.name)).configuration
        for tokens in [1, shape.contextLength] {
            let program = Program.gpt2(shape, tokenCount: tokens)
            #expect(program.nodes.count == size.operations)
            #expect(program.nodes.count == 10 + 17 * shape.layerCount)
            #expect(program.nodes[program.logitsIndex].address == "logits")
        }
    }

    @Test(arguments: Size.all)
    func `operations, parameters and parts add to the published count`(size: Size) throws {
        let shape = try #require(Preset.named(size.name)).configuration
        #expect(Program.gpt2(shape, tokenCount: 3).parameterCount == size.parameters)
        #expect(shape.parameterCount == size.parameters)
        #expect(shape.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) } == size.parameters)
        #expect(shape.census.reduce(0) { $0 + $1.count } == size.parameters)
        #expect(Set(shape.parameters.map(\.name)).count == shape.parameters.count)
    }

    @Test(arguments: Size.all)
    func `every operation reads only what comes before it, and its axes fit its shape`(size: Size) throws {
        let program = Program.gpt2(try #require(Preset.named(size.name)).configuration, tokenCount: 5)
        for (index, node) in program.nodes.enumerated() {
            #expect(node.inputs.allSatisfy { $0 >= 0 && $0 < index }, "\(node.address)")
            #expect(node.inputs.isEmpty == (index == 0), "\(node.address)")
            #expect(node.axes.count == node.shape.count, "\(node.address)")
            #expect(node.elementCount == node.shape.reduce(1, *), "\(node.address)")
            #expect(node.bytes == 4 * (node.reads.reduce(0) { $0 + $1.read } + node.elementCount), "\(node.address)")
        }
    }

    @Test(arguments: Size.all)
    func `the cost of a product is twice its multiplications`(size: Size) throws {
        let shape = try #require(Preset.named(size.name)).configuration
        let (T, C, H, D) = (7, shape.width, shape.headCount, shape.headWidth)
        let (F, V) = (shape.mlpWidth, shape.vocabularySize)
        for node in Program.gpt2(shape, tokenCount: T).nodes {
            let expected =
                switch node.name {
                case "attn.q", "attn.k", "attn.v", "attn.out": 2 * T * C * C
                case "attn.scores", "attn.z": 2 * H * T * T * D
                case "mlp.pre", "mlp.out": 2 * T * C * F
                case "logits": 2 * T * C * V
                default: 0
                }
            #expect(node.flops == expected, "\(node.address)")
        }
    }

    @Test func `shapes follow the legend`() throws {
        let program = try nano(4)
        let shapes = Dictionary(uniqueKeysWithValues: program.nodes.map { ($0.address, $0.shape) })
        #expect(shapes["tokens"] == [4])
        #expect(shapes["blocks.0.resid_pre"] == [4, 48])
        #expect(shapes["blocks.1.attn.k"] == [4, 3, 16])
        #expect(shapes["blocks.1.attn.pattern"] == [3, 4, 4])
        #expect(shapes["blocks.2.mlp.post"] == [4, 192])
        #expect(shapes["logits"] == [4, 3])
        #expect(shapes["next_token"] == [1])
        let kept = program.nodes.filter {
            !$0.isAnswer
        }
        #expect(program.valueBytes == kept.reduce(0) { $0 + 4 * $1.elementCount })
    }

    @Test(arguments: [("gpt2", 0, 50257 * 768), ("nano", 3 * 48, 3 * 48)])
    func `a tied head counts no parameters at the logits but is read there`(name: String, counted: Int, read: Int)
        throws
    {
        let program = Program.gpt2(try #require(Preset.named(name)).configuration, tokenCount: 2)
        let logits = program.nodes[program.logitsIndex]
        #expect(logits.parameterCount == counted)
        #expect(logits.reads.map(\.read) == [read])
    }

    @Test func `queries, keys and values read thirds of one matrix`() throws {
        let reads = try nano().nodes.filter {
            $0.block == 1 && $0.parameterCount == 48 * 48 + 48 && $0.name != "attn.out"
        }
        .map(\.reads)
        #expect(reads.map { $0.map(\.columns) } == [[0..<48, 0..<48], [48..<96, 48..<96], [96..<144, 96..<144]])
        #expect(Set(reads.flatMap { $0.map(\.parameter.name) }) == ["h.1.attn.c_attn.weight", "h.1.attn.c_attn.bias"])
    }

    @Test func `a lookup reads only the rows it needs`() throws {
        let program = try nano(2)
        #expect(program.nodes[2].reads.map(\.read) == [2 * 48])
        #expect(program.nodes[2].parameterCount == 11 * 48)
        #expect(program.nodes[2].bytes == 4 * (2 * 48 + 2 * 48))
    }

    @Test func `a configuration refuses sizes that make no model`() {
        #expect(throws: ConfigurationError.outOfRange(name: "n_embd", value: .min, most: 1 << 20)) {
            try Configuration(layerCount: 1, headCount: 1, width: .min, contextLength: 1, vocabularySize: 1)
        }
        #expect(throws: ConfigurationError.headsDoNotDivideWidth(heads: 3, width: 4)) {
            try Configuration(layerCount: 1, headCount: 3, width: 4, contextLength: 1, vocabularySize: 1)
        }
        #expect(throws: ConfigurationError.epsilon(.infinity)) {
            try Configuration(
                layerCount: 1, headCount: 1, width: 4, contextLength: 1, vocabularySize: 1, layerNormEpsilon: .infinity)
        }
    }
}

/// Finding an operation by what people call it.
@Suite struct AddressTests {
    private static func nano() throws -> Program {
        .gpt2(try #require(Preset.named("nano")).configuration, tokenCount: 6)
    }

    @Test func `every address, hook and statistic finds its own operation`() throws {
        let program = try Self.nano()
        var names: [String] = []
        for (index, node) in program.nodes.enumerated() {
            for name in [node.address, node.hook].compactMap(\.self) {
                names.append(name)
                #expect(try program.quantity(at: name) == Quantity(node: index, statistic: nil, address: node.address))
            }
            for statistic in node.statistics {
                let (address, hook) = node.names(of: statistic)
                for name in [address, hook].compactMap(\.self) {
                    names.append(name)
                    #expect(
                        try program.quantity(at: name) == Quantity(node: index, statistic: statistic, address: address))
                }
            }
        }
        // All but "tokens", three "scores" and the output have hooks; 7 LayerNorms keep 2 statistics and have a hook
        // for one of them; 3 patterns and the output keep 2.
        #expect(names.count == Set(names).count)
        #expect(names.count == 61 + (61 - 1 - 3 - 4) + 7 * 3 + 3 * 2 + 2)
    }

    @Test(
        arguments: [
            ("hook_embed", "embed", nil), ("blocks.1.resid_pre", "blocks.0.resid_post", nil),
            ("blocks.2.hook_resid_pre", "blocks.1.resid_post", nil), ("blocks.0.resid_pre", "blocks.0.resid_pre", nil),
            ("blocks.0.attn.hook_pattern", "blocks.0.attn.pattern", nil),
            ("blocks.0.hook_mlp_out", "blocks.0.mlp.out", nil),
            ("blocks.1.hook_attn_out", "blocks.1.attn.out", nil),
            ("blocks.0.attn.hook_attn_scores", "blocks.0.attn.masked_scores", nil),
            ("blocks.0.ln1.scale", "blocks.0.ln1.scale", .scale),
            ("blocks.0.ln1.hook_scale", "blocks.0.ln1.scale", .scale),
            ("ln_final.mean", "ln_final.mean", .mean), ("blocks.0.attn.row_max", "blocks.0.attn.row_max", .rowMax),
            ("blocks.2.attn.row_sum", "blocks.2.attn.row_sum", .rowSum),
            ("probabilities.sum", "probabilities.sum", .sum),
            ("probabilities.max", "probabilities.max", .max),
        ] as [(String, String, Statistic?)])
    func `an address, alias or hook name leads to its canonical address`(
        name: String, canonical: String, statistic: Statistic?
    ) throws {
        let quantity = try Self.nano().quantity(at: name)
        #expect(quantity.address == canonical)
        #expect(quantity.statistic == statistic)
    }

    @Test(arguments: [
        ("blocks.0.attn.patern", "blocks.0.attn.pattern"), ("blocks.0.atn.row_max", "blocks.0.attn.row_max"),
        ("Blocks.0.MLP.Pre", "blocks.0.mlp.pre"), ("next_tokne", "next_token"), ("logit", "logits"),
        ("mlp.post", "blocks.0.mlp.post"), ("probabilities.sun", "probabilities.sum"),
        ("blocks.7.attn.q", "blocks.0.attn.q"),
    ])
    func `an unknown address suggests what comes near`(name: String, near: String) throws {
        let program = try Self.nano()
        let error = try #require(throws: AddressError.self) { try program.quantity(at: name) }
        #expect(error.address == name)
        #expect(error.near.first == near)
        #expect(error.near.count <= 3)
        #expect(error.description.contains(near))
    }

    @Test(arguments: ["", "x", "something else entirely", "blocks.3.resid_pre.", String(repeating: "a", count: 10_000)])
    func `an address that names nothing is refused`(name: String) throws {
        let program = try Self.nano()
        #expect(throws: AddressError.self) { try program.quantity(at: name) }
    }

    @Test func `the stream after the last block has no alias`() throws {
        let program = try Self.nano()
        #expect(throws: AddressError.self) { try program.quantity(at: "blocks.3.resid_pre") }
    }

    @Test(arguments: [
        ("gpt2-larg", ["gpt2-large"]), ("gtp2", ["gpt2"]), ("medium", ["gpt2-medium"]), ("GPT3", ["gpt3", "gpt2"]),
        ("bert", []), ("", []), ("gpt", ["gpt2", "gpt2-medium", "gpt2-large"]),
    ])
    func `the nearest names come first, three at most`(name: String, near: [String]) {
        #expect(nearest(to: name, among: ["nano", "gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "gpt3"]) == near)
    }
}
