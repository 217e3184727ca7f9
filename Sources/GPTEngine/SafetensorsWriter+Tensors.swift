public import Checkpoints
import Foundation

/// Tensors and integers for a file.
extension SafetensorsWriter {
    /// Adds 32-bit floats that are computed when they are written.
    public mutating func add(_ name: String, shape: [Int], _ tensor: @escaping () -> Tensor) {
        add(name, .f32, shape: shape) { tensor().withValues { Data(buffer: $0) } }
    }

    /// Adds 32-bit floats.
    public mutating func add(_ name: String, _ tensor: Tensor) { add(name, shape: tensor.shape) { tensor } }

    /// Adds 64-bit integers in one axis.
    public mutating func add(_ name: String, _ integers: [Int]) { add(name, count: integers.count) { integers } }

    /// Adds 64-bit integers that are computed when they are written, in one axis.
    public mutating func add(_ name: String, count: Int, _ integers: @escaping () -> [Int]) {
        add(name, .i64, shape: [count]) {
            integers().map(Int64.init).withUnsafeBufferPointer { Data(buffer: $0) }
        }
    }
}
