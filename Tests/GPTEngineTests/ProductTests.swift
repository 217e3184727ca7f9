import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// The one call of the BLAS, with operands that lie in memory in every way that is used.
@Suite struct ProductTests {
    /// A matrix within wider rows, stored as it is or turned over; what is between the rows is NaN.
    private struct Stored {
        let values: [[Double]]
        let memory: [Float]
        let stride: Int
        let isTransposed: Bool

        init(rows: Int, columns: Int, gap: Int, isTransposed: Bool, _ numbers: inout Numbers) {
            let tensor = numbers.tensor(rows, columns)
            values = (0..<rows).map { tensor.row($0).map(Double.init) }
            let (outer, inner) = isTransposed ? (columns, rows) : (rows, columns)
            stride = inner + gap
            var memory = [Float](repeating: .nan, count: outer * stride)
            for i in 0..<outer {
                for j in 0..<inner { memory[i * stride + j] = isTransposed ? tensor[j, i] : tensor[i, j] }
            }
            self.memory = memory
            self.isTransposed = isTransposed
        }

        func withMatrix(_ body: (Matrix) throws -> Void) throws {
            let (rows, columns) = (values.count, values[0].count)
            try memory.withUnsafeBufferPointer { buffer in
                let base = try #require(buffer.baseAddress)
                let (outer, inner) = isTransposed ? (columns, rows) : (rows, columns)
                let matrix = Matrix(base: base, rows: outer, columns: inner, stride: stride)
                try body(isTransposed ? matrix.transposed : matrix)
            }
        }
    }

    /// How one product is laid out.
    struct Layout: Sendable, CustomTestStringConvertible {
        let (rows, inner, columns): (Int, Int, Int)
        let (isLeftTransposed, isRightTransposed): (Bool, Bool)
        let gap: Int
        let hasBias: Bool
        var testDescription: String {
            let (left, right) = (isLeftTransposed ? "ᵀ" : "", isRightTransposed ? "ᵀ" : "")
            return "[\(rows), \(inner)]\(left)·[\(inner), \(columns)]\(right), gap \(gap)\(hasBias ? ", bias" : "")"
        }

        static let all: [Layout] = [(1, 1, 1), (1, 5, 3), (4, 1, 2), (3, 4, 5), (6, 2, 1)].flatMap { sizes in
            [(false, false), (false, true), (true, false), (true, true)].flatMap { turned in
                [(0, false), (3, true)].map { gap, hasBias in
                    Layout(
                        rows: sizes.0, inner: sizes.1, columns: sizes.2, isLeftTransposed: turned.0,
                        isRightTransposed: turned.1, gap: gap, hasBias: hasBias)
                }
            }
        }
    }

    @Test(arguments: Layout.all)
    func `a product reads transposed and strided matrices and writes only its own columns`(layout: Layout) throws {
        var numbers = Numbers(seed: 11)
        let a = Stored(
            rows: layout.rows, columns: layout.inner, gap: layout.gap, isTransposed: layout.isLeftTransposed, &numbers)
        let b = Stored(
            rows: layout.inner, columns: layout.columns, gap: layout.gap, isTransposed: layout.isRightTransposed,
            &numbers)
        let bias = numbers.tensor(layout.columns)
        let stride = layout.columns + layout.gap
        var out = [Float](repeating: 7, count: layout.rows * stride)
        try out.withUnsafeMutableBufferPointer { buffer in
            let target = try #require(buffer.baseAddress)
            try a.withMatrix { a in
                try b.withMatrix { b in
                    bias.withValues {
                        multiply(
                            a, b, scale: 0.5, bias: layout.hasBias ? Source($0) : nil, into: target, stride: stride)
                    }
                }
            }
        }
        for i in 0..<layout.rows {
            for j in 0..<stride {
                guard j < layout.columns else {
                    #expect(out[i * stride + j] == 7, "column \(j) is not the product's")
                    continue
                }
                let product = (0..<layout.inner).reduce(0.0) { $0 + a.values[i][$1] * b.values[$1][j] }
                let expected = 0.5 * product + (layout.hasBias ? Double(bias[j]) : 0)
                #expect(abs(Double(out[i * stride + j]) - expected) < 1e-5)
            }
        }
    }

    @Test func `a product that threads share has its bias in every column`() {
        // Enough for several threads; theirs meet somewhere in the middle.
        let (T, K, N) = (8, 512, 801)
        var numbers = Numbers(seed: 12)
        let (x, weight, bias) = (numbers.tensor(T, K), numbers.tensor(K, N), numbers.tensor(N))
        let out = Kernels.linear(x, weight: weight, bias: bias, columns: 1..<N, shape: [T, N - 1])
        for t in 0..<T {
            for n in stride(from: 0, to: N - 1, by: 19) {
                let product = (0..<K).reduce(0.0) { $0 + Double(x[t, $1]) * Double(weight[$1, n + 1]) }
                #expect(abs(Double(out[t, n]) - product - Double(bias[n + 1])) < 1e-4)
            }
        }
    }

    @Test func `a transposed matrix turned again is itself`() throws {
        try [Float(1), 2, 3, 4, 5, 6].withUnsafeBufferPointer { buffer in
            let matrix = Matrix(base: try #require(buffer.baseAddress), rows: 2, columns: 3, stride: 3)
            #expect(matrix.transposed.rows == 3)
            #expect(matrix.transposed.columns == 2)
            #expect(matrix.transposed.isTransposed)
            #expect(!matrix.transposed.transposed.isTransposed)
            #expect(matrix.transposed.transposed.rows == 2)
        }
    }
}

/// The non-linearities against formulas of another form, in double precision.
@Suite struct ActivationTests {
    private static let points: [Float] = [
        -100, -20, -10, -5, -3, -1.7, -1, -0.5, -0.1, -1e-3, 0, 1e-3, 0.1, 0.5, 1, 1.7, 3, 5, 10, 20, 100,
    ]

    /// The same functions, written differently: logistic curves by tanh, tanh by exponentials, erf by erfc.
    private func reference(_ activation: Activation, _ x: Double) -> Double {
        switch activation {
        case .geluNew, .geluTanh, .geluFast:
            let u = (2 / Double.pi).squareRoot() * (x + 0.044715 * pow(x, 3))
            return x - x / (exp(2 * u) + 1)
        case .gelu: return x * erfc(-x / 2.0.squareRoot()) / 2
        case .quickGELU: return x * (1 + Foundation.tanh(1.702 * x / 2)) / 2
        case .relu: return (x + abs(x)) / 2
        case .silu, .swish: return x * (1 + Foundation.tanh(x / 2)) / 2
        case .tanh: return 1 - 2 / (exp(2 * x) + 1)
        }
    }

    @Test(arguments: Activation.allCases)
    func `every activation agrees with its reference`(activation: Activation) {
        for x in Self.points {
            let (found, expected) = (Double(activation(x)), reference(activation, Double(x)))
            #expect(abs(found - expected) <= 1e-6 * max(1, abs(Double(x))), "\(activation) at \(x)")
        }
    }

    @Test(
        arguments: [
            ("gelu_new", 0.841_191_99), ("gelu_pytorch_tanh", 0.841_191_99), ("gelu_fast", 0.841_191_99),
            ("gelu", 0.841_344_75), ("quick_gelu", 0.845_795_77), ("relu", 1), ("silu", 0.731_058_58),
            ("swish", 0.731_058_58), ("tanh", 0.761_594_16),
        ] as [(String, Float)])
    func `every activation is known by the name that configurations use`(name: String, atOne: Float) throws {
        let activation = try #require(Activation(rawValue: name))
        #expect(abs(activation(1) - atOne) < 5e-7)
    }

    @Test func `an activation applies element by element and keeps the shape`() {
        let x = Tensor([2, 3], [-1, 0, 1, 2, -2, 0.5])
        let found = Kernels.activate(x, .relu)
        #expect(found.shape == [2, 3])
        #expect(found.values == [0, 0, 1, 2, 0, 0.5])
        #expect(Kernels.activate(x, .tanh).values == x.values.map { Activation.tanh($0) })
    }
}
