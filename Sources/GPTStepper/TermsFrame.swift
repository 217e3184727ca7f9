public import GPTEngine

/// One level of a back-trace: a cell, what is known of how it came about, and which row is chosen.
public struct TermsFrame: Sendable {
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
    public private(set) var decomposition: Decomposition?
    /// What each part wrote, as far as it is known.
    public private(set) var attribution: Attribution?
    /// What each writer of the stream added to the cell, as far as it is known.
    public private(set) var written: [Double] = []
    /// What a part, or a head of it, wrote, by the operation that holds it: read once for the rows that need it.
    private(set) var channels: [Int: [Float]] = [:]

    /// The selected cell of a scene.
    public init(_ scene: Scene) {
        node = scene.stepper.index
        cell = scene.cellIndex
        position = scene.selection.position
        name = Explanation.name(scene)
        hasParts = scene.node.isLogits || scene.stepper.program.streams.contains(node)
        place = scene.node.isAttention && scene.node.givesShares ? cell[2] : 0
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
    static func short(_ node: Node) -> String { (node.block.map { "L\($0) " } ?? "") + node.name }

    /// The writers of the stream up to this cell's operation.
    func writers(_ program: Program) -> [Int] { program.streamWriters.filter { $0 < node } }

    /// The operation whose row the shown channels are, by index; nil where no channels are shown.
    func channelSource(_ program: Program) -> Int? {
        guard case .channels(let part, let head) = view, let writer = attribution?.parts[part].node else { return nil }
        return head == nil ? writer : program.nodes[writer].inputs[0]
    }

    /// Whether something is still to be computed for the rows.
    public func needsWork(_ program: Program) -> Bool {
        if decomposition == nil { return true }
        guard view != .terms else { return false }
        if let source = channelSource(program), channels[source] == nil { return true }
        if program.nodes[node].isLogits {
            return (attribution?.parts.count ?? 0) <= program.streamWriters.count
        }
        return written.count < writers(program).count
    }

    /// Computes one piece of what is missing; false when all is there, or cannot be had.
    public mutating func work(_ values: any Values, _ sampling: Sampling) -> Bool {
        let program = values.program
        guard needsWork(program) else { return false }
        let cell = Cell(values, node, cell, position: position, sampling: sampling)
        guard decomposition != nil else {
            let wanted = cell.wanted + (cell.node.givesShares && !cell.node.isAnswer ? [.value(node)] : [])
            if values.work(toward: wanted) { return true }
            decomposition = try? Decomposition(cell)
            return decomposition != nil
        }
        if let source = channelSource(program), channels[source] == nil {
            let row = self.cell[0]..<self.cell[0] + 1
            if values.work(toward: [.rows(source, row)]) { return true }
            channels[source] = (try? values.peek(source, rows: row))?.row(self.cell[0])
            return channels[source] != nil
        }
        do throws(Absence) {
            return try program.nodes[node].isLogits ? attribute(values) : listWrites(values)
        } catch { return false }
    }

    private mutating func attribute(_ values: any Values) throws(Absence) -> Bool {
        if values.work(toward: Attribution.wanted(attribution, at: cell[0], values)) { return true }
        guard var known = attribution else {
            attribution = try Attribution(of: cell[1], at: cell[0], values)
            return true
        }
        let isMore = try known.extend(values)
        attribution = known
        return isMore
    }

    private mutating func listWrites(_ values: any Values) throws(Absence) -> Bool {
        let writer = writers(values.program)[written.count]
        let row = cell[0]..<cell[0] + 1
        if values.work(toward: [.rows(writer, row)]) { return true }
        written.append(Double(try values.peek(writer, rows: row).row(cell[0])[cell[1]]))
        return true
    }
}

extension Node {
    /// Whether it is the logits.
    public var isLogits: Bool { isAnswer && axes.count == 2 }
}
