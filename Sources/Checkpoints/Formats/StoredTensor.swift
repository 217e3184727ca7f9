import Foundation

/// A tensor as a file holds it: a name, a type, a shape, and where its elements lie.
public struct StoredTensor: Sendable {
    /// Its name.
    public let name: String
    /// What its elements are.
    public let type: ElementType
    /// The extent of each axis; none for a scalar. Where another is 0, one may be the bit pattern of a number above 2^63.
    public let shape: [Int]
    /// How many elements apart neighbours along each axis lie; nil where they fill their bytes row by row.
    package let strides: [Int]?
    /// Where its elements are in the source; those of a view with gaps lie among others.
    private let place: Range<Int>
    /// The file, or the memory, that holds them.
    package let source: ByteSource

    init(
        name: String, type: ElementType, shape: [Int], strides: [Int]? = nil, place: Range<Int>, in source: ByteSource
    ) {
        (self.name, self.type, self.shape, self.strides) = (name, type, shape, strides)
        (self.place, self.source) = (place, source)
    }

    /// The bytes that its elements lie in; valid while the source lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: source.bytes[place]) }

    /// Bytes that its elements take.
    public var byteCount: Int { strides == nil ? place.count : shape.reduce(1, *) * type.bits / 8 }

    /// Whether another tensor is the same, byte for byte.
    package func hasSameBytes(as other: StoredTensor) -> Bool {
        guard type == other.type, strides == other.strides, place.count == other.place.count else { return false }
        guard let a = bytes.baseAddress, let b = other.bytes.baseAddress else { return true }
        return a == b || memcmp(a, b, place.count) == 0
    }
}
