import Checkpoints
import ArgumentParser
import GPTEngine

struct Ops: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the operations of a pass: step, address, shape, parameters, FLOPs, bytes.",
        discussion: "Needs no weights: everything here is known before anything runs.")

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let model = try model.open()
        let tokens = prompt.prompt == nil && prompt.ids == nil ? model.defaultTokens : try prompt.tokens(for: model)
        let program = Program.gpt2(model.configuration, tokenCount: tokens.count)
        let steps = program.nodes.enumerated().map { (step: $0 + 1, node: $1) }
        try output.write(
            text: table(
                ["step", "address", "shape", "parameters", "FLOPs", "bytes"],
                steps.map { step, node in
                    [
                        "\(step)", node.address, "\(node.shape)", grouped(node.parameterCount), grouped(node.flops),
                        grouped(node.bytes),
                    ]
                } + [
                    [
                        "", "total", "", grouped(program.parameterCount),
                        grouped(program.nodes.reduce(0) { $0 + $1.flops }),
                        grouped(program.nodes.reduce(0) { $0 + $1.bytes }),
                    ]
                ], left: [1, 2]),
            json: .object([
                ("model", .string(model.name)), ("state", .string(model.state.rawValue)), ("tokens", .integers(tokens)),
                ("parameters", .integer(program.parameterCount)),
                (
                    "operations",
                    .array(
                        steps.map { step, node in
                            .object([
                                ("step", .integer(step)), ("address", .string(node.address)),
                                ("hook", .string(orNull: node.hook)), ("shape", .integers(node.shape)),
                                ("parameters", .integer(node.parameterCount)), ("flops", .integer(node.flops)),
                                ("bytes", .integer(node.bytes)),
                            ])
                        })
                ),
            ]))
    }
}
