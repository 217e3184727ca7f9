public import GPTEngine

/// Which token, head and channel one looks at; it stays when the operation changes.
public struct Selection: Hashable, Sendable {
    /// The token's place in the sequence; for attention the query.
    public var position = 0
    /// The position that is looked at.
    public var key = 0
    /// The attention head.
    public var head = 0
    /// A channel of the residual stream.
    public var channel = 0
    /// A channel of one head.
    public var headChannel = 0
    /// A neuron of the MLP.
    public var neuron = 0
    /// A token id; nil for the likeliest, or for the one that was sampled.
    public var vocabulary: Int?

    /// The beginning of everything.
    public init() {}

    /// The index along an axis of an operation.
    public func index(_ axis: Axis, of node: Node) -> Int {
        switch axis {
        case .position: node.isChoice ? 0 : position
        case .query: position
        case .head: head
        case .key: key
        case .channel: node.axes.contains(.head) ? headChannel : channel
        case .neuron: neuron
        case .vocabulary: vocabulary ?? 0
        }
    }

    /// Sets the index along an axis of an operation.
    mutating func set(_ axis: Axis, of node: Node, to index: Int) {
        switch axis {
        case .position, .query: if !node.isChoice { position = index }
        case .head: head = index
        case .key: key = index
        case .channel: if node.axes.contains(.head) { headChannel = index } else { channel = index }
        case .neuron: neuron = index
        case .vocabulary: vocabulary = index
        }
    }
}

/// The two axes of an operation's value that are seen at a time: rows by columns, for the chosen head.
public struct Plane: Hashable, Sendable {
    /// The axis downward; nil where there is one row.
    public let row: Axis?
    /// The axis to the right; nil where there is one column.
    public let column: Axis?
    /// Rows.
    public let rowCount: Int
    /// Columns.
    public let columnCount: Int

    /// Cells in all.
    public var count: Int { rowCount * columnCount }

    /// The plane of an operation: of what speaks of one answer, a row a token.
    public init(of node: Node) {
        var seen = zip(node.axes, node.shape).filter { $0.0 != .head }
        if node.isAnswer, seen.count > 1 { seen.removeFirst() }
        row = seen.first?.0
        rowCount = seen.first?.1 ?? 1
        column = seen.count > 1 ? seen[1].0 : nil
        columnCount = seen.count > 1 ? seen[1].1 : 1
    }
}
