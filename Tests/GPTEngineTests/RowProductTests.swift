import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Products with a single row, and numbers of 16 bits.
@Suite struct RowProductTests {
    /// The bits of numbers in 16 bits as a matrix at an odd place of memory, as a checkpoint may put it.
    private func halves(_ bits: [UInt16], columns: Int, _ format: RowOperand.Format) -> RowOperand {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * bits.count + 1, alignment: 2)
        for (place, half) in bits.enumerated() {
            memory.storeBytes(of: half, toByteOffset: 2 * place + 1, as: UInt16.self)
        }
        return RowOperand(
            base: memory.baseAddress.map { UnsafeRawPointer($0) + 1 }, format: format, rows: bits.count / columns,
            columns: columns, owner: ())
    }

    /// Numbers rounded to 16 bits, as they would be stored, and the same as 32-bit floats.
    private func halves(_ values: Tensor, _ format: RowOperand.Format) -> (RowOperand, Tensor) {
        let bits = values.values.map { format == .f16 ? Float16($0).bitPattern : UInt16($0.bitPattern >> 16) }
        let wide = bits.map { format == .f16 ? Float(Float16(bitPattern: $0)) : Float(bitPattern: UInt32($0) << 16) }
        return (halves(bits, columns: values.columnCount, format), Tensor(values.shape, wide))
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
        for format in [RowOperand.Format.f16, .bf16] {
            let (half, wide) = halves(w, format)
            expectClose(found(half), [1, columns.count], expected(wide))
        }
    }

    @Test(arguments: [RowOperand.Format.f16, .bf16])
    func `an unembedding in 16 bits gives what its widened copy gives`(format: RowOperand.Format) {
        var numbers = Numbers(seed: 61)
        let x = numbers.tensor(1, 75)
        let (half, wide) = halves(numbers.tensor(11, 75), format)
        let expected = (0..<11).map { id in (0..<75).reduce(0.0) { $0 + Double(x[0, $1]) * Double(wide[id, $1]) } }
        expectClose(Kernels.rowUnembed(x, table: half), [1, 11], expected)
    }

    @Test func `every number of 16 bits is widened exactly, infinities and NaN too`() {
        let bits = (0...UInt16.max).map { $0 }
        let one = Tensor([1, 1], [1])
        for (format, exact) in [
            (RowOperand.Format.f16, { Float(Float16(bitPattern: $0)) }),
            (.bf16, { Float(bitPattern: UInt32($0) << 16) }),
        ] as [(RowOperand.Format, (UInt16) -> Float)] {
            let found = Kernels.rowUnembed(one, table: halves(bits, columns: 1, format)).values
            let beside = Kernels.rowLinear(
                one, weight: halves(bits, columns: bits.count, format),
                bias: Tensor([bits.count]) { $0.update(repeating: 0) },
                shape: [1, bits.count]
            ).values
            let wrong = bits.filter {
                let (exact, place) = (exact($0), Int($0))
                return ![found[place], beside[place]].allSatisfy { $0 == exact || $0.isNaN && exact.isNaN }
            }
            #expect(wrong.isEmpty)
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
