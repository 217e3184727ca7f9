import Foundation
import Synchronization

/// Splits `count` items into as many ranges as there are processors to share them, and runs `body` on each.
///
/// Few items are done at once: `cost` is roughly what one item takes in nanoseconds. The ranges are the same whether or not
/// the processors are free, since where a product is cut may show in its last bits.
func inParallel(_ count: Int, cost: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let shares = count * cost < 50_000 ? 1 : min(Threads.count, count)
    let isShared =
        shares > 1 && Crew.shared.run(shares) { body(count * $0 / shares..<count * ($0 + 1) / shares) }
    guard !isShared else { return }
    for share in 0..<shares { body(count * share / shares..<count * (share + 1) / shares) }
}

/// Threads that share work with the one that asks for it.
///
/// To wake a thread takes about 50 µs, in which memory gives a megabyte of weights, and one token is dozens of pieces of
/// that size: so a thread that has done its part looks out for more for a moment before it sleeps, and whoever asks takes
/// what nobody has begun.
private final class Crew: Sendable {
    static let shared = Crew()

    private struct Job {
        var body: @Sendable (Int) -> Void = { _ in }
        /// The share that nobody has taken yet, and how many there are.
        var next = 0
        var count = 0
    }

    private let job = Mutex(Job())
    private let threads = Mutex(0)
    private let isBusy = Atomic(false)
    /// Shares that wait to be taken, those that are not done, and threads that sleep.
    private let waiting = Atomic(0)
    private let undone = Atomic(0)
    private let sleeping = Atomic(0)
    private let bell = DispatchSemaphore(value: 0)

    /// Runs `body` for each share; false, and nothing done, while the threads are at other work.
    func run(_ shares: Int, _ body: @Sendable (Int) -> Void) -> Bool {
        guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
            return false
        }
        defer { isBusy.store(false, ordering: .releasing) }
        threads.withLock { threads in
            while threads < Threads.count - 1 {
                Thread.detachNewThread { self.work() }
                threads += 1
            }
        }
        withoutActuallyEscaping(body) { body in
            undone.store(shares, ordering: .relaxed)
            // Inside the lock, since whoever is still awake may take a share as soon as it is free.
            job.withLock {
                $0 = Job(body: body, next: 0, count: shares)
                waiting.store(shares, ordering: .sequentiallyConsistent)
            }
            for _ in 0..<sleeping.exchange(0, ordering: .sequentiallyConsistent) { bell.signal() }
            doShares()
            while undone.load(ordering: .acquiring) > 0 { sched_yield() }
            job.withLock { $0 = Job() }
        }
        return true
    }

    private func doShares() {
        while doShare() { undone.subtract(1, ordering: .releasing) }
    }

    /// Takes a share and runs it, false where none is left. Not inlined: when it returns, it holds the body no more.
    @inline(never)
    private func doShare() -> Bool {
        let taken = job.withLock { job -> (body: @Sendable (Int) -> Void, share: Int)? in
            guard job.next < job.count else { return nil }
            job.next += 1
            return (job.body, job.next - 1)
        }
        guard let taken else { return false }
        waiting.subtract(1, ordering: .relaxed)
        taken.body(taken.share)
        return true
    }

    /// Takes one off those who sleep; false where somebody has rung for all of them.
    private func stayAwake() -> Bool {
        var count = sleeping.load(ordering: .sequentiallyConsistent)
        while count > 0 {
            let (isDone, found) = sleeping.compareExchange(
                expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
            if isDone { return true }
            count = found
        }
        return false
    }

    private func work() {
        while true {
            var looks = 0
            while waiting.load(ordering: .sequentiallyConsistent) <= 0 {
                looks += 1
                if looks < 300 {
                    sched_yield()
                } else {
                    sleeping.add(1, ordering: .sequentiallyConsistent)
                    // Who is counted as asleep is rung for, and must take that up.
                    if waiting.load(ordering: .sequentiallyConsistent) <= 0 || !stayAwake() { bell.wait() }
                    looks = 0
                }
            }
            doShares()
        }
    }
}

/// Memory that several threads write to, each its own part.
///
/// Unchecked: no two threads ever get the same index.
struct Shared: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>

    init(_ base: UnsafeMutablePointer<Float>) { self.base = base }

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
