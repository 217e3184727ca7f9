/// The forward pass as a list of operations in the order in which they run.
///
/// ```swift
/// let program = Program.gpt2(try Configuration(layerCount: 12, headCount: 12, width: 768, contextLength: 1024, vocabularySize: 50257), tokenCount: 4)
/// program.nodes.count  // 214
/// program.nodes[try program.quantity(at: "blocks.0.attn.pattern").node].shape  // [12, 4, 4]
/// ```
public struct Program: Sendable {
    /// The shape of the model.
    public let configuration: Configuration
    /// Tokens in the pass, `T`.
    public let tokenCount: Int
    /// The operations; `10 + 17·blocks` of them.
    public private(set) var nodes: [Node] = []
    /// The index of the `logits` operation: all before it speak of every position, it and what follows of one.
    public private(set) var logitsIndex = 0

    /// An empty program; ``Program/gpt2(_:tokenCount:)`` fills one.
    init(configuration: Configuration, tokenCount: Int) {
        self.configuration = configuration
        self.tokenCount = tokenCount
    }

    /// Appends an operation and returns its index.
    ///
    /// - Parameters:
    ///   - name: its address within its block.
    ///   - hook: its TransformerLens hook name within its block.
    mutating func append(
        _ operation: any Mathematics, _ name: String, hook: String? = nil, _ role: Node.Role, at place: String = "",
        from inputs: [Int] = [], reads: [Node.Read] = []
    ) -> Int {
        let extents = inputs.map { nodes[$0].extent }
        let extent = operation.extent(extents, reads, tokenCount: tokenCount)
        if role.subLayer == .answer, logitsIndex == 0 { logitsIndex = nodes.count }
        nodes.append(
            Node(
                address: place + name, name: name, hook: hook.map { place + $0 }, operation: operation, role: role,
                extent: extent, inputs: inputs, reads: reads, flops: operation.flops(extent, extents, reads)))
        return nodes.count - 1
    }

    /// Parameters of all operations together.
    public var parameterCount: Int { nodes.reduce(0) { $0 + $1.parameterCount } }
    /// Bytes that the values of the pass take when all are kept; logits are kept for one position.
    public var valueBytes: Int { nodes.prefix(logitsIndex).reduce(0) { $0 + 4 * $1.elementCount } }
    /// The bytes that the greediest operation takes together with what it reads.
    public var workingBytes: Int {
        nodes.prefix(logitsIndex).reduce(0) { most, node in
            max(most, 4 * node.inputs.reduce(node.elementCount) { $0 + nodes[$1].elementCount })
        }
    }

    /// The operation of that name in a block; nil for none.
    public func index(_ name: String, block: Int? = nil) -> Int? {
        nodes.firstIndex { $0.name == name && $0.block == block }
    }

    /// The operations whose results are added to the residual stream, in order.
    public var streamWriters: [Int] { nodes.indices.filter { nodes[$0].role.stream == .writes } }

    /// The operations that hold the residual stream after something was added to it, in order.
    public var streams: [Int] { nodes.indices.filter { nodes[$0].role.stream == .holds } }

    /// Of each operation whether a change of some of them, or of what they read, can change it.
    public func downstream(of changed: Set<Int>) -> [Bool] {
        var isChanged = nodes.indices.map(changed.contains)
        for index in nodes.indices where !isChanged[index] {
            isChanged[index] = nodes[index].inputs.contains { isChanged[$0] }
        }
        return isChanged
    }
}

/// Programs of one shape over as many tokens are the same list.
extension Program: Hashable {
    /// Whether they are the same list.
    public static func == (a: Program, b: Program) -> Bool {
        a.tokenCount == b.tokenCount && a.configuration == b.configuration
    }
    /// Feeds what tells it from others.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(tokenCount)
        hasher.combine(configuration)
    }
}
