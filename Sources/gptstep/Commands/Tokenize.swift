import ArgumentParser
import GPTEngine

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the tokens of a text with their ids; of any length, whatever the context holds.",
        discussion:
            "An empty text has no tokens, and that is the answer; the commands that run a pass need one at least.")

    @Option(help: ArgumentHelp("The model whose tokenizer is used.", valueName: "model"))
    var model = "nano"
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var options = ModelOptions()
        options.model = model
        options.randomWeights = false
        options.seed = 0
        let model = try options.open()
        let tokens = try prompt.tokens(for: model, unbounded: true)
        if let remark = model.remark { standardError("gptstep: \(model.name): \(remark)") }
        try output.write(
            text: table(
                ["place", "id", "token"], tokens.enumerated().map { ["\($0)", "\($1)", model.label($1)] }, left: [2]),
            json: .object([
                (
                    "tokens",
                    .array(
                        tokens.map { id in
                            let bytes = model.tokenizer?.bytes(of: id) ?? []
                            return .object([
                                ("id", .integer(id)), ("text", .string(String(decoding: bytes, as: UTF8.self))),
                                ("bytes", .integers(bytes.map(Int.init))),
                            ])
                        })
                )
            ]))
    }
}
