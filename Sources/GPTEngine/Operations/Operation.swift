/// One kind of mathematics of the forward pass: what it is called in letters, what it computes, and where each of its
/// numbers comes from.
///
/// Each conformer has a file of its own in this folder, with its constants as its properties; where it stands in GPT-2 is
/// the business of ``Program/gpt2(_:tokenCount:)``. Shapes use `T` tokens, `C` width, `H` heads, `D` head width.
public protocol Operation: Sendable {}

/// What an operation says of itself: its formula, its shape, its cost, and where each of its numbers comes from.
protocol Mathematics: Operation {
    /// The axes and the shape of its value, from those of what it reads.
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent
    /// Floating-point operations of its products; a product [m,k]·[k,n] is 2·m·k·n, all else counts as nothing.
    func flops(_ extent: Extent, _ inputs: [Extent], _ reads: [Node.Read]) -> Int

    /// What it computes, in letters, with the names of what a node reads.
    func formula(_ names: Node.Names) -> String
    /// The formula with the numbers of a cell; empty where there are none.
    ///
    /// - Throws: ``Absence`` where one of them is not there.
    func numbers(_ cell: Cell) throws(Absence) -> String
    /// The addends of a cell, in the order in which they are written; none where nothing is added up.
    ///
    /// - Throws: ``Absence`` where an operand is not there.
    func terms(_ cell: Cell) throws(Absence) -> [Term]
    /// Why a cell has no value by its place alone: `masked`; nil where it has one.
    func removal(of index: [Int]) -> String?

    /// What it keeps beside its value.
    var statistics: [Statistic] { get }
    /// Whether its numbers are token ids.
    var givesTokens: Bool { get }
    /// Whether its numbers are shares of 1 along the last axis.
    var givesShares: Bool { get }
}

/// An operation whose rows follow from rows of what it reads, whoever samples how.
protocol RowOperation: Mathematics {
    /// The rows of an input that some of its rows need.
    func rows(of input: Int, for rows: Range<Int>) -> Range<Int>
    /// Whether its rows are products, whose last bits depend on how many are computed together.
    var isProduct: Bool { get }
    /// Computes some rows.
    func result(_ piece: Piece) -> Outcome
    /// What one row makes of a matrix that several operations share by columns, [1, N]; nil where they share none.
    func shared(_ piece: Piece) -> Tensor?
    /// What earlier queries have for keys that come later, in attention [H, T, T]: a number that stands for none, unless
    /// ``ahead(_:_:)`` gives products.
    var removed: Float { get }
    /// Of attention the products of earlier queries [a, H, D] with later keys [m, H, D], [H, a, m]; nil where there are none.
    func ahead(_ queries: Tensor, _ keys: Tensor) -> Tensor?
}

extension Mathematics {
    func flops(_ extent: Extent, _ inputs: [Extent], _ reads: [Node.Read]) -> Int { 0 }
    func removal(of index: [Int]) -> String? { nil }
    var statistics: [Statistic] { [] }
    var givesTokens: Bool { false }
    var givesShares: Bool { false }
}

extension RowOperation {
    func rows(of input: Int, for rows: Range<Int>) -> Range<Int> { rows }
    var isProduct: Bool { false }
    func shared(_ piece: Piece) -> Tensor? { nil }
    var removed: Float { 0 }
    func ahead(_ queries: Tensor, _ keys: Tensor) -> Tensor? { nil }
}

/// What an axis of a value counts.
public enum Axis: String, Hashable, Sendable {
    /// A token's place in the sequence.
    case position
    /// An attention head.
    case head
    /// The position that looks.
    case query
    /// The position that is looked at.
    case key
    /// A channel of the stream, or of one head.
    case channel
    /// A neuron of the MLP.
    case neuron
    /// A token id.
    case vocabulary
}

/// What the axes of a value count, and how far.
public struct Extent: Hashable, Sendable {
    /// What each axis counts.
    public let axes: [Axis]
    /// How far.
    public let shape: [Int]

    init(_ axes: [Axis], _ shape: [Int]) { (self.axes, self.shape) = (axes, shape) }

    /// Numbers in all.
    public var count: Int { shape.reduce(1, *) }
}

/// A number that an operation keeps beside its value, because everything after it depends on it.
public enum Statistic: String, Hashable, Sendable, CaseIterable {
    /// μ, the mean of a position's channels.
    case mean
    /// σ = √(variance + ε).
    case scale
    /// The largest score of a row, subtracted before the exponential.
    case rowMax = "row_max"
    /// The sum of a row's exponentials.
    case rowSum = "row_sum"
    /// The largest kept logit.
    case max
    /// The sum of the kept exponentials.
    case sum
}

/// Some rows of an operation that are to be computed, with what they need.
public struct Piece {
    /// The operation in its place.
    public let node: Node
    /// The positions of the rows; for attention those of the queries.
    public let positions: Range<Int>
    /// The ids of those positions.
    public let tokens: ArraySlice<Int>
    /// What the operation reads, the rows that these need: [T, …], or [H, T, S] for attention.
    public let inputs: [Tensor]
    let weights: Weights
    /// How many runs it is of: the rows of one stand after those of another, and so do their heads.
    var runs = 1

    /// Rows to compute, of all runs.
    var count: Int { positions.count * runs }

    func weight(_ place: Int) -> Tensor { weights[node.reads[place].parameter] }
    func rowOperand(_ place: Int) -> RowOperand { weights.rowOperand(node.reads[place].parameter) }
}

/// What an operation made of a piece.
public struct Outcome: Sendable {
    /// The rows.
    public var value: Tensor
    /// What is kept beside them.
    public var statistics: [Statistic: Tensor] = [:]

    /// Bytes of memory that it takes.
    var byteCount: Int {
        statistics.isEmpty ? value.byteCount : statistics.values.reduce(value.byteCount) { $0 + $1.byteCount }
    }
}
