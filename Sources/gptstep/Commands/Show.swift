import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import GPTStepper

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the value of one operation.",
        discussion: """
            An address is what `gptstep ops` lists, or a TransformerLens hook name; statistics such as \
            blocks.0.ln1.scale and blocks.0.attn.row_max have addresses too.

              gptstep show blocks.0.attn.pattern --head 1
              gptstep show blocks.2.mlp.post CBABBC --position 5 --format json
              gptstep show probabilities --position 8 CBABBCABB

            --head, --position and --cell count from 0, and from the end with -1 for the last.

            --cell gives one number and the terms that add up to it, each with its operands; of a logit also what every \
            block and head wrote toward it. --lens gives what the model would answer if it stopped at a residual stream.

              gptstep show blocks.0.attn.pattern --cell 1,4,2
              gptstep show logits --cell 5,0
              gptstep show blocks.1.resid_mid --lens

            --format svg and md write a figure: a picture whose cells say their numbers, or tables for a text.

              gptstep show blocks.0.attn.pattern --format svg -o pattern.svg
            """)

    @Argument(help: "The operation, as blocks.0.attn.pattern.")
    var address: String
    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var edits: EditOptions
    @OptionGroup var output: FigureOptions
    @Option(parsing: .unconditional, help: ArgumentHelp("Only this head.", valueName: "h"), transform: wholeIndex)
    var head: Int?
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only this position; for scores the query.", valueName: "p"),
        transform: wholeIndex)
    var position: Int?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("One cell by its full index, and how it came about.", valueName: "i,j,…"),
        transform: wholeNumbers)
    var cell: [Int]?
    @Flag(help: "What the model would answer if it stopped at this residual stream: the logit lens.")
    var lens = false

    func validate() throws {
        if cell != nil, head != nil || position != nil || lens {
            throw ValidationError("--cell is a whole index: it goes without --head, --position and --lens.")
        }
        if case .figure(let exporter) = output.format, cell != nil || lens {
            throw ValidationError("--format \(exporter.name) draws an operation: it goes without --cell and --lens.")
        }
        if lens, head != nil { throw ValidationError("--lens speaks of all heads: it goes without --head.") }
    }

    func run() throws {
        let (model, weights) = try model.openWithWeights()
        let tokens = try prompt.tokens(for: model)
        let (trace, edited) = try compute.trace(model, weights, tokens, edits)
        guard let quantity = try quantity(trace) else { return try showExpression(model, tokens) }
        var sampling = model.sampling
        sampling.seed = self.model.seed
        if let cell { return try showCell(cell, quantity, trace, model, sampling) }
        if lens { return try showLens(quantity, trace, model) }
        let answer = try ShowAnswer(quantity, of: trace, model, sampling, head: head, position: position, edits: edited)
        try output.write(from: model, text: answer.text, json: answer.json, figure: answer.figure)
    }
}

extension Show {
    /// What the address speaks of; nil where it is an expression of the language.
    private func quantity(_ trace: Trace) throws -> Quantity? {
        do { return try trace.program.quantity(at: address) } catch {
            guard let expression = try? Expression(address), cell == nil, head == nil, position == nil, !lens else {
                throw error
            }
            // A bare name that is none keeps the error that knows all addresses.
            if case .name = expression, !address.contains("*"), !address.hasPrefix("L"), !address.hasPrefix("W_"),
                !expression.isWord
            {
                throw error
            }
            return nil
        }
    }

    /// The value of an expression.
    private func showExpression(_ model: Model, _ tokens: [Int]) throws {
        var session = try Session(
            model: model, tokens: tokens, sampling: model.sampling, weightSeed: self.model.seed, memory: compute.apply()
        )
        try edits.apply(to: &session)
        try session.run("print \(address)")
        while session.act() {}
        for answer in session.takeAnswers() {
            if case .error(let error) = answer.content { throw error }
            try output.write(
                from: model, text: answer.text(model) + "\n",
                json: .object([
                    ("expression", .string(address)), ("value", answer.value(model) ?? .null),
                    ("model", .string(model.name)),
                    ("state", .string(model.state.rawValue)), ("tokens", .integers(tokens)),
                    ("edits", .array(session.edits.active.map { .string($0.form.text) })),
                ]))
        }
    }

    /// One number and where it comes from.
    private func showCell(
        _ cell: [Int], _ quantity: Quantity, _ trace: Trace, _ model: Model, _ sampling: Sampling
    ) throws {
        let node = trace.program.nodes[quantity.node]
        guard quantity.statistic == nil else {
            throw UsageError("\(quantity.address) is kept beside an operation: --cell goes with an operation.")
        }
        let place = Cell(trace, quantity.node, try self.index(cell, node), sampling: sampling)
        trace.complete(place.wanted)
        let answer = TermsOutput(
            terms: try Decomposition(place),
            attribution: node.isLogits ? try attribution(of: place.index[1], at: place.index[0], trace) : nil,
            model: model, divisor: (node.operation as? Scores)?.divisor, isToken: node.isTokens)
        try output.write(from: model, text: answer.text, json: answer.json)
    }

    /// What every part contributed to a logit; nil where that is no number.
    private func attribution(of token: Int, at position: Int, _ trace: Trace) throws -> Attribution {
        trace.complete(Attribution.wanted(nil, at: position, trace))
        var result = try Attribution(of: token, at: position, trace)
        repeat { trace.complete(Attribution.wanted(result, at: position, trace)) } while try result.extend(trace)
        return result
    }

    /// A whole index from the beginning of each axis.
    private func index(_ cell: [Int], _ node: Node) throws -> [Int] {
        let index = zip(cell, node.shape).map { $0 < 0 ? $0 + $1 : $0 }
        guard cell.count == node.shape.count, zip(index, node.shape).allSatisfy({ (0..<$1).contains($0) }) else {
            let extent = zip(node.axes, node.shape).map { "\($0.rawValue) 0 to \($1 - 1)" }.joined(separator: ", ")
            let given = visible(cell.map(String.init).joined(separator: ","))
            throw UsageError("There is no cell \(given): \(node.address) has \(extent), or -1 for the last of each.")
        }
        return index
    }

    /// The tokens that a stream already says.
    private func showLens(_ quantity: Quantity, _ trace: Trace, _ model: Model) throws {
        guard quantity.statistic == nil, trace.program.streams.contains(quantity.node) else {
            throw UsageError(
                "--lens reads the residual stream: give an address such as blocks.0.resid_mid or blocks.0.resid_post.")
        }
        let last = trace.tokens.count - 1
        let position = try gptstep.index(position ?? last, below: last + 1, "position", of: "this prompt")
        trace.complete([.lens(stream: quantity.node, position: position)])
        let logits = try trace.lens(after: quantity.node, at: position)
        let prediction = Prediction(position: position, logits: logits, sampling: .plain)
        try prediction.check(model)
        let ids = prediction.ranking(20)
        try output.write(
            from: model,
            text:
                "\(quantity.address), position \(position) \(model.label(trace.tokens[position])): the answer if the model stopped here\n"
                + table(
                    ["id", "token", "logit", "probability"],
                    ids.map {
                        [
                            "\($0)", model.label($0), "\(prediction.logits[flat: $0])",
                            String(format: "%.4f", prediction.probabilities[flat: $0]),
                        ]
                    }, left: [1]),
            json: .object([
                ("address", .string(quantity.address)), ("position", .integer(position)),
                ("logits", .numbers(prediction.logits.values)),
                (
                    "tokens",
                    .array(
                        ids.map {
                            .object([
                                ("id", .integer($0)), ("text", .string(model.text([$0]))),
                                ("probability", .number(Double(prediction.probabilities[flat: $0]))),
                            ])
                        })
                ), ("state", .string(model.state.rawValue)),
            ]))
    }
}

/// Reads whole numbers with commas between them.
@Sendable private func wholeNumbers(_ text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let number = Int(part.trimmingCharacters(in: .whitespaces)), number > -(1 << 40) else {
            throw UsageError("whole numbers with commas between them are expected.")
        }
        return number
    }
}
