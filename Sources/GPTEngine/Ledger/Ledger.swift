import Foundation

/// How one number came about: the terms that add up to it, and what each was made of.
///
/// A product with a bias has a term a channel and one for the bias; a softmax, a GELU and a probability are one term; a
/// masked or cut cell has none, and no value either. The terms are computed in 64 bits from the operands, so their sum
/// differs from the value by what the pass lost to 32 bits: ``residue``.
public struct Ledger: Hashable, Sendable {
    /// One number that a term was made of.
    public struct Operand: Hashable, Sendable {
        /// Where it is to be found.
        public enum Source: Hashable, Sendable {
            /// A cell of an operation.
            case value(node: Int)
            /// What an operation keeps beside its value.
            case statistic(Statistic, node: Int)
            /// A weight, by GPT-2's own name.
            case parameter(String)
        }

        /// Where it is to be found.
        public let source: Source
        /// Its address, or the name of its tensor.
        public let name: String
        /// Its index, axis by axis; weights are [in, out] whatever the file held.
        public let index: [Int]
        /// The number.
        public let value: Float
    }

    /// One addend.
    public struct Term: Hashable, Sendable {
        /// The addend.
        public let value: Double
        /// What it was made of.
        public let operands: [Operand]
        /// Whether it is a bias, or a shift: a row of its own, no product.
        public var isShift = false
    }

    /// The operation, by index.
    public let node: Int
    /// Its address.
    public let address: String
    /// The cell, axis by axis.
    public let index: [Int]
    /// The number itself; nil where it was masked or cut.
    public let value: Float?
    /// How it is computed, in letters.
    public let formula: String
    /// The addends in the order in which they are written.
    public let terms: [Term]
    /// The sum of the terms.
    public let sum: Double
    /// The sum of their sizes: what rounding is measured against.
    public let size: Double

    init(node: Int, address: String, index: [Int], value: Float?, formula: String, terms: [Term]) {
        self.node = node
        self.address = address
        self.index = index
        self.value = value
        self.formula = formula
        self.terms = terms
        sum = terms.reduce(0) { $0 + $1.value }
        size = terms.reduce(0) { $0 + abs($1.value) }
    }

    /// By how much the value differs from the sum of the terms; nil where there is no value or no term.
    public var residue: Double? { terms.isEmpty ? nil : value.map { Double($0) - sum } }

    /// The places of the terms, the largest by size first.
    public var ranking: [Int] {
        terms.indices.sorted { (abs(terms[$0].value), $1) > (abs(terms[$1].value), $0) }
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

    /// A number of 64 bits with seven significant digits, and a real minus sign.
    public static func decimal(_ value: Double) -> String {
        let text = String(format: abs(value) > 0 && abs(value) < 1e-4 ? "%.2e" : "%.7g", abs(value))
        return value < 0 ? "−" + text : text
    }
}
