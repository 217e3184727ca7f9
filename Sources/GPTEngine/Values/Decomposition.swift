/// One number that a term was made of, and where it stands.
public struct Operand: Hashable, Sendable {
    /// Where a number comes from.
    public enum Source: Hashable, Sendable {
        /// An operation's value.
        case value(node: Int)
        /// What an operation keeps beside its value.
        case statistic(Statistic, node: Int)
        /// A weight, by GPT-2's name.
        case parameter(String)
    }

    /// Where it comes from.
    public let source: Source
    /// The address of the operation or the statistic, or the name of the weights.
    public let name: String
    /// Its index there.
    public let index: [Int]
    /// The number.
    public let value: Float
}

/// One addend of a number.
public struct Term: Hashable, Sendable {
    /// What it adds, in 64 bits.
    public let value: Double
    /// What it was made of.
    public let operands: [Operand]
    /// What it is in a list of its like: `channel 3`.
    public let label: String
    /// Whether it is a bias or a shift: a row of its own, no product.
    public var isShift = false
    /// The position it comes from, where terms are told apart by that.
    public var position: Int?
    /// A number between the operands and the term that is worth seeing, and what it is called; nil for none.
    public var between: Between?

    /// A number between the operands and the term.
    public struct Between: Hashable, Sendable {
        /// What it is called.
        public let name: String
        /// The number.
        public let value: Double
    }

    init(value: Double, operands: [Operand], label: String) {
        (self.value, self.operands, self.label) = (value, operands, label)
    }

    /// A number that is taken as it is.
    init(_ operand: Operand, label: String) {
        self.init(value: Double(operand.value), operands: [operand], label: label)
    }

    /// A bias.
    init(bias operand: Operand, label: String) {
        self.init(operand, label: label)
        isShift = true
    }

    /// A product, divided by what its sum is.
    init(product a: Operand, _ b: Operand, divisor: Double = 1, label: String, position: Int? = nil) {
        self.init(value: Double(a.value) * Double(b.value) / divisor, operands: [a, b], label: label)
        self.position = position
    }
}

/// How one number came about: the addends that it is the sum of, each with the numbers it was made of.
public struct Decomposition: Sendable {
    /// The operation, by index.
    public let node: Int
    /// Its address.
    public let address: String
    /// The cell, axis by axis.
    public let index: [Int]
    /// The number itself; nil where it was removed, or where no token could be chosen.
    public let value: Float?
    /// Why there is none: `masked`, `filtered out`.
    public let removal: String?
    /// How it is computed, in letters.
    public let formula: String
    /// The addends in the order in which they are written.
    public let terms: [Term]
    /// The sum of the terms.
    public let sum: Double
    /// The sum of their sizes: what rounding is measured against.
    public let size: Double

    /// Accounts for a cell.
    ///
    /// - Throws: ``Absence`` where a number that it takes is not there.
    public init(_ cell: Cell) throws(Absence) {
        node = cell.place
        address = cell.node.address
        index = cell.index
        formula = cell.node.mathematics.formula(cell.names)
        removal = try cell.removal()
        if removal == nil {
            let number = try cell.value()
            value = cell.node.isTokens && number.isNaN ? nil : number
            terms = try cell.node.mathematics.terms(cell)
        } else {
            (value, terms) = (nil, [])
        }
        sum = terms.reduce(0) { $0 + $1.value }
        size = terms.reduce(0) { $0 + abs($1.value) }
    }

    /// By how much the value differs from the sum of the terms; nil where there is no value or no term.
    public var residue: Double? { terms.isEmpty ? nil : value.map { Double($0) - sum } }

    /// The places of the terms, the largest by size first; before all what is not finite.
    public var ranking: [Int] {
        let sizes = terms.map { $0.value.isFinite ? abs($0.value) : .infinity }
        return terms.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
    }

    /// In words how few of some addends make up nine tenths of their sizes; nil where that says nothing.
    public static func concentration(_ addends: [Double]) -> String? {
        let sizes = addends.map(abs).sorted(by: >)
        let size = sizes.reduce(0, +)
        guard sizes.count > 5, size > 0, size.isFinite else { return nil }
        var (count, sum) = (0, 0.0)
        while count < sizes.count, sum < 0.9 * size { (count, sum) = (count + 1, sum + sizes[count]) }
        return (count == 1 ? "the largest alone is" : "the largest \(count) are")
            + " \(Int((100 * sum / size).rounded())) % of Σ|term|"
    }
}
