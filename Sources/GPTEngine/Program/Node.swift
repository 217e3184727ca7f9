/// One operation in its place: what it is called, what it reads and what it costs, known before anything has run.
///
/// It never changes; a class, because a pass looks at each of them many times, and a copy of all this takes longer than what
/// a small model computes.
public final class Node: Sendable {
    /// Its canonical name, `blocks.0.attn.pattern`.
    public let address: String
    /// Its name in its block, or in the embedding or the output: `attn.pattern`.
    public let name: String
    /// Its TransformerLens hook name, if that has one.
    public let hook: String?
    /// What it does.
    public var operation: any Operation { mathematics }
    let mathematics: any Mathematics
    /// Its part in the model.
    public let role: Role
    /// What the axes of its value count, and how far.
    public let extent: Extent
    /// The operations it reads, by index.
    public let inputs: [Int]
    /// The weights it reads.
    public let reads: [Read]
    /// Floating-point operations of its products; a product [m,k]·[k,n] is 2·m·k·n.
    public let flops: Int
    /// How its rows are computed; nil where they depend on how a token is sampled.
    let rowOperation: (any RowOperation)?
    /// Whether its rows are products, whose last bits depend on how many are computed together.
    let isProduct: Bool
    /// Numbers in its value.
    public let elementCount: Int
    /// Whether its rows are queries of heads, [H, T, T].
    public let isAttention: Bool

    init(
        address: String, name: String, hook: String?, operation: any Mathematics, role: Role, extent: Extent,
        inputs: [Int], reads: [Read], flops: Int
    ) {
        (self.address, self.name, self.hook) = (address, name, hook)
        (mathematics, self.role, self.extent) = (operation, role, extent)
        (self.inputs, self.reads, self.flops) = (inputs, reads, flops)
        rowOperation = operation as? any RowOperation
        isProduct = rowOperation?.isProduct ?? false
        elementCount = extent.count
        isAttention = extent.axes.first == .head
    }

    /// The block it belongs to; nil in the embedding and the output.
    public var block: Int? { if case .block(let block) = role.section { block } else { nil } }
    /// The extent of each axis of its value.
    public var shape: [Int] { extent.shape }
    /// What each axis counts.
    public var axes: [Axis] { extent.axes }
    /// Parameters counted as this operation's own; over a program they add to the model's.
    public var parameterCount: Int { reads.reduce(0) { $0 + $1.counted } }
    /// Bytes moved: 4·(parameters read + output elements).
    public var bytes: Int { 4 * (reads.reduce(0) { $0 + $1.read } + elementCount) }
    /// Whether it speaks of the answer after one position.
    public var isAnswer: Bool { role.subLayer == .answer }
    /// Whether its numbers are token ids.
    public var isTokens: Bool { mathematics.givesTokens }
    /// Whether its numbers are shares of 1 along the last axis.
    public var givesShares: Bool { mathematics.givesShares }
    /// Whether the future is removed from it, [H, T, T].
    public var isCausal: Bool { isAttention && mathematics.removal(of: [0, 0, 1]) != nil }
    /// Whether one token is chosen by it.
    public var isChoice: Bool { isAnswer && isTokens }

    /// The part of an operation in the model.
    public struct Role: Hashable, Sendable {
        /// Where it stands.
        public enum Section: Hashable, Sendable {
            /// Before the blocks.
            case embedding
            /// In a block.
            case block(Int)
            /// After the blocks.
            case output
        }
        /// The part of a section.
        public enum SubLayer: String, Hashable, Sendable {
            /// Token and place.
            case embedding
            /// The LayerNorm before attention.
            case ln1
            /// Attention.
            case attention
            /// An addition to the stream.
            case residual
            /// The LayerNorm before the MLP.
            case ln2
            /// The MLP.
            case mlp
            /// The final LayerNorm.
            case output
            /// From logits to a token.
            case answer
        }
        /// What it has to do with the residual stream.
        public enum Stream: Hashable, Sendable {
            /// Its result is added to it.
            case writes
            /// Its result is the stream after an addition.
            case holds
        }

        /// Where it stands.
        public let section: Section
        /// The part of that section.
        public let subLayer: SubLayer
        /// What it has to do with the residual stream.
        public var stream: Stream?
        /// How long its value is kept where memory is short.
        var keep = Keep.least

        /// How long a value is kept where memory is short: what is enough to compute others again, the longest.
        enum Keep: Int, Comparable {
            /// It is dropped first.
            case least
            /// Keys and values, which grow by a row a token.
            case growing
            /// The stream inside a block.
            case within
            /// What attention gathered, for which all of a text is read.
            case gathered
            /// What a block begins with, from which all of it can be computed.
            case blockInput

            static func < (a: Keep, b: Keep) -> Bool { a.rawValue < b.rawValue }
        }
    }

    /// Weights that an operation reads: a whole tensor, some of its columns or some of its rows.
    public struct Read: Hashable, Sendable {
        /// The tensor.
        public let parameter: Parameter
        /// What it is called in a formula: `W_Q`.
        public let symbol: String
        /// The columns that are read, where not all are: q, k and v share one matrix.
        public let columns: Range<Int>?
        /// Numbers counted as this operation's own. A tied unembedding counts at `embed`, so 0 here.
        public let counted: Int
        /// Numbers read: of a table only the rows that are looked up.
        public let read: Int

        /// Columns that are read.
        public var columnCount: Int { columns?.count ?? parameter.shape.last ?? 1 }
    }

    /// What the operands of a node are called in a formula.
    public struct Names: Sendable {
        let inputs: [String]
        let weights: [String]

        /// The name of one of the operations that are read, without its block.
        public func input(_ place: Int) -> String { inputs[place] }
        /// The symbol of weights that are read.
        public func weight(_ place: Int) -> String { weights[place] }
    }
}

extension Program {
    /// What the operands of an operation are called in its formula.
    public func names(of index: Int) -> Node.Names {
        let node = nodes[index]
        return Node.Names(
            inputs: node.inputs.map { input in
                // The stream before a block is the stream after the block before it.
                let isBefore =
                    node.block != nil && nodes[input].role.stream == .holds && nodes[input].block != node.block
                if isBefore { return "resid_pre" }
                // Within a sub-layer its name goes without saying.
                let name = nodes[input].name
                guard nodes[input].role.subLayer == node.role.subLayer, let dot = name.firstIndex(of: ".") else {
                    return name
                }
                return String(name[name.index(after: dot)...])
            }, weights: node.reads.map(\.symbol))
    }

    /// What an operation computes, in letters.
    public func formula(of index: Int) -> String { nodes[index].mathematics.formula(names(of: index)) }
}
