import ArgumentParser
import Checkpoints
import GPTEngine

struct Lens: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the model would say after every write to the stream: the logit lens.",
        discussion: """
            The residual stream after each write goes through the final LayerNorm and the unembedding, as if the model \
            stopped there; the last line of a position is the model's own answer, at temperature 1.

              gptstep lens --model austen --position -1
              gptstep lens --model austen --token net --format json

            --token follows one token through all of them: its probability, and its rank from 1. It is the text of one \
            token, with its space where it begins with one, or #ID.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var edits: EditOptions
    @OptionGroup var output: OutputOptions
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only this position (default: all).", valueName: "p"),
        transform: wholeIndex)
    var position: Int?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("How many of the likeliest tokens.", valueName: "n"),
        transform: wholeNumber(from: 1, to: 1000))
    var top = 3
    @Option(parsing: .unconditional, help: ArgumentHelp("The token to follow: its text, or #ID.", valueName: "token"))
    var token: String?

    /// What the stream says at one place.
    private struct Reading {
        let top: [(id: Int, probability: Float)]
        /// Of the followed token.
        let followed: (probability: Float, rank: Int)?
    }

    func run() throws {
        let (model, weights) = try model.openWithWeights()
        let tokens = try prompt.tokens(for: model)
        let place = try position.map { try index($0, below: tokens.count, "position", of: "this prompt") }
        let followed = try token.map { try id(of: $0, model) }
        let (trace, edited) = try compute.trace(model, weights, tokens, edits)
        let (streams, positions) = (trace.program.streams, place.map { [$0] } ?? Array(tokens.indices))
        let progress = Progress("places read")
        var readings: [[Reading]] = []
        for stream in streams {
            // All of it at once, where all of it is read.
            if place == nil { trace.complete([.value(stream)]) }
            readings.append(
                try positions.enumerated().map { done, position in
                    progress.report(readings.count * positions.count + done, of: streams.count * positions.count)
                    return try reading(trace, stream, position, followed, model)
                })
        }
        progress.end()
        let writes = streams.map { trace.program.nodes[$0].address }
        try output.write(
            from: model, text: EditOptions.heading(edited) + text(readings, writes, positions, tokens, followed, model),
            json: json(readings, writes, positions, tokens, followed, model, edited))
    }

    /// The token that is meant: its text, or its id after a #.
    private func id(of text: String, _ model: Model) throws -> Int {
        if text.hasPrefix("#"), let id = Int(text.dropFirst()) { return try model.check([id])[0] }
        let ids = (try? model.tokenizer?.encode(RawText.bytes(text), allowingSpecial: true)) ?? []
        guard ids.count == 1 else {
            let pieces = ids.map(model.label).joined(separator: " ")
            throw UsageError(
                "--token takes one token of \(model.name); \"\(visible(text))\" is \(ids.isEmpty ? "none" : "\(ids.count): \(pieces)"). #ID names any."
            )
        }
        return ids[0]
    }

    private func reading(
        _ trace: Trace, _ stream: Int, _ position: Int, _ followed: Int?, _ model: Model
    ) throws -> Reading {
        trace.complete([.lens(stream: stream, position: position)])
        let logits = try trace.lens(after: stream, at: position)
        let prediction = Prediction(position: position, logits: logits, sampling: .plain)
        guard prediction.token != nil else { throw PredictionError(model: model.name) }
        let shares = prediction.probabilities
        return Reading(
            top: prediction.ranking(top).map { ($0, shares[flat: $0]) },
            followed: followed.map { id in
                let mine = logits[flat: id]
                // Of equal logits the lower id comes first.
                let before = logits.values.enumerated().count { $1 > mine || $1 == mine && $0 < id }
                return (shares[flat: id], before + 1)
            })
    }

    private func text(
        _ readings: [[Reading]], _ writes: [String], _ positions: [Int], _ tokens: [Int], _ followed: Int?,
        _ model: Model
    ) -> String {
        positions.enumerated().map { column, position in
            let rows = writes.indices.map { row in
                let reading = readings[row][column]
                let best = reading.top.flatMap { [model.label($0.id), share($0.probability)] }
                return [writes[row]] + best + (reading.followed.map { [share($0.probability), "\($0.rank)"] } ?? [])
            }
            let count = readings[0][column].top.count
            let heading =
                ["after"] + (1...count).flatMap { ["\($0)", ""] }
                + (followed.map { [model.label($0), "rank"] } ?? [])
            return "position \(position) \(model.label(tokens[position]))\n"
                + table(heading, rows, left: Set([0] + (0..<count).map { 1 + 2 * $0 }))
        }.joined(separator: "\n")
    }

    private func share(_ probability: Float) -> String { Digits.smallPercent(Double(probability)) }

    private func json(
        _ readings: [[Reading]], _ writes: [String], _ positions: [Int], _ tokens: [Int], _ followed: Int?,
        _ model: Model, _ edited: [String]
    ) -> JSON {
        func each(_ make: (Reading) -> JSON) -> JSON { .array(readings.map { .array($0.map(make)) }) }
        return .object([
            ("writes", .array(writes.map(JSON.string))), ("positions", .integers(positions)),
            (
                "top",
                each { reading in
                    .array(
                        reading.top.map {
                            .object([
                                ("id", .integer($0.id)), ("text", .string(model.text([$0.id]))),
                                ("probability", .number(Double($0.probability))),
                            ])
                        })
                }
            ),
            (
                "followed",
                followed.map { id in
                    .object([
                        ("id", .integer(id)), ("text", .string(model.text([id]))),
                        ("probability", each { .number(Double($0.followed?.probability ?? .nan)) }),
                        ("rank", each { .integer($0.followed?.rank ?? 0) }),
                    ])
                } ?? .null
            ),
            ("model", .string(model.name)), ("state", .string(model.state.rawValue)),
            ("edits", .array(edited.map(JSON.string))), ("tokens", .integers(tokens)),
            ("token_texts", .array(tokens.map { .string(model.text([$0])) })),
        ])
    }
}
