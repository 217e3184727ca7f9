public import Checkpoints
import Foundation

/// The numbers of a tensor in a file.
extension StoredTensor {
    /// Its numbers as 32-bit floats: borrowed from the file where they are, converted exactly otherwise.
    ///
    /// Nil for element types that are not floating-point numbers of 16 bits or more.
    public var numbers: Tensor? {
        switch type {
        case .f32:
            if strides == nil, let base = bytes.baseAddress,
                Int(bitPattern: base).isMultiple(of: MemoryLayout<Float>.alignment)
            {
                return Tensor(shape, borrowing: bytes.assumingMemoryBound(to: Float.self), from: source)
            }
            return convert(from: Float.self) { $0 }
        case .f16: return convert(from: UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bf16: return convert(from: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .f64: return convert(from: Double.self) { Float($0) }
        case .bool, .f4, .f6E2M3, .f6E3M2, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .i16, .u16,
            .i32, .u32, .c64, .i64, .u64:
            return nil
        }
    }

    /// A matrix of 16-bit numbers as it lies in the file; nil where it is none.
    var halves: RowOperand? {
        let format: RowOperand.Format? = type == .f16 ? .f16 : type == .bf16 ? .bf16 : nil
        guard let format, shape.count == 2, strides == nil else { return nil }
        return RowOperand(
            base: bytes.baseAddress, format: format, rows: shape[0], columns: shape[1], owner: source)
    }

    private func convert<Element: BitwiseCopyable>(
        from type: Element.Type, _ number: (Element) -> Float
    ) -> Tensor {
        let (bytes, size) = (bytes, MemoryLayout<Element>.size)
        return Tensor(shape) { out in
            guard let strides, !out.isEmpty else {
                for i in out.indices { out[i] = number(bytes.loadUnaligned(fromByteOffset: i * size, as: type)) }
                return
            }
            // Row by row; an index counts up like the digits of a number.
            var index = Array(repeating: 0, count: shape.count)
            var place = 0
            for i in out.indices {
                out[i] = number(bytes.loadUnaligned(fromByteOffset: place * size, as: type))
                for axis in shape.indices.reversed() {
                    index[axis] += 1
                    place += strides[axis]
                    if index[axis] < shape[axis] { break }
                    place -= strides[axis] * shape[axis]
                    index[axis] = 0
                }
            }
        }
    }
}
