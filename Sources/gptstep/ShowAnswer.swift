import Checkpoints
import Foundation
import GPTEngine

/// The part of a value that was asked for, as it is printed.
struct ShowAnswer {
    let node: Node
    let address: String
    private(set) var axes: [Axis]
    private(set) var value: Tensor
    /// All of it, with all its axes.
    private(set) var whole: (value: Tensor, axes: [Axis])
    /// Of an answer whether a token was filtered out; nil for all else.
    private var filteredOut: ((Int) -> Bool)?
    /// What was asked for, or taken where nothing was.
    let head: Int?
    let position: Int?
    /// Whether the numbers are token ids.
    var isTokens: Bool { node.isTokens }
    /// Whether it is a statistic, none of which is ever removed.
    let isStatistic: Bool
    /// How it is computed, in letters; empty for what is kept beside an operation.
    let formula: String
    let model: Model
    let tokens: [Int]
    /// What is changed in the pass.
    let edits: [String]

    init(
        _ quantity: Quantity, of trace: Trace, _ model: Model, _ sampling: Sampling, head: Int?, position: Int?,
        edits: [String] = []
    ) throws {
        self.edits = edits
        node = trace.program.nodes[quantity.node]
        (self.model, tokens) = (model, trace.tokens)
        let T = tokens.count
        address = quantity.address
        isStatistic = quantity.statistic != nil
        formula = isStatistic ? "" : trace.program.formula(of: quantity.node)
        let given = try position.map { try index($0, below: T, "position", of: "this prompt") }
        self.position = given ?? (node.isAnswer ? T - 1 : nil)
        self.head = head.map { $0 < 0 ? $0 + model.configuration.headCount : $0 }
        if node.isAnswer {
            guard head == nil else { throw UsageError("\(address) has no heads.") }
            let place = self.position ?? T - 1
            trace.complete([.answer(place)])
            let prediction = try trace.prediction(at: place, sampling: sampling)
            axes = node.isChoice || isStatistic ? [.position] : [.vocabulary]
            if let statistic = quantity.statistic {
                value = Tensor([1], [statistic == .max ? prediction.max : prediction.sum])
            } else if node.isChoice {
                value = Tensor([1], [Float(try prediction.check(model))])
            } else {
                value =
                    node.isLogits
                    ? prediction.logits : node.givesShares ? prediction.probabilities : prediction.filtered
            }
            whole = (value, axes)
            let filters = !node.isLogits
            if axes == [.vocabulary] { filteredOut = { filters && prediction.isCut($0) } }
            return
        }
        let statistic = quantity.statistic.flatMap { trace.statistic($0, of: quantity.node) }
        value = statistic ?? trace.value(of: quantity.node)
        axes = quantity.statistic.map(node.extent)?.axes ?? node.axes
        whole = (value, axes)
        if let head { try select(head, [.head], "head") }
        if let given { try select(given, [.position, .query], "position") }
    }

    private mutating func select(_ given: Int, _ wanted: Set<Axis>, _ what: String) throws {
        guard let axis = axes.firstIndex(where: wanted.contains) else {
            throw UsageError("\(address) has no \(what)s.")
        }
        value = value.selecting(try index(given, below: value.shape[axis], what, of: address), axis: axis)
        axes.remove(at: axis)
    }

    /// Whether −∞ at a row-major index stands for what was removed: what comes after its query, or was filtered out.
    func isRemoved(_ number: Float, at place: Int) -> Bool {
        guard !isStatistic, number == -.infinity else { return false }
        if let filteredOut { return filteredOut(place) }
        guard node.isCausal else { return false }
        let T = tokens.count
        return place % T > (axes.contains(.query) ? place / T % T : position ?? 0)
    }

    /// Numbers that are NaN or infinite, without what was removed.
    private var notFinite: Int { value.values.enumerated().count { !$1.isFinite && !isRemoved($1, at: $0) } }

    var json: JSON {
        .object([
            ("address", .string(address)), ("shape", .integers(value.shape)),
            ("axes", .array(axes.map { .string($0.rawValue) })),
            ("values", isTokens ? .integers(value.values.map { Int($0) }) : .numbers(value.values)),
            ("not_finite", .integer(notFinite)), ("state", .string(model.state.rawValue)),
            ("model", .string(model.name)), ("tokens", .integers(tokens)),
            ("token_texts", .array(tokens.map { .string(model.text([$0])) })),
            ("head", head.map(JSON.integer) ?? .null),
            ("position", position.map(JSON.integer) ?? .null), ("edits", .array(edits.map(JSON.string))),
        ])
    }

    var text: String {
        let extent = zip(axes, value.shape).map { "\($1) \($0.rawValue)" }.joined(separator: " × ")
        let bad = notFinite
        let heading =
            "\(address)  [\(extent)]  \(model.name)\(model.state == .random ? ", random weights" : "")"
            + (bad > 0 ? "  \(grouped(bad)) NaN or infinite" : "")
            + (edits.isEmpty ? "" : "  EDITED: \(edits.joined(separator: "; "))") + "\n"
        if axes == [.vocabulary] { return heading + vocabulary }
        if isTokens {
            return heading
                + table(
                    ["position", "id", "token"],
                    value.values.enumerated().map { ["\(position ?? $0)", "\(Int($1))", model.label(Int($1))] },
                    left: [2])
        }
        // One table for each head.
        guard value.shape.count == 3, let head = axes.firstIndex(of: .head) else { return heading + rows(value, axes) }
        var rest = axes
        rest.remove(at: head)
        return heading
            + (0..<value.shape[head]).map { "\nhead \($0)\n" + rows(value.selecting($0, axis: head), rest) }.joined()
    }

    private func rows(_ value: Tensor, _ axes: [Axis]) -> String {
        let columns = axes.count > 1 ? value.columnCount : 1
        let names = (0..<value.count / columns).map { row in
            switch axes.first {
            // An answer has one row, that of its position.
            case .position, .query:
                clipped(label(node.isAnswer ? position ?? row : row), to: 24)
            case .head: "head \(row)"
            default: "\(row)"
            }
        }
        // Every scalar of a label is one column wide.
        let width = max(10, names.map(\.unicodeScalars.count).max() ?? 0)
        return names.enumerated().map { row, name in
            let numbers = (row * columns..<(row + 1) * columns).map { number(value[flat: $0], at: $0) }
            return name + String(repeating: " ", count: width - name.unicodeScalars.count) + numbers.joined() + "\n"
        }.joined()
    }

    private func label(_ position: Int) -> String { "\(position) \(model.label(tokens[position]))" }

    private func clipped(_ text: String, to width: Int) -> String {
        let scalars = text.unicodeScalars
        return scalars.count <= width ? text : String(scalars.prefix(width - 1)) + "…"
    }

    private var vocabulary: String {
        let kept = value.largestIndices(20).filter { !isRemoved(value[flat: $0], at: $0) }
        let left = value.count - kept.count
        return table(
            ["id", "token", "value"],
            kept.map { id in
                let number = value[flat: id]
                return ["\(id)", model.label(id), number.isFinite ? "\(number)" : Digits.name(Double(number))]
            }, left: [1])
            + (left > 0 ? "and \(left) more or filtered out; --format json has them all\n" : "")
    }

    private func number(_ value: Float, at place: Int) -> String {
        let text =
            isRemoved(value, at: place)
            ? "masked" : value.isFinite ? String(format: "%.6g", value) : Digits.name(Double(value))
        return String(repeating: " ", count: max(1, 13 - text.unicodeScalars.count)) + text
    }
}
