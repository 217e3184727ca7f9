import ArgumentParser
import Checkpoints
import Foundation
import GPTEngine
import GPTStepper

struct Heads: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score every attention head: how widely it looks, and where.",
        discussion: """
            entropy is in bits, all else is a share of a head's attention, averaged over the tokens that could do otherwise \
            (the first can only look at itself): on the first token, the one before (previous) and itself; and of a token \
            that occurred earlier in the text, on what followed it there (induction) and on those places (duplicate). \
            The largest share of each kind is marked with *.

              gptstep heads --model austen "Mr. Darcy smiled. Mr. Darcy bowed."
              gptstep heads --model austen --repeat 48 --seed 7

            --repeat gives so many random tokens twice: nothing but the first copy tells what comes in the second, so a \
            head that attends there copies. Of any text given twice the cost of each copy is printed, in nats per token.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var edits: EditOptions
    @OptionGroup var output: OutputOptions
    @Option(
        name: .customLong("repeat"), parsing: .unconditional,
        help: ArgumentHelp(
            "In place of a prompt, so many random tokens twice; --seed fixes them.", valueName: "n"),
        transform: wholeNumber(from: 2, to: 1 << 24))
    var stretch: Int?

    func validate() throws {
        if stretch != nil, prompt.prompt != nil || prompt.ids != nil {
            throw ValidationError("--repeat makes the tokens itself: it goes without a prompt and --ids.")
        }
    }

    func run() throws {
        let seed = model.seed
        let (model, weights) = try model.openWithWeights()
        let tokens = try stretch.map { try randomTokens($0, model, seed) } ?? prompt.tokens(for: model)
        let (trace, edited) = try compute.trace(model, weights, tokens, edits)
        var atlas = HeadAtlas(trace.program, tokens: tokens)
        let progress = Progress("blocks, then tokens")
        while atlas.work(trace, nil) {
            let (done, all) = atlas.progress(nil)
            progress.report(done, of: all)
        }
        let heads = atlas.entries(of: nil)
        let last = tokens.count - 1
        trace.complete([.answer(last)])
        // Where numbers are none, scores would look like those of a text without repeats.
        try trace.prediction(at: last, sampling: .plain).check(model)
        let costs = copyCosts(trace, progress)
        progress.end()
        try output.write(
            from: model, text: EditOptions.heading(edited) + text(heads, costs),
            json: .object([
                (
                    "heads",
                    .array(
                        heads.map { head in
                            .object(
                                [("block", .integer(head.block)), ("head", .integer(head.head))]
                                    + HeadScore.allCases.map { ($0.rawValue, .number(score($0, head))) })
                        })
                ),
                ("first_copy", .number(costs?.first ?? .nan)), ("second_copy", .number(costs?.second ?? .nan)),
                ("model", .string(model.name)), ("state", .string(model.state.rawValue)),
                ("edits", .array(edited.map(JSON.string))),
                ("tokens", .integers(tokens)),
                ("token_texts", .array(tokens.map { .string(model.text([$0])) })),
            ]))
    }

    private func score(_ score: HeadScore, _ head: HeadAtlas.Entry) -> Double { head.statistics?[score] ?? .nan }

    private func text(_ heads: [HeadAtlas.Entry], _ costs: (first: Double, second: Double)?) -> String {
        let most = HeadScore.allCases.map { of in heads.map { score(of, $0) }.filter(\.isFinite).max() ?? .nan }
        let rows = heads.map { head in
            ["L\(head.block) H\(head.head)"]
                + zip(HeadScore.allCases, most).map { of, most in
                    let number = score(of, head)
                    guard !number.isNaN else { return "– " }
                    return String(format: "%.3f", number) + (number == most && of.isShare ? "*" : " ")
                }
        }
        let cost = costs.map {
            String(format: "\nnats per token: the first copy %.2f, the second %.2f\n", $0.first, $0.second)
        }
        // The mark stands behind the numbers, and so does the space in its place.
        return table(["head"] + HeadScore.allCases.map { $0.rawValue + " " }, rows, left: [0]) + (cost ?? "")
    }

    /// Tokens of the vocabulary, each drawn from the seed and its place, twice.
    private func randomTokens(_ count: Int, _ model: Model, _ seed: UInt64) throws -> [Int] {
        let shape = model.configuration
        guard 2 * count <= shape.contextLength else {
            throw UsageError(
                "\(count) tokens twice are \(2 * count), and the context of \(model.name) holds \(shape.contextLength): --repeat \(shape.contextLength / 2) at most."
            )
        }
        let draw = try Sampling(seed: seed)
        let once = (0..<count).map { Int(draw.draw(position: $0) * Double(shape.vocabularySize)) }
        return once + once
    }

    /// What the tokens of each copy cost, in nats per token, where a text is one stretch twice; of the first copy without its
    /// first token, which follows nothing.
    private func copyCosts(_ trace: Trace, _ progress: Progress) -> (first: Double, second: Double)? {
        let (tokens, half) = (trace.tokens, trace.tokens.count / 2)
        guard half > 1, tokens.count == 2 * half, tokens[..<half] == tokens[half...] else { return nil }
        let nats = (1..<tokens.count).map { place in
            progress.report(place, of: tokens.count)
            let logits = trace.logits(at: place - 1)
            let prediction = Prediction(position: place - 1, logits: logits, sampling: .plain)
            return log(Double(prediction.sum)) + Double(prediction.max) - Double(logits[flat: tokens[place]])
        }
        let (first, second) = (nats[..<(half - 1)], nats[(half - 1)...])
        return (first.reduce(0, +) / Double(first.count), second.reduce(0, +) / Double(second.count))
    }
}
