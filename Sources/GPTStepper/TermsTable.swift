import Foundation
import GPTEngine

/// The rows of a decomposition as a person reads them.
public struct TermsTable {
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
    /// The largest size of a finite row.
    public let largest: Double
    /// Whether the rows add up to the value; a softmax row shows the cell among its neighbours instead.
    public let isSum: Bool

    /// The rows of a frame.
    public init(_ frame: TermsFrame, _ scene: Scene) {
        guard let decomposition = frame.decomposition else {
            (heading, summary, largest, isSum) = ([], "not computed yet", 0, false)
            rows = Rows(order: []) { _ in Row(label: "") }
            return
        }
        let node = scene.stepper.program.nodes[frame.node]
        let isShared = frame.view == .terms && node.givesShares && !decomposition.terms.isEmpty
        let (values, make): ([Double?], (Int) -> Row)
        func list(_ rows: [Row]) -> ([Double?], (Int) -> Row) { (rows.map(\.value), { rows[$0] }) }
        switch frame.view {
        case .parts:
            (values, make) = list(Self.parts(frame, scene))
            heading = []
        case .heads(let part):
            (values, make) = list(Self.heads(frame, part, scene))
            heading = []
        case .channels(let part, let head):
            (values, make) = list(Self.channels(frame, part, head, scene))
            heading = ["written", "per unit"]
        case .terms where isShared:
            (values, make) = list(
                node.isAttention ? Self.neighbours(decomposition, scene) : Self.candidates(decomposition, frame, scene))
            let x = node.isAttention ? "score" : "logit"
            heading = [x, "exp(\(x)−max)", "÷ Σ exp"]
        case .terms:
            (values, make) = (decomposition.terms.map(\.value), { Self.row(decomposition.terms[$0], scene) })
            heading = Self.heading(decomposition, scene)
        }
        isSum = !isShared
        var rows = Rows(order: Array(values.indices), make: make)
        if frame.bySize { rows.order.sort { Self.comes(values[$0], $0, before: values[$1], $1) } }
        if isSum {
            var sum = 0.0
            for place in rows.order {
                sum += values[place] ?? 0
                rows.running.append(sum)
            }
        }
        summary = Self.summary(frame, decomposition, values, sum: isSum ? rows.running.last ?? 0 : nil, scene)
        largest = values.reduce(0) { $1?.isFinite == true ? max($0, abs($1 ?? 0)) : $0 }
        self.rows = rows
    }

    /// The largest by size first; what is not finite before all.
    private static func comes(_ a: Double?, _ i: Int, before b: Double?, _ j: Int) -> Bool {
        func size(_ value: Double?) -> Double { value.map { $0.isFinite ? abs($0) : .infinity } ?? 0 }
        return (size(a), j) > (size(b), i)
    }

    // MARK: Rows

    private static func row(_ term: Term, _ scene: Scene) -> Row {
        var cells = term.operands.map { Digits.short($0.value) }
        if let between = term.between { cells.append(Digits.short(Float(between.value))) }
        // A bias stands under the weights, whose sort it is.
        if term.isShift, cells.count == 1 { cells.insert("", at: 0) }
        return Row(
            label: term.position.map { "key \(scene.name(position: $0))" } ?? term.label, cells: cells,
            value: term.value, targets: term.operands.map(target))
    }

    private static func heading(_ decomposition: Decomposition, _ scene: Scene) -> [String] {
        guard let first = decomposition.terms.first else { return [] }
        // What stands under one heading may be of two sorts, as γ and β.
        let names = first.operands.indices.map { place in
            var seen: [String] = []
            for term in [first, decomposition.terms[decomposition.terms.count - 1]] {
                let column = term.isShift && term.operands.count == 1 ? first.operands.count - 1 : place
                guard column == place, let operand = term.isShift ? term.operands.last : term.operands[place] else {
                    continue
                }
                let name = name(operand, scene)
                if !seen.contains(name) { seen.append(name) }
            }
            return seen.joined(separator: ", ")
        }
        return names + [first.between?.name].compactMap(\.self)
    }

    private static func target(_ operand: Operand) -> Target {
        switch operand.source {
        case .value(let node): .cell(node: node, index: operand.index)
        // What is kept beside an operation is shown beside its row.
        case .statistic(_, let node): .cell(node: node, index: operand.index)
        case .parameter(let name): .weight(name: name, index: operand.index)
        }
    }

    private static func name(_ operand: Operand, _ scene: Scene) -> String {
        switch operand.source {
        case .value(let node): return scene.stepper.program.nodes[node].name
        case .statistic(let statistic, _):
            return statistic == .mean ? "μ" : statistic == .scale ? "σ" : statistic.rawValue
        case .parameter:
            let parts = operand.name.split(separator: ".").filter { $0 != "weight" }
            return parts.first == "h" ? parts.dropFirst(2).joined(separator: ".") : parts.joined(separator: ".")
        }
    }

    /// The keys of a pattern row: how the query's attention is shared out.
    private static func neighbours(_ decomposition: Decomposition, _ scene: Scene) -> [Row] {
        guard let term = decomposition.terms.first, term.operands.count == 3 else { return [] }
        let (head, query) = (decomposition.index[0], decomposition.index[1])
        let source = scene.stepper.program.nodes[decomposition.node].inputs[0]
        guard let scores = scene.value(of: source), let shares = scene.value(of: decomposition.node) else { return [] }
        let max = term.operands[1].value
        return scene.stepper.tokens.indices.map { key in
            let label = "key \(scene.name(position: key))"
            guard key <= query else { return Row(label: label, cells: ["masked"]) }
            let (score, share) = (scores[head, query, key], shares[head, query, key])
            return Row(
                label: label, cells: [score, expf(score - max), share].map(Digits.short), value: Double(share),
                targets: [.cell(node: source, index: [head, query, key])], isSelf: key == decomposition.index[2])
        }
    }

    /// The likeliest tokens around a probability.
    private static func candidates(_ decomposition: Decomposition, _ frame: TermsFrame, _ scene: Scene) -> [Row] {
        guard let source = scene.stepper.program.nodes[decomposition.node].inputs.first,
            let prediction = try? scene.values?.prediction(at: frame.position, sampling: scene.sampling)
        else { return [] }
        let likeliest = prediction.ranking(20)
        let id = decomposition.index[0]
        return (likeliest.contains(id) ? likeliest : likeliest + [id]).map { id in
            let logit = prediction.filtered[flat: id]
            guard !prediction.isCut(id) else { return Row(label: scene.model.label(id), cells: ["filtered out"]) }
            let share = prediction.probabilities[flat: id]
            return Row(
                label: scene.model.label(id), cells: [logit, expf(logit - prediction.max), share].map(Digits.short),
                value: Double(share), targets: [.cell(node: source, index: [id])],
                isSelf: id == decomposition.index[0])
        }
    }

    private static func parts(_ frame: TermsFrame, _ scene: Scene) -> [Row] {
        let program = scene.stepper.program
        if let attribution = frame.attribution {
            return attribution.parts.enumerated().map { place, part in
                let label = part.node.map { TermsFrame.short(program.nodes[$0]) } ?? "β of ln_final"
                // A share is a sum over all channels, so the way leads to these first.
                let target: Target? =
                    part.node == nil
                    ? nil : part.heads.isEmpty ? .channels(part: place, head: nil) : .heads(part: place)
                return Row(label: label, value: part.value, targets: [target].compactMap(\.self))
            }
        }
        return zip(frame.writers(program), frame.written).map { node, value in
            Row(
                label: TermsFrame.short(program.nodes[node]), value: value,
                targets: [.cell(node: node, index: frame.cell)])
        }
    }

    private static func heads(_ frame: TermsFrame, _ place: Int, _ scene: Scene) -> [Row] {
        guard let part = frame.attribution?.parts[place], let node = part.node else { return [] }
        let block = scene.stepper.program.nodes[node].block.map { "L\($0) " } ?? ""
        return part.heads.enumerated().map { head, value in
            Row(label: "\(block)H\(head)", value: value, targets: [.channels(part: place, head: head)])
        } + [Row(label: "\(block)bias of W_O", value: part.bias)]
    }

    /// What a part, or one head of it, wrote to each channel, and what a unit of that adds to the logit.
    private static func channels(_ frame: TermsFrame, _ place: Int, _ head: Int?, _ scene: Scene) -> [Row] {
        guard let attribution = frame.attribution, let source = frame.channelSource(scene.stepper.program),
            let written = frame.channels[source]
        else { return [] }
        let (part, position) = (attribution.parts[place], frame.cell[0])
        let D = scene.configuration.headWidth
        let range = head.map { $0 * D..<($0 + 1) * D } ?? 0..<written.count
        let along = head == nil ? attribution.direction : part.along
        return range.map { channel in
            Row(
                label: "channel \(channel - range.lowerBound)",
                cells: [Digits.short(written[channel]), Digits.short(Float(along[channel]))],
                value: Double(written[channel]) * along[channel],
                targets: [
                    .cell(
                        node: source,
                        index: head.map { [position, $0, channel - range.lowerBound] } ?? [position, channel])
                ])
        }
    }

    // MARK: Words

    private static func summary(
        _ frame: TermsFrame, _ decomposition: Decomposition, _ values: [Double?], sum: Double?, _ scene: Scene
    ) -> String {
        guard let value = decomposition.value else { return "This cell has no value, so nothing adds up to it." }
        guard !decomposition.terms.isEmpty else { return "This is an id: nothing is added up here." }
        guard let sum else {
            return scene.stepper.program.nodes[frame.node].isAttention
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
        let bad = values.count { $0?.isFinite == false }
        if bad > 0 { return "\(count), \(bad) of them NaN or infinite: their sum is no number" }
        var text = "sum of \(count) \(Digits.decimal(sum)) · the value differs by \(Digits.decimal(whole - sum))"
        if let few = Decomposition.concentration(values.compactMap(\.self)) { text += " · " + few }
        if frame.view != .terms, let attribution = frame.attribution {
            text += " · σ = \(Digits.short(attribution.scale)) held fixed"
        }
        return text
    }
}
