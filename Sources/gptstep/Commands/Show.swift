import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine

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
            """)

    @Argument(help: "The operation, as blocks.0.attn.pattern.")
    var address: String
    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var output: OutputOptions
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
        if lens, head != nil { throw ValidationError("--lens speaks of all heads: it goes without --head.") }
    }

    func run() throws {
        let (model, weights) = try model.openWithWeights()
        let tokens = try prompt.tokens(for: model)
        let trace = try compute.trace(model, weights, tokens)
        let quantity = try trace.program.quantity(at: address)
        var sampling = model.sampling
        sampling.seed = self.model.seed
        if let cell { return try showCell(cell, quantity, trace, model, sampling) }
        if lens { return try showLens(quantity, trace, model) }
        let answer = try Answer(quantity, of: trace, model: model, sampling: sampling, head: head, position: position)
        try output.write(
            from: model, text: answer.text(model: model, tokens: tokens),
            json: .object([
                ("address", .string(answer.address)), ("shape", .integers(answer.value.shape)),
                ("axes", .array(answer.axes.map { .string($0.rawValue) })),
                (
                    "values",
                    answer.isTokens ? .integers(answer.value.values.map { Int($0) }) : .numbers(answer.value.values)
                ),
                ("state", .string(model.state.rawValue)),
            ]))
    }
}

extension Show {
    /// One number and where it comes from.
    private func showCell(
        _ cell: [Int], _ quantity: Quantity, _ trace: Trace, _ model: Model, _ sampling: Sampling
    ) throws {
        let node = trace.program.nodes[quantity.node]
        guard quantity.statistic == nil else {
            throw UsageError("\(quantity.address) is kept beside an operation: --cell goes with an operation.")
        }
        let cell = try self.index(cell, node)
        if quantity.node >= trace.program.logitsIndex {
            try trace.prediction(at: trace.tokens.count - 1, sampling: sampling).check(model)
        }
        let answer = LedgerOutput(
            ledger: trace.ledger(of: quantity.node, at: cell, sampling: sampling),
            attribution: node.operation == .logits ? trace.attribution(of: cell[1], at: cell[0]) : nil, model: model,
            divisor: node.operation == .scores
                ? trace.program.configuration.scoreDivisor(block: node.block ?? 0) : nil)
        try output.write(from: model, text: answer.text, json: answer.json)
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
        let prediction = Prediction(
            position: position, logits: trace.lens(after: quantity.node, at: position), sampling: .plain)
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

/// The part of a value that was asked for.
private struct Answer {
    let address: String
    var axes: [Axis]
    var value: Tensor
    /// The position that was asked for, where the value has no axis for it any more.
    private let position: Int?
    /// Whether the numbers are token ids.
    let isTokens: Bool
    /// What an infinite number means here.
    private let absent: String

    init(
        _ quantity: Quantity, of trace: Trace, model: Model, sampling: Sampling, head: Int?, position: Int?
    ) throws {
        let node = trace.program.nodes[quantity.node]
        let T = trace.tokens.count
        let position = try position.map { try index($0, below: T, "position", of: "this prompt") }
        address = quantity.address
        self.position = position ?? (node.operation == .nextToken ? T - 1 : nil)
        isTokens = [.tokens, .nextToken].contains(node.operation)
        absent = node.operation == .filteredLogits ? "cut" : "masked"

        if quantity.node >= trace.program.logitsIndex {
            guard head == nil else { throw UsageError("\(address) has no heads.") }
            let prediction = trace.prediction(at: position ?? T - 1, sampling: sampling)
            if node.operation == .nextToken { try prediction.check(model) }
            axes = node.operation == .nextToken || quantity.statistic != nil ? [.position] : [.vocabulary]
            value =
                switch (node.operation, quantity.statistic) {
                case (_, .max): Tensor([1], [prediction.max])
                case (_, .sum): Tensor([1], [prediction.sum])
                case (.logits, _): prediction.logits
                case (.filteredLogits, _): prediction.filtered
                case (.probabilities, _): prediction.probabilities
                default: Tensor([1], [Float(prediction.token)])
                }
            return
        }
        value = quantity.statistic.flatMap { trace.statistic($0, of: quantity.node) } ?? trace.value(of: quantity.node)
        axes = quantity.statistic.map { node.extent(of: $0).axes } ?? node.axes
        if let head { try select(head, [.head], "head") }
        if let position { try select(position, [.position, .query], "position") }
    }

    private mutating func select(_ given: Int, _ wanted: Set<Axis>, _ what: String) throws {
        guard let axis = axes.firstIndex(where: wanted.contains) else {
            throw UsageError("\(address) has no \(what)s.")
        }
        value = value.selecting(try index(given, below: value.shape[axis], what, of: address), axis: axis)
        axes.remove(at: axis)
    }

    func text(model: Model, tokens: [Int]) -> String {
        let extent = zip(axes, value.shape).map { "\($1) \($0.rawValue)" }.joined(separator: " × ")
        let heading = "\(address)  [\(extent)]  \(model.name)\(model.state == .random ? ", random weights" : "")\n"
        if axes == [.vocabulary] { return heading + vocabulary(model) }
        if isTokens {
            return heading
                + table(
                    ["position", "id", "token"],
                    value.values.enumerated().map { ["\(position ?? $0)", "\(Int($1))", model.label(Int($1))] },
                    left: [2])
        }
        guard value.shape.count == 3 else { return heading + rows(value, axes, model, tokens) }
        // One table for each head.
        guard let head = axes.firstIndex(of: .head) else { return heading + rows(value, axes, model, tokens) }
        var rest = axes
        rest.remove(at: head)
        return heading
            + (0..<value.shape[head]).map {
                "\nhead \($0)\n" + rows(value.selecting($0, axis: head), rest, model, tokens)
            }.joined()
    }

    private func rows(_ value: Tensor, _ axes: [Axis], _ model: Model, _ tokens: [Int]) -> String {
        let columns = axes.count > 1 ? value.columnCount : 1
        let names = (0..<value.count / columns).map { row in
            switch axes.first {
            case .position, .query: clipped("\(row) \(model.label(tokens[row]))", to: 24)
            case .head: "head \(row)"
            default: "\(row)"
            }
        }
        // Every scalar of a label is one column wide.
        let width = max(10, names.map(\.unicodeScalars.count).max() ?? 0)
        return names.enumerated().map { row, name in
            let numbers = (0..<columns).map { number(value[flat: row * columns + $0]) }
            return name + String(repeating: " ", count: width - name.unicodeScalars.count) + numbers.joined() + "\n"
        }.joined()
    }

    private func clipped(_ text: String, to width: Int) -> String {
        let scalars = text.unicodeScalars
        return scalars.count <= width ? text : String(scalars.prefix(width - 1)) + "…"
    }

    private func vocabulary(_ model: Model) -> String {
        let kept = value.largestIndices(20).filter { value[flat: $0] != -.infinity }
        let left = value.count - kept.count
        return table(
            ["id", "token", "value"], kept.map { ["\($0)", model.label($0), "\(value[flat: $0])"] }, left: [1])
            + (left > 0 ? "and \(left) more or cut; --format json has them all\n" : "")
    }

    private func number(_ value: Float) -> String {
        let text = value == -.infinity ? absent : value.isFinite ? String(format: "%.6g", value) : "\(value)"
        return String(repeating: " ", count: max(1, 13 - text.count)) + text
    }
}
