import Foundation
import Testing

@testable import GPTEngine

/// Products with a single row, and numbers of 16 bits.
@Suite struct RowProductTests {
    /// Numbers rounded to 16 bits, as they would be stored, and the same as 32-bit floats.
    private func halves(_ values: Tensor, _ format: HalfNumbers.Format) -> (HalfNumbers, Tensor) {
        let bits = values.values.map { value in
            format == .f16 ? Float16(value).bitPattern : UInt16(value.bitPattern >> 16)
        }
        let memory = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: bits.count)
        _ = memory.initialize(from: bits)
        let wide = bits.map { format == .f16 ? Float(Float16(bitPattern: $0)) : Float(bitPattern: UInt32($0) << 16) }
        let numbers = HalfNumbers(
            base: UnsafePointer(memory.baseAddress ?? .allocate(capacity: 1)), format: format, rows: values.shape[0],
            columns: values.columnCount, owner: ())
        return (numbers, Tensor(values.shape, wide))
    }

    @Test(arguments: [(1, 1), (3, 5), (4, 8), (7, 33), (48, 144), (9, 600)])
    func `a row times a matrix is what the naive loop gives, in 32 and in 16 bits`(K: Int, N: Int) {
        var numbers = Numbers(seed: 60)
        let (x, w, b) = (numbers.tensor(1, K), numbers.tensor(K, N), numbers.tensor(N))
        let columns = N / 3..<N
        func expected(_ w: Tensor) -> [Double] {
            columns.map { n in (0..<K).reduce(Double(b[n])) { $0 + Double(x[0, $1]) * Double(w[$1, n]) } }
        }
        func found(_ operand: RowOperand) -> Tensor {
            Kernels.rowLinear(x, weight: operand, bias: b, columns: columns, shape: [1, columns.count])
        }
        expectClose(found(.full(w)), [1, columns.count], expected(w))
        for format in [HalfNumbers.Format.f16, .bf16] {
            let (half, wide) = halves(w, format)
            expectClose(found(.half(half)), [1, columns.count], expected(wide))
        }
    }

    @Test(arguments: [HalfNumbers.Format.f16, .bf16])
    func `an unembedding in 16 bits gives what its widened copy gives`(format: HalfNumbers.Format) {
        var numbers = Numbers(seed: 61)
        let x = numbers.tensor(1, 75)
        let (half, wide) = halves(numbers.tensor(11, 75), format)
        let expected = (0..<11).map { id in (0..<75).reduce(0.0) { $0 + Double(x[0, $1]) * Double(wide[id, $1]) } }
        expectClose(Kernels.rowUnembed(x, table: .half(half)), [1, 11], expected)
    }

    @Test func `every finite number of 16 bits is widened exactly, in even and in odd places`() throws {
        for first in 0..<UInt32(65536) {
            let second = (first &* 40503 &+ 7) & 0xFFFF
            let pairs = [UInt32](repeating: second << 16 | first, count: 8)
            let (f16, bf16) = try pairs.withUnsafeBytes { bytes in
                let start = try #require(bytes.baseAddress)
                return (HalfNumbers.f16(start), HalfNumbers.bf16(start))
            }
            for (bits, f16, bf16) in [(first, f16.even[3], bf16.even[3]), (second, f16.odd[3], bf16.odd[3])] {
                let exact = Float16(bitPattern: UInt16(bits))
                if exact.isFinite { #expect(f16.bitPattern == Float(exact).bitPattern) }
                #expect(bf16.bitPattern == bits << 16)
            }
        }
    }

    @Test(arguments: [0x7C00, 0xFC00, 0x7E01, 0xFFFF] as [UInt16])
    func `what is not finite is noticed, wherever it stands`(bits: UInt16) {
        let memory = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: 39)
        defer { memory.deallocate() }
        guard let base = memory.baseAddress else { return }
        for place in 0..<39 {
            memory.initialize(repeating: 0x7BFF)
            let numbers = HalfNumbers(base: UnsafePointer(base), format: .f16, rows: 3, columns: 13, owner: ())
            #expect(numbers.areFinite)
            memory[place] = bits
            #expect(!numbers.areFinite)
        }
    }

    @Test func `the exponential is right to the last places, everywhere`() {
        for step in -1400...1000 {
            let base = Float(step) / 10
            let x = SIMD8<Float>(
                base, base + 0.011, base - 0.03, base + 0.047, base, base + 0.06, base + 0.07, base + 0.08)
            let found = exponential(x)
            for lane in 0..<8 {
                let exact = exp(Double(x[lane]))
                if exact > Double(Float.greatestFiniteMagnitude) {
                    #expect(found[lane] == .infinity)
                } else {
                    #expect(abs(Double(found[lane]) - exact) <= 4e-7 * exact + 1e-45, "e^\(x[lane])")
                }
            }
        }
        let odd = exponential(SIMD8(-.infinity, .infinity, .nan, 0, -0.0, 1, -1000, 1000))
        #expect(odd[0] == 0 && odd[1] == .infinity && odd[2].isNaN && odd[3] == 1 && odd[4] == 1)
        #expect(odd[6] == 0 && odd[7] == .infinity)
    }
}
