/// Numbers in rows: an immutable block of 32-bit floats with a shape, the last axis contiguous.
///
/// The numbers are either its own or borrowed from something that outlives it, such as a mapped file; copying a
/// tensor copies neither.
public struct Tensor: Sendable {
    /// The extent of each axis, outermost first.
    public let shape: [Int]
    private var storage: Storage

    /// Creates a tensor and lets `fill` write all its numbers, which are not initialised before.
    public init(_ shape: [Int], fill: (UnsafeMutableBufferPointer<Float>) -> Void) {
        let count = Self.count(shape)
        let wanted = BufferPool.size(for: count)
        guard wanted > 0 else {
            let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            fill(memory)
            self.init(shape, Storage(UnsafeBufferPointer(memory), .allocated))
            return
        }
        let (base, size) = BufferPool.take(wanted)
        let memory = UnsafeMutableBufferPointer(start: base.bindMemory(to: Float.self, capacity: count), count: count)
        fill(memory)
        self.init(shape, Storage(UnsafeBufferPointer(memory), .pooled(base, size: size)))
    }

    /// Creates a tensor from literal numbers in row-major order.
    public init(_ shape: [Int], _ values: [Float]) {
        precondition(values.count == Self.count(shape), "\(values.count) numbers do not fill \(shape)")
        self.init(shape) { memory in _ = memory.update(from: values) }
    }

    /// Creates a tensor over numbers that belong to `owner` and stay as they are while it lives.
    init(_ shape: [Int], borrowing numbers: UnsafeBufferPointer<Float>, from owner: any Sendable) {
        precondition(numbers.count == Self.count(shape), "\(numbers.count) numbers do not fill \(shape)")
        self.init(shape, Storage(numbers, .borrowed(owner)))
    }

    /// Creates a tensor over all that was written to memory which more may be added to.
    init(_ shape: [Int], growing memory: Growth) {
        let numbers = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(memory.numbers)[..<memory.count])
        self.init(shape, Storage(numbers, .growing(memory)))
    }

    /// The memory that rows can be added to after the first `count` numbers; nil where others were added there, or where it
    /// does not grow.
    func growing(at count: Int) -> Growth? {
        guard case .growing(let memory) = storage.origin, memory.count == count else { return nil }
        return memory
    }

    /// Whether rows can be added to it without a copy of all.
    var isGrowing: Bool { if case .growing = storage.origin { true } else { false } }

    /// Forgets the rows of the first axis after the first `count`; where nobody else looks at them, their memory is written
    /// to by those that come next.
    mutating func keepRows(_ count: Int) {
        let stride = self.count / max(1, shape[0])
        if case .growing(let memory) = storage.origin, memory.count == self.count,
            isKnownUniquelyReferenced(&storage)
        {
            memory.truncate(to: count * stride)
            self = Tensor([count] + shape.dropFirst(), growing: memory)
        } else {
            self = rows(0..<count)
        }
    }

    private init(_ shape: [Int], _ storage: Storage) {
        self.shape = shape
        self.storage = storage
    }

    /// Numbers in a shape; beside an extent of 0, a file may claim what is too large to count with.
    private static func count(_ shape: [Int]) -> Int { shape.contains(0) ? 0 : shape.reduce(1, *) }

    /// Numbers in all.
    public var count: Int { storage.numbers.count }
    /// The extent of the last axis.
    public var columnCount: Int { shape.last ?? 1 }
    /// How many rows of the last axis there are over all other axes.
    public var rowCount: Int { columnCount == 0 ? 0 : count / columnCount }

    /// The number at a row-major index.
    public subscript(flat index: Int) -> Float { storage.numbers[index] }

    /// The number at an index for each axis.
    public subscript(index: Int...) -> Float { self[flat: flatIndex(index)] }

    /// The row-major index of an index for each axis.
    public func flatIndex(_ index: [Int]) -> Int {
        precondition(index.count == shape.count, "index \(index) does not fit \(shape)")
        return zip(index, shape).reduce(0) { flat, axis in
            precondition(axis.0 >= 0 && axis.0 < axis.1, "index \(index) is outside \(shape)")
            return flat * axis.1 + axis.0
        }
    }

    /// The index for each axis of a row-major index.
    public func index(ofFlat place: Int) -> [Int] {
        var (rest, index) = (place, shape)
        for axis in shape.indices.reversed() {
            (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: shape[axis])
        }
        return index
    }

    /// The numbers of one row of the last axis.
    public func row(_ index: Int) -> [Float] {
        Array(storage.numbers[index * columnCount..<(index + 1) * columnCount])
    }

    /// The part with one index of one axis, which goes: [H, T, T] with head 1 is [T, T].
    public func selecting(_ index: Int, axis: Int) -> Tensor {
        precondition(index >= 0 && index < shape[axis], "\(index) is outside axis \(axis) of \(shape)")
        let inner = shape[(axis + 1)...].reduce(1, *)
        let outer = shape[..<axis].reduce(1, *)
        var rest = shape
        rest.remove(at: axis)
        return Tensor(rest) { out in
            withValues { values in
                for block in 0..<outer {
                    let start = (block * shape[axis] + index) * inner
                    _ = UnsafeMutableBufferPointer(rebasing: out[block * inner..<(block + 1) * inner])
                        .update(from: UnsafeBufferPointer(rebasing: values[start..<start + inner]))
                }
            }
        }
    }

    /// Some rows of the first axis, without a copy.
    public func rows(_ range: Range<Int>) -> Tensor {
        let stride = count / max(1, shape[0])
        let numbers = UnsafeBufferPointer(
            rebasing: storage.numbers[range.lowerBound * stride..<range.upperBound * stride])
        return Tensor([range.count] + shape.dropFirst(), borrowing: numbers, from: storage)
    }

    /// The same numbers under another shape that holds as many.
    func reshaped(_ shape: [Int]) -> Tensor {
        precondition(count == Self.count(shape), "\(self.shape) does not become \(shape)")
        return Tensor(shape, storage)
    }

    /// Bytes of memory that are taken for the numbers.
    var byteCount: Int {
        if case .pooled(_, let size) = storage.origin { size } else { count * MemoryLayout<Float>.stride }
    }

    /// Whether no number is NaN or infinite.
    public var isFinite: Bool {
        withValues { values in
            let whole = values.count & ~7
            var sum = SIMD8<Float>.zero
            if let base = UnsafeRawPointer(values.baseAddress) {
                for start in stride(from: 0, to: whole, by: 8) {
                    // Nothing but a NaN or an infinity makes anything else of 0.
                    sum += base.loadUnaligned(fromByteOffset: 4 * start, as: SIMD8<Float>.self) * 0
                }
            }
            return sum.sum() == 0 && values[whole...].allSatisfy(\.isFinite)
        }
    }

    /// All numbers in row-major order.
    public var values: [Float] { Array(storage.numbers) }

    /// Gives `body` the numbers in row-major order, without a copy; they must not be kept.
    public func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) { try body(storage.numbers) }
    }

    /// Owns the numbers, or keeps alive what does.
    ///
    /// Unchecked: nothing writes to the numbers once it exists, so any thread may read them.
    private final class Storage: @unchecked Sendable {
        /// Where the numbers lie.
        enum Origin {
            case allocated
            case pooled(UnsafeMutableRawPointer, size: Int)
            case borrowed(any Sendable)
            case growing(Growth)
        }

        let numbers: UnsafeBufferPointer<Float>
        let origin: Origin

        init(_ numbers: UnsafeBufferPointer<Float>, _ origin: Origin) {
            self.numbers = numbers
            self.origin = origin
        }

        deinit {
            switch origin {
            case .allocated: numbers.deallocate()
            case .pooled(let base, let size): BufferPool.give(base, size: size)
            case .borrowed, .growing: break
            }
        }
    }
}
