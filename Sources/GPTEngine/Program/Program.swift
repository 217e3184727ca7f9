/// One operation in its place: what it is called, what it reads and what it costs, known before anything has run.
public struct Node: Hashable, Sendable {
    /// Its canonical name, `blocks.0.attn.pattern`.
    public let address: String
    /// Its TransformerLens hook name, if that has one.
    public let hook: String?
    /// What it does.
    public let operation: Operation
    /// The block it belongs to; nil in the embedding and the output.
    public let block: Int?
    /// The extent of each axis of its value.
    public let shape: [Int]
    /// What each axis counts.
    public let axes: [Axis]
    /// The operations it reads, by index.
    public let inputs: [Int]
    /// The weights it reads.
    public let reads: [Read]
    /// Floating-point operations of its products; a product [m,k]·[k,n] is 2·m·k·n.
    public let flops: Int

    /// Weights that an operation reads: a whole tensor, some of its columns or some of its rows.
    public struct Read: Hashable, Sendable {
        /// The tensor.
        public let parameter: Parameter
        /// The columns that are read, where not all are: q, k and v share one matrix.
        public let columns: Range<Int>?
        /// Numbers counted as this operation's own. A tied unembedding counts at `embed`, so 0 here.
        public let counted: Int
        /// Numbers read: of a table only the rows that are looked up.
        public let read: Int
    }

    /// Parameters counted as this operation's own; over a program they add to the model's.
    public var parameterCount: Int { reads.reduce(0) { $0 + $1.counted } }
    /// Bytes moved: 4·(parameters read + output elements).
    public var bytes: Int { 4 * (reads.reduce(0) { $0 + $1.read } + elementCount) }
    /// Numbers in its value.
    public var elementCount: Int { shape.reduce(1, *) }
}

/// The forward pass as a list of operations in the order in which they run.
public struct Program: Hashable, Sendable {
    /// The shape of the model.
    public let configuration: Configuration
    /// Tokens in the pass, `T`.
    public let tokenCount: Int
    /// The operations; `10 + 17·blocks` of them.
    public private(set) var nodes: [Node] = []

    /// An empty program; ``Program/gpt2(_:tokenCount:)`` fills one.
    init(configuration: Configuration, tokenCount: Int) {
        self.configuration = configuration
        self.tokenCount = tokenCount
    }

    /// Appends an operation and returns its index.
    mutating func append(
        _ operation: Operation, _ address: String, hook: String? = nil, block: Int? = nil, _ axes: [Axis],
        _ shape: [Int],
        from inputs: [Int] = [], reads: [Node.Read] = [], flops: Int = 0
    ) -> Int {
        nodes.append(
            Node(
                address: address, hook: hook, operation: operation, block: block, shape: shape, axes: axes,
                inputs: inputs, reads: reads, flops: flops))
        return nodes.count - 1
    }

    /// The index of the `logits` operation: all before it speak of every position.
    public var logitsIndex: Int { nodes.count - 4 }
    /// Parameters of all operations together.
    public var parameterCount: Int { nodes.reduce(0) { $0 + $1.parameterCount } }
    /// Bytes that the values of the pass take when all are kept; logits are kept for one position.
    public var valueBytes: Int { nodes.prefix(logitsIndex).reduce(0) { $0 + 4 * $1.elementCount } }
}
