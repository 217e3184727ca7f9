import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import GPTStepper

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a prompt; the new text is streamed.",
        discussion: "It ends after -n tokens, at <|endoftext|>, or when the context is full.")

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var edits: EditOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .short, parsing: .unconditional,
        help: ArgumentHelp("How many tokens (default: 6 for nano, else 20).", valueName: "count"),
        transform: wholeNumber(from: 0))
    var n: Int?
    @Option(
        parsing: .unconditional,
        help:
            "0 always takes the likeliest (default: 1 for GPT-2 and austen, 0 for nano and other small vocabularies).",
        transform: number("0 (greedy) or a number from 0.0001 on") { $0 == 0 || $0 >= 1e-4 && $0.isFinite })
    var temperature: Float?
    @Option(
        parsing: .unconditional, help: "Keep only so many of the likeliest tokens; 0 keeps all.",
        transform: wholeNumber(from: 0))
    var topK = 0
    @Option(
        parsing: .unconditional, help: "Keep only the likeliest tokens that make up this share.",
        transform: number("a number above 0 and at most 1") { $0 > 0 && $0 <= 1 })
    var topP: Float = 1

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

        let wanted = n ?? (model.tokenizer is CharacterTokenizer ? 6 : 20)
        var stream = TextStream()
        var isFull = false
        threads.apply()
        let most = min(tokens.count + wanted, model.configuration.contextLength)
        let program = Program.gpt2(model.configuration, tokenCount: most)
        let trace = try Trace(
            program: program, weights: weights, tokens: tokens,
            store: Store(budget: max(Machine.activationMemory, program.workingBytes)))
        // An edited pass goes on as a session does, which knows what its edits are for each token.
        var session = try Session(model: model, tokens: tokens, sampling: settings)
        try edits.apply(to: &session)
        let isEdited = !edits.edits.isEmpty
        let progress = Progress("operations of the prompt's pass")

        while steps.count < wanted {
            if tokens.count > model.configuration.contextLength {
                if streams { try standardOutput(stream.end() + "\n") }
                isFull = true
                standardError("gptstep: the context of \(model.configuration.contextLength) tokens is full")
                break
            }
            let pass: Trace
            if isEdited {
                if let new = tokens.dropFirst(session.stepper.tokens.count).first { try session.append(new) }
                guard let edited = session.pass else { throw ModelError.noWeights(model.name) }
                pass = edited
            } else {
                if let new = tokens.dropFirst(trace.tokens.count).first { trace.append(new) }
                pass = trace
            }
            pass.complete([.answer(tokens.count - 1)]) { progress.report($0, of: $1) }
            progress.end()
            let prediction = try pass.prediction(at: tokens.count - 1, sampling: settings)
            let token = try prediction.check(model)
            if model.endOfText.contains(token) { break }
            tokens.append(token)
            if streams { try standardOutput(stream.append(model.bytes([token]))) }
            steps.append(
                .object([
                    ("id", .integer(token)), ("text", .string(model.text([token]))),
                    ("probability", .number(Double(prediction.probabilities[flat: token]))),
                    ("draw", prediction.draw.map(JSON.number) ?? .null),
                ]))
        }

        let new = Array(tokens.dropFirst(promptIDs.count))
        if streams {
            if !isFull { try standardOutput(stream.end() + "\n") }
            return try model.checkUnchanged()
        }
        try output.write(
            from: model, text: model.text(new) + "\n",
            json: .object([
                ("prompt_ids", .integers(promptIDs)), ("ids", .integers(new)), ("text", .string(model.text(new))),
                ("steps", .array(steps)), ("edits", .array(edits.edits.map(JSON.string))),
            ]))
    }
}

/// Text that arrives in bytes: a character is given out once it is whole, and a terminal gets nothing that it would obey.
private struct TextStream {
    private var pending: [UInt8] = []
    private let isSeen = isatty(STDOUT_FILENO) == 1

    mutating func append(_ bytes: [UInt8]) -> String {
        pending += bytes
        // The last lead byte may still wait for up to three more.
        let start = pending.lastIndex { $0 & 0xC0 != 0x80 } ?? 0
        let lead = pending.isEmpty ? 0 : pending[start]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
        let whole = pending.count - start < length ? start : pending.count
        defer { pending.removeFirst(whole) }
        return text(pending.prefix(whole))
    }

    /// What is left when nothing more comes.
    func end() -> String { text(pending[...]) }

    private func text(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return isSeen ? withoutControls(text) : text
    }
}
