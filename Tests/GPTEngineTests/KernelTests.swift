import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Numbers that look random and are the same in every run (xorshift64*).
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// A tensor of numbers in −2…2.
    mutating func tensor(_ shape: Int...) -> Tensor {
        Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float(Int(next() >> 40) % 4001 - 2000) / 1000 })
    }
}

/// Every number of a tensor against a naive computation in double precision.
func expectClose(
    _ found: Tensor, _ shape: [Int], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.shape == shape, sourceLocation: sourceLocation)
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    let bound = 2e-6 * max(1, expected.map(abs).max() ?? 0)
    for (index, (a, b)) in zip(found.values, expected).enumerated() where !(abs(Double(a) - b) <= bound) {
        Issue.record("at \(index): expected \(b), found \(a)", sourceLocation: sourceLocation)
        return
    }
}

/// Sizes of a product of heads.
struct HeadSizes: Sendable, CustomTestStringConvertible {
    let (tokens, heads, channels): (Int, Int, Int)
    var testDescription: String { "\(tokens) tokens, \(heads) heads, \(channels) channels" }

    init(_ tokens: Int, _ heads: Int, _ channels: Int) {
        (self.tokens, self.heads, self.channels) = (tokens, heads, channels)
    }

    static let all = [Self(1, 1, 1), Self(1, 3, 4), Self(5, 1, 2), Self(4, 3, 5), Self(7, 2, 1)]
}

/// Every kernel against a loop that anyone can check.
@Suite struct KernelTests {
    @Test func `rows are looked up in the order of the indices`() {
        let table = Tensor([4, 2], [0, 1, 10, 11, 20, 21, 30, 31])
        let rows = Kernels.rows([3, 0, 3], of: table)
        #expect(rows.shape == [3, 2])
        #expect(rows.values == [30, 31, 0, 1, 30, 31])
        #expect(Kernels.rows([], of: table).shape == [0, 2])
        #expect(Kernels.rows([2], of: Tensor([3, 1], [5, 6, 7])).values == [7])
    }

    @Test func `addition goes element by element`() {
        var numbers = Numbers(seed: 1)
        let (a, b) = (numbers.tensor(3, 5), numbers.tensor(3, 5))
        expectClose(Kernels.add(a, b), [3, 5], zip(a.values, b.values).map { Double($0) + Double($1) })
    }

    @Test(arguments: [[1, 1], [1, 7], [4, 3], [3, 16]])
    func `normalisation gives every row mean 0 and variance 1, short of epsilon`(shape: [Int]) {
        var numbers = Numbers(seed: 2)
        let x = numbers.tensor(shape[0], shape[1])
        let epsilon: Float = 3e-3
        let found = Kernels.normalize(x, epsilon: epsilon)
        var (normalized, means, scales): ([Double], [Double], [Double]) = ([], [], [])
        for t in 0..<shape[0] {
            let row = x.row(t).map(Double.init)
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
            means.append(mean)
            scales.append((variance + Double(epsilon)).squareRoot())
            normalized += row.map { ($0 - mean) / (variance + Double(epsilon)).squareRoot() }
        }
        expectClose(found.normalized, shape, normalized)
        expectClose(found.mean, [shape[0]], means)
        expectClose(found.scale, [shape[0]], scales)
    }

    @Test(arguments: [0, 3.7, -1e6, 3e37] as [Float])
    func `normalisation of a constant row is finite and next to zero`(value: Float) {
        let found = Kernels.normalize(Tensor([2, 5], Array(repeating: value, count: 10)), epsilon: 1e-5)
        #expect(found.normalized.values.allSatisfy { $0.isFinite })
        #expect(found.mean.values == [value, value])
        if abs(value) < 1e7 {
            #expect(found.normalized.values.allSatisfy { abs($0) < 1e-5 })
            #expect(found.scale.values.allSatisfy { abs($0 - 0.003_162_277_7) < 1e-8 })
        }
    }

    @Test func `normalisation keeps small differences on a large mean`() {
        let x = Tensor([1, 4], [4_194_304, 4_194_304.5, 4_194_305, 4_194_305.5])
        let root = 0.3125.squareRoot()
        expectClose(
            Kernels.normalize(x, epsilon: 1e-12).normalized, [1, 4], [-0.75, -0.25, 0.25, 0.75].map { $0 / root })
    }

    @Test func `scale and shift apply to every row`() {
        var numbers = Numbers(seed: 3)
        let (x, gamma, beta) = (numbers.tensor(3, 4), numbers.tensor(4), numbers.tensor(4))
        let expected = (0..<12).map {
            Double(x[flat: $0]) * Double(gamma[flat: $0 % 4]) + Double(beta[flat: $0 % 4])
        }
        expectClose(Kernels.scaleAndShift(x, gamma: gamma, beta: beta), [3, 4], expected)
    }

    @Test(
        arguments: [
            (1, 1, 1, nil), (1, 5, 3, nil), (4, 3, 7, nil), (6, 8, 2, nil), (3, 4, 12, 4..<8), (2, 4, 12, 8..<12),
            (1, 4, 12, 0..<4), (3, 4, 12, 11..<12), (2, 4, 12, 0..<12),
        ] as [(Int, Int, Int, Range<Int>?)])
    func `a linear layer is a product plus a bias`(tokens: Int, rows: Int, all: Int, columns: Range<Int>?) {
        var numbers = Numbers(seed: 4)
        let (x, weight, bias) = (numbers.tensor(tokens, rows), numbers.tensor(rows, all), numbers.tensor(all))
        let picked = columns ?? 0..<all
        var expected: [Double] = []
        for t in 0..<tokens {
            for j in picked {
                expected.append((0..<rows).reduce(Double(bias[j])) { $0 + Double(x[t, $1]) * Double(weight[$1, j]) })
            }
        }
        let shape = [tokens, 1, picked.count]
        expectClose(Kernels.linear(x, weight: weight, bias: bias, columns: columns, shape: shape), shape, expected)
    }

    @Test func `a linear layer reads heads side by side`() {
        var numbers = Numbers(seed: 5)
        let (z, weight, bias) = (numbers.tensor(3, 2, 2), numbers.tensor(4, 5), numbers.tensor(5))
        let joined = Tensor([3, 4], z.values)
        #expect(
            Kernels.linear(z, weight: weight, bias: bias, shape: [3, 5]).values
                == Kernels.linear(joined, weight: weight, bias: bias, shape: [3, 5]).values)
    }

    @Test(arguments: HeadSizes.all)
    func `scores are scaled products of queries and keys`(sizes: HeadSizes) {
        var numbers = Numbers(seed: 6)
        let (T, H, D) = (sizes.tokens, sizes.heads, sizes.channels)
        let (q, k) = (numbers.tensor(T, H, D), numbers.tensor(T, H, D))
        var expected: [Double] = []
        for h in 0..<H {
            for i in 0..<T {
                for j in 0..<T {
                    let product = (0..<D).reduce(0.0) { $0 + Double(q[i, h, $1]) * Double(k[j, h, $1]) }
                    expected.append(product / Double(D).squareRoot())
                }
            }
        }
        expectClose(Kernels.scores(q, k, divisor: Float(D).squareRoot()), [H, T, T], expected)
    }

    @Test(arguments: [1, 2, 5])
    func `the mask removes exactly the keys after their query`(tokens: Int) {
        var numbers = Numbers(seed: 7)
        let scores = numbers.tensor(2, tokens, tokens)
        let masked = Kernels.maskFuture(scores)
        #expect(masked.shape == scores.shape)
        for h in 0..<2 {
            for i in 0..<tokens {
                for j in 0..<tokens { #expect(masked[h, i, j] == (j > i ? -.infinity : scores[h, i, j])) }
            }
        }
    }

    @Test(arguments: [[1], [6], [3, 1], [4, 5], [2, 3, 3]])
    func `softmax gives the shares of exponentials`(shape: [Int]) {
        var numbers = Numbers(seed: 8)
        let x = Tensor(shape, (0..<shape.reduce(1, *)).map { _ in Float.random(in: -5...5, using: &numbers) })
        let found = Kernels.softmax(x)
        var (values, maxima, sums): ([Double], [Double], [Double]) = ([], [], [])
        for row in (0..<x.rowCount).map({ x.row($0).map(Double.init) }) {
            let largest = row.max() ?? 0
            let sum = row.reduce(0) { $0 + exp($1 - largest) }
            values += row.map { exp($0 - largest) / sum }
            maxima.append(largest)
            sums.append(sum)
        }
        expectClose(found.values, shape, values)
        expectClose(found.max, shape.dropLast(), maxima)
        expectClose(found.sum, shape.dropLast(), sums)
    }

    @Test func `softmax turns minus infinity into exactly zero and bears large numbers`() {
        let found = Kernels.softmax(
            Tensor([3, 3], [0, -.infinity, 0, 1e30, -1e30, -.infinity, -.infinity, 9, -.infinity]))
        #expect(found.values.values == [0.5, 0, 0.5, 1, 0, 0, 0, 1, 0])
        #expect(found.max.values == [0, 1e30, 9])
        #expect(found.sum.values == [2, 1, 1])
    }

    @Test(arguments: HeadSizes.all)
    func `values are mixed by the pattern of their own head`(sizes: HeadSizes) {
        var numbers = Numbers(seed: 9)
        let (T, H, D) = (sizes.tokens, sizes.heads, sizes.channels)
        let (pattern, v) = (numbers.tensor(H, T, T), numbers.tensor(T, H, D))
        var expected: [Double] = []
        for i in 0..<T {
            for h in 0..<H {
                for d in 0..<D {
                    expected.append((0..<T).reduce(0.0) { $0 + Double(pattern[h, i, $1]) * Double(v[$1, h, d]) })
                }
            }
        }
        expectClose(Kernels.mix(pattern, v), [T, H, D], expected)
    }

    @Test(arguments: [(1, 1, 1), (1, 4, 7), (5, 3, 2), (3, 8, 8)])
    func `logits compare one position with every row of the table`(tokens: Int, width: Int, vocabulary: Int) {
        var numbers = Numbers(seed: 10)
        let (x, table) = (numbers.tensor(tokens, width), numbers.tensor(vocabulary, width))
        for position in 0..<tokens {
            let expected = (0..<vocabulary).map { id in
                (0..<width).reduce(0.0) { $0 + Double(x[position, $1]) * Double(table[id, $1]) }
            }
            let row = x.rows(position..<position + 1)
            expectClose(Kernels.unembed(row, table: table), [1, vocabulary], expected)
            expectClose(Kernels.rowUnembed(row, table: .full(table)), [1, vocabulary], expected)
        }
    }
}
