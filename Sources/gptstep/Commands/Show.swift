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
            """)

    @Argument(help: "The operation, as blocks.0.attn.pattern.")
    var address: String
    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("Only this head, counted from 0.", valueName: "h"))
    var head: Int?
    @Option(help: ArgumentHelp("Only this position, counted from 0; for scores the query.", valueName: "p"))
    var position: Int?

    func run() throws {
        let (model, weights) = try model.openWithWeights()
        let tokens = try prompt.tokens(for: model)
        let trace = try compute.trace(model, weights, tokens)
        let quantity = try trace.program.quantity(at: address)
        var sampling = model.sampling
        sampling.seed = self.model.seed
        let answer = try Answer(quantity, of: trace, model: model, sampling: sampling, head: head, position: position)
        try output.write(
            text: answer.text(model: model, tokens: tokens),
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
        if let position, position < 0 || position >= T {
            throw UsageError("There is no position \(position): this prompt has the positions 0 to \(T - 1).")
        }
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

    private mutating func select(_ index: Int, _ wanted: Set<Axis>, _ what: String) throws {
        guard let axis = axes.firstIndex(where: wanted.contains) else {
            throw UsageError("\(address) has no \(what)s.")
        }
        guard index >= 0, index < value.shape[axis] else {
            throw UsageError("There is no \(what) \(index): \(address) has the \(what)s 0 to \(value.shape[axis] - 1).")
        }
        value = value.selecting(index, axis: axis)
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
        return (0..<value.count / columns).map { row in
            let name =
                switch axes.first {
                case .position, .query: "\(row) \(model.label(tokens[row]))"
                case .head: "head \(row)"
                default: "\(row)"
                }
            let numbers = (0..<columns).map { number(value[flat: row * columns + $0]) }
            return name.padding(toLength: 10, withPad: " ", startingAt: 0) + numbers.joined() + "\n"
        }.joined()
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
