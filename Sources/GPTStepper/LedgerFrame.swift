public import GPTEngine

/// One level of a back-trace: a cell, what is known of how it came about, and which row is chosen.
public struct LedgerFrame: Sendable {
    /// What the rows are.
    public enum View: Hashable, Sendable {
        /// The terms of the operation itself.
        case terms
        /// What every part of the model wrote to the stream, or toward the logit.
        case parts
        /// The heads of one of these parts, by place.
        case heads(part: Int)
        /// The channels that one of these parts wrote, of attention those of one head.
        case channels(part: Int, head: Int?)
    }

    /// The operation, by index.
    public let node: Int
    /// The cell, axis by axis.
    public let cell: [Int]
    /// The position that is read, for operations after the logits.
    public let position: Int
    /// What the cell is called.
    public let name: String
    /// Whether what was written to the stream can be listed for this cell.
    public let hasParts: Bool
    /// What the rows are.
    public var view = View.terms
    /// The chosen row.
    public var place = 0
    /// The operand of the chosen row that Enter leads to.
    public var operand = 0
    /// Whether the largest terms come first, as they do in long sums of products with weights.
    public var bySize: Bool
    /// Whether they did at first.
    public let startsBySize: Bool
    /// How the cell came about, once its numbers are there.
    public var ledger: Ledger?
    /// What each part wrote, as far as it is known.
    public var attribution: Attribution?
    /// What each writer of the stream added to the cell, as far as it is known.
    public var written: [Double] = []

    /// The selected cell of a scene.
    public init(_ scene: Scene) {
        node = scene.stepper.index
        cell = scene.cellIndex
        position = scene.selection.position
        name = Explanation.name(scene)
        hasParts = scene.node.operation == .logits || scene.stepper.program.streams.contains(node)
        place = scene.node.operation == .pattern ? cell[2] : 0
        startsBySize = scene.node.reads.contains { $0.parameter.shape.count == 2 }
        bySize = startsBySize
    }

    /// What the rows that are shown are a share of, from the outside in: of a logit a part, and of a part a head.
    public func shares(_ program: Program) -> [(name: String, value: Double)] {
        func share(_ place: Int) -> [(name: String, value: Double)] {
            guard let part = attribution?.parts[place], let node = part.node else { return [] }
            return [(Self.short(program.nodes[node]), part.value)]
        }
        switch view {
        case .terms, .parts: return []
        case .heads(let part), .channels(let part, nil): return share(part)
        case .channels(let place, let head?):
            guard let part = attribution?.parts[place] else { return [] }
            let block = part.node.flatMap { program.nodes[$0].block }.map { "L\($0) " } ?? ""
            return share(place) + [("\(block)H\(head)", part.heads[head])]
        }
    }

    /// An operation with its block: `L3 mlp.out`.
    static func short(_ node: Node) -> String { (node.block.map { "L\($0) " } ?? "") + Scene.name(node) }

    /// The writers of the stream up to this cell's operation.
    func writers(_ program: Program) -> [Int] { program.streamWriters.filter { $0 < node } }

    /// Whether something is still to be computed for the rows.
    public func needsWork(_ program: Program) -> Bool {
        if ledger == nil { return true }
        guard view != .terms else { return false }
        if program.nodes[node].operation == .logits {
            return (attribution?.parts.count ?? 0) <= program.streamWriters.count
        }
        return written.count < writers(program).count
    }

    /// Computes one piece of what is missing.
    public mutating func work(_ trace: Trace, _ sampling: Sampling) {
        let program = trace.program
        guard ledger != nil else {
            if trace.computeNext(toward: node) { return }
            ledger = trace.ledger(of: node, at: cell, position: position, sampling: sampling)
            return
        }
        let writers = writers(program)
        if program.nodes[node].operation == .logits {
            var known = attribution ?? trace.emptyAttribution(of: cell[1], at: cell[0])
            if known.parts.count < writers.count, trace.computeNext(toward: writers[known.parts.count]) { return }
            _ = trace.extend(&known)
            attribution = known
        } else if written.count < writers.count {
            let writer = writers[written.count]
            if trace.computeNext(toward: writer) { return }
            written.append(Double(trace.value(of: writer)[cell[0], cell[1]]))
        }
    }
}
