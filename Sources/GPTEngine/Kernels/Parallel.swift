import Dispatch

/// Splits `count` items into as many ranges as there are processors to share them, and runs `body` on each.
///
/// Few items are done at once where they are: `cost` is roughly what one takes in nanoseconds.
func inParallel(_ count: Int, cost: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let shares = count * cost < 50_000 ? 1 : min(Threads.count, count)
    guard shares > 1 else { return body(0..<count) }
    DispatchQueue.concurrentPerform(iterations: shares) { share in
        body(count * share / shares..<count * (share + 1) / shares)
    }
}

/// Memory that several threads write to, each its own part.
///
/// Unchecked: no two threads ever get the same index.
struct Shared: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>

    init?(_ numbers: UnsafeMutableBufferPointer<Float>) {
        guard let base = numbers.baseAddress else { return nil }
        self.base = base
    }
}

/// Memory that several threads read.
///
/// Unchecked: nobody writes to it meanwhile.
struct Source: @unchecked Sendable {
    let base: UnsafePointer<Float>

    init?(_ numbers: UnsafeBufferPointer<Float>) {
        guard let base = numbers.baseAddress else { return nil }
        self.base = base
    }
}

extension UnsafePointer<Float> {
    /// Eight numbers from here on, wherever they lie.
    @inline(__always)
    var eight: SIMD8<Float> { UnsafeRawPointer(self).loadUnaligned(as: SIMD8<Float>.self) }
}

extension UnsafeMutablePointer<Float> {
    /// Eight numbers from here on, wherever they lie.
    @inline(__always)
    var eight: SIMD8<Float> {
        get { UnsafeRawPointer(self).loadUnaligned(as: SIMD8<Float>.self) }
        nonmutating set { UnsafeMutableRawPointer(self).storeBytes(of: newValue, as: SIMD8<Float>.self) }
    }
}
