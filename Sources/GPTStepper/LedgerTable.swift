import Foundation
import GPTEngine

/// The rows of a ledger as a person reads them.
public struct LedgerTable {
    /// Where a row leads.
    public enum Target: Hashable, Sendable {
        /// A cell of another operation.
        case cell(node: Int, index: [Int])
        /// A weight: here the way ends, training made it.
        case weight(name: String, index: [Int])
        /// The heads of a part.
        case heads(part: Int)
        /// The channels of a part, or of one head of it.
        case channels(part: Int, head: Int?)
    }

    /// One row.
    public struct Row {
        /// What it is: a channel, a key, a part.
        public var label: String
        /// The numbers that it was made of.
        public var cells: [String] = []
        /// What it adds; nil where it adds nothing, as what is masked.
        public var value: Double?
        /// The sum of this row and those above it.
        public var running: Double?
        /// Where each operand leads.
        public var targets: [Target] = []
        /// Whether it is the cell itself among its neighbours.
        public var isSelf = false
    }

    /// Rows that are made when they are asked for: there may be thousands, and a screen shows twenty.
    public struct Rows: RandomAccessCollection {
        /// Of each row in the order that is shown its place among the terms, and the sum so far.
        fileprivate var order: [Int]
        fileprivate var running: [Double] = []
        fileprivate let make: (Int) -> Row

        /// The places.
        public var indices: Range<Int> { order.indices }
        /// Before the first.
        public var startIndex: Int { 0 }
        /// After the last.
        public var endIndex: Int { order.count }
        /// The row at a place.
        public subscript(place: Int) -> Row {
            var row = make(order[place])
            if !running.isEmpty { row.running = running[place] }
            return row
        }
    }

    /// What the numbers of a row are called.
    public let heading: [String]
    /// What the rows add up to, and how far that is from the value.
    public let summary: String
    /// All rows, in the order in which they are shown.
    public let rows: Rows
    /// The largest size of a row.
    public let largest: Double
    /// Whether the rows add up to the value; a softmax row shows the cell among its neighbours instead.
    public let isSum: Bool

    /// The rows of a frame.
    public init(_ frame: LedgerFrame, _ scene: Scene) {
        guard let ledger = frame.ledger else {
            (heading, summary, largest, isSum) = ([], "not computed yet", 0, false)
            rows = Rows(order: []) { _ in Row(label: "") }
            return
        }
        let operation = scene.stepper.program.nodes[frame.node].operation
        let (values, make): ([Double?], (Int) -> Row)
        func list(_ rows: [Row]) -> ([Double?], (Int) -> Row) { (rows.map(\.value), { rows[$0] }) }
        switch frame.view {
        case .parts:
            (values, make) = list(Self.parts(frame, scene))
            (heading, isSum) = ([], true)
        case .heads(let part):
            (values, make) = list(Self.heads(frame, part, scene))
            (heading, isSum) = ([], true)
        case .channels(let part, let head):
            (values, make) = list(Self.channels(frame, part, head, scene))
            (heading, isSum) = (["written", "per unit"], true)
        case .terms where operation == .pattern && !ledger.terms.isEmpty:
            (values, make) = list(Self.neighbours(ledger, scene))
            (heading, isSum) = (["score", "exp(score−max)", "÷ Σ exp"], false)
        case .terms where operation == .probabilities && !ledger.terms.isEmpty:
            (values, make) = list(Self.candidates(ledger, frame, scene))
            (heading, isSum) = (["logit", "exp(logit−max)", "÷ Σ exp"], false)
        case .terms:
            (values, make) = (ledger.terms.map(\.value), { Self.row(ledger.terms[$0], operation, scene) })
            heading =
                operation == .mlpPost
                ? ["mlp.pre", "gate"] : Self.heading(ledger, operation, scene)
            isSum = true
        }
        var rows = Rows(order: Array(values.indices), make: make)
        if frame.bySize { rows.order.sort { (abs(values[$0] ?? 0), $1) > (abs(values[$1] ?? 0), $0) } }
        if isSum {
            var sum = 0.0
            for place in rows.order {
                sum += values[place] ?? 0
                rows.running.append(sum)
            }
        }
        summary = Self.summary(frame, ledger, values, sum: isSum ? rows.running.last ?? 0 : nil, scene)
        largest = values.reduce(0) { max($0, abs($1 ?? 0)) }
        self.rows = rows
    }

    // MARK: Rows

    private static func row(_ term: Ledger.Term, _ operation: GPTEngine.Operation, _ scene: Scene) -> Row {
        var cells = term.operands.map { Explanation.short($0.value) }
        if operation == .scores { cells.append(Explanation.short(term.operands.map(\.value).reduce(1, *))) }
        // A bias stands under the weights, whose sort it is.
        if term.isShift, cells.count == 1 { cells.insert("", at: 0) }
        if operation == .mlpPost, let x = term.operands.first?.value, x != 0 {
            cells.append(Explanation.short(Float(term.value) / x))
        }
        return Row(
            label: label(term, operation, scene), cells: cells, value: term.value,
            targets: term.operands.map(target))
    }

    private static func heading(
        _ ledger: Ledger, _ operation: GPTEngine.Operation, _ scene: Scene
    ) -> [String] {
        switch operation {
        case .normOut: ["normalized", "γ and β"]
        case .normalized: ["x and μ", "σ"]
        case .scores:
            ["q", "k", "q·k"]
        default: ledger.terms.first?.operands.map { name($0, scene) } ?? []
        }
    }

    private static func target(_ operand: Ledger.Operand) -> Target {
        switch operand.source {
        case .value(let node): .cell(node: node, index: operand.index)
        // What is kept beside an operation is shown beside its row.
        case .statistic(_, let node): .cell(node: node, index: operand.index)
        case .parameter(let name): .weight(name: name, index: operand.index)
        }
    }

    private static func label(_ term: Ledger.Term, _ operation: GPTEngine.Operation, _ scene: Scene) -> String {
        let index = term.operands.first?.index ?? []
        let last = index.last ?? 0
        switch operation {
        case .normalized: return term.isShift ? "−μ/σ" : "x/σ"
        case .normOut: return term.isShift ? "β" : "normalized·γ"
        case .residual: return term.operands.first.map { name($0, scene) } ?? ""
        case .projection, .mlpPre, .logits, .scores: return term.isShift ? "bias" : "channel \(last)"
        case .attnOut: return term.isShift ? "bias" : "H\(index[1]) channel \(last)"
        case .mlpOut: return term.isShift ? "bias" : "neuron \(last)"
        case .z: return "key \(scene.name(position: last))"
        case .embed, .posEmbed: return "row \(index.first ?? 0)"
        case .maskedScores, .filteredLogits, .mlpPost: return term.operands.first.map { name($0, scene) } ?? ""
        case .tokens, .pattern, .probabilities, .nextToken: return ""
        }
    }

    private static func name(_ operand: Ledger.Operand, _ scene: Scene) -> String {
        if case .value(let node) = operand.source { return Scene.name(scene.stepper.program.nodes[node]) }
        let parts = operand.name.split(separator: ".").filter { $0 != "weight" }
        return parts.first == "h" ? parts.dropFirst(2).joined(separator: ".") : parts.joined(separator: ".")
    }

    /// The keys of a pattern row: how the query's attention is shared out.
    private static func neighbours(_ ledger: Ledger, _ scene: Scene) -> [Row] {
        guard let term = ledger.terms.first, term.operands.count == 3, let trace = scene.trace else { return [] }
        let (head, query) = (ledger.index[0], ledger.index[1])
        let source = scene.stepper.program.nodes[ledger.node].inputs[0]
        let scores = trace.value(of: source)
        let (max, shares) = (term.operands[1].value, trace.value(of: ledger.node))
        return scene.stepper.tokens.indices.map { key in
            let label = "key \(scene.name(position: key))"
            guard key <= query else { return Row(label: label, cells: ["masked"]) }
            let score = scores[head, query, key]
            let share = shares[head, query, key]
            return Row(
                label: label, cells: [score, expf(score - max), share].map(Explanation.short), value: Double(share),
                targets: [.cell(node: source, index: [head, query, key])], isSelf: key == ledger.index[2])
        }
    }

    /// The likeliest tokens around a probability.
    private static func candidates(_ ledger: Ledger, _ frame: LedgerFrame, _ scene: Scene) -> [Row] {
        guard let trace = scene.trace, let source = scene.stepper.program.nodes[ledger.node].inputs.first else {
            return []
        }
        let prediction = trace.prediction(at: frame.position, sampling: scene.sampling)
        let likeliest = prediction.ranking(20)
        let ids = likeliest.contains(ledger.index[0]) ? likeliest : likeliest + [ledger.index[0]]
        return ids.map { id in
            let logit = prediction.filtered[flat: id]
            guard logit != -.infinity else { return Row(label: scene.model.label(id), cells: ["cut"]) }
            let share = prediction.probabilities[flat: id]
            return Row(
                label: scene.model.label(id),
                cells: [logit, expf(logit - prediction.max), share].map(Explanation.short),
                value: Double(share), targets: [.cell(node: source, index: [id])],
                isSelf: id == ledger.index[0])
        }
    }

    private static func parts(_ frame: LedgerFrame, _ scene: Scene) -> [Row] {
        let program = scene.stepper.program
        if let attribution = frame.attribution {
            return attribution.parts.enumerated().map { place, part in
                let label = part.node.map { LedgerFrame.short(program.nodes[$0]) } ?? "β of ln_final"
                // A share is a sum over all channels, so the way leads to these first.
                let target: Target? =
                    part.node == nil
                    ? nil : part.heads.isEmpty ? .channels(part: place, head: nil) : .heads(part: place)
                return Row(label: label, value: part.value, targets: [target].compactMap(\.self))
            }
        }
        return zip(frame.writers(program), frame.written).map { node, value in
            Row(
                label: LedgerFrame.short(program.nodes[node]), value: value,
                targets: [.cell(node: node, index: frame.cell)])
        }
    }

    private static func heads(_ frame: LedgerFrame, _ place: Int, _ scene: Scene) -> [Row] {
        guard let part = frame.attribution?.parts[place], let node = part.node else { return [] }
        let block = scene.stepper.program.nodes[node].block.map { "L\($0) " } ?? ""
        return part.heads.enumerated().map { head, value in
            Row(label: "\(block)H\(head)", value: value, targets: [.channels(part: place, head: head)])
        } + [Row(label: "\(block)bias of W_O", value: part.bias)]
    }

    /// What a part, or one head of it, wrote to each channel, and what a unit of that adds to the logit.
    private static func channels(_ frame: LedgerFrame, _ place: Int, _ head: Int?, _ scene: Scene) -> [Row] {
        guard let attribution = frame.attribution, let node = attribution.parts[place].node, let trace = scene.trace
        else { return [] }
        let (part, position) = (attribution.parts[place], frame.cell[0])
        func row(_ source: Int, _ index: [Int], _ written: Float, _ along: Double) -> Row {
            Row(
                label: "channel \(index.last ?? 0)",
                cells: [Explanation.short(written), Explanation.short(Float(along))], value: Double(written) * along,
                targets: [.cell(node: source, index: index)])
        }
        guard let head else {
            let written = trace.value(of: node).row(position)
            return written.indices.map { row(node, [position, $0], written[$0], attribution.direction[$0]) }
        }
        let z = scene.stepper.program.nodes[node].inputs[0]
        let (value, D) = (trace.value(of: z), scene.configuration.headWidth)
        return (0..<D).map { row(z, [position, head, $0], value[position, head, $0], part.along[head * D + $0]) }
    }

    // MARK: Words

    private static func summary(
        _ frame: LedgerFrame, _ ledger: Ledger, _ values: [Double?], sum: Double?, _ scene: Scene
    ) -> String {
        guard let value = ledger.value else { return "This cell has no value, so nothing adds up to it." }
        guard !ledger.terms.isEmpty else { return "This is an id: nothing is added up here." }
        guard let sum else {
            return frame.node < scene.stepper.program.logitsIndex
                ? "The shares of one row add up to 1; ◆ marks this cell."
                : "The likeliest of \(scene.configuration.vocabularySize); all shares add up to 1; ◆ marks this token."
        }
        let whole: Double =
            switch frame.view {
            case .heads(let part), .channels(let part, nil): frame.attribution?.parts[part].value ?? 0
            case .channels(let part, let head?): frame.attribution?.parts[part].heads[head] ?? 0
            case .terms, .parts: Double(value)
            }
        let count = "\(values.count) term\(values.count == 1 ? "" : "s")"
        if frame.view != .terms, frame.needsWork(scene.stepper.program) { return "\(count) so far; computing the rest" }
        var text = "sum of \(count) \(Ledger.decimal(sum)) · the value differs by \(Ledger.decimal(whole - sum))"
        if let few = Ledger.concentration(values.compactMap(\.self)) { text += " · " + few }
        if frame.view != .terms, let attribution = frame.attribution {
            text += " · σ = \(Explanation.short(attribution.scale)) held fixed"
        }
        return text
    }
}
