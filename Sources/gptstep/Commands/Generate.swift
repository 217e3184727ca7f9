import ArgumentParser
import GPTEngine

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a prompt; the new text is streamed.",
        discussion: "It ends after -n tokens, at <|endoftext|>, or when the context is full.")

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var output: OutputOptions

    @Option(name: .short, help: ArgumentHelp("How many tokens (default: 6 for nano, else 20).", valueName: "count"))
    var n: Int?
    @Option(help: "0 always takes the likeliest (default: 1 for GPT-2, 0 for nano and other small vocabularies).")
    var temperature: Float?
    @Option(help: "Keep only so many of the likeliest tokens; 0 keeps all.")
    var topK = 0
    @Option(help: "Keep only the likeliest tokens that make up this share.")
    var topP: Float = 1

    func validate() throws {
        if let n, n < 0 { throw ValidationError("-n takes a number that is not negative.") }
    }

    func run() throws {
        let sampling = { (model: Model) throws(SamplingError) in
            try Sampling(
                temperature: temperature ?? model.sampling.temperature, topK: topK, topP: topP, seed: self.model.seed)
        }
        let (model, weights) = try model.openWithWeights()
        let settings = try sampling(model)
        var tokens = try prompt.tokens(for: model)
        let promptIDs = tokens
        let streams = output.format == .text && output.output == nil
        var steps: [JSON] = []

        for _ in 0..<(n ?? (model.tokenizer is LetterTokenizer ? 6 : 20))
        where tokens.count <= model.configuration.contextLength {
            let program = Program.gpt2(model.configuration, tokenCount: tokens.count)
            let trace = try Trace(program: program, weights: weights, tokens: tokens)
            let prediction = trace.prediction(at: tokens.count - 1, sampling: settings)
            try prediction.check(model)
            if prediction.token == model.endOfText { break }
            tokens.append(prediction.token)
            if streams { try standardOutput(model.text([prediction.token])) }
            steps.append(
                .object([
                    ("id", .integer(prediction.token)), ("text", .string(model.text([prediction.token]))),
                    ("probability", .number(Double(prediction.probabilities[flat: prediction.token]))),
                    ("draw", prediction.draw.map(JSON.number) ?? .null),
                ]))
        }

        if tokens.count > model.configuration.contextLength {
            standardError("gptstep: the context of \(model.configuration.contextLength) tokens is full")
        }
        let new = Array(tokens.dropFirst(promptIDs.count))
        if streams { return try standardOutput("\n") }
        try output.write(
            text: model.text(new) + "\n",
            json: .object([
                ("prompt_ids", .integers(promptIDs)), ("ids", .integers(new)), ("text", .string(model.text(new))),
                ("steps", .array(steps)),
            ]))
    }
}
