import Foundation
import Synchronization
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Work that threads share.
@Suite struct ParallelTests {
    @Test func `every item is done exactly once, whoever asks while others are at work`() {
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for round in 1...2000 {
                let sum = Atomic(0)
                inParallel(round, cost: 1 << 30) { items in sum.add(items.reduce(0, +), ordering: .relaxed) }
                #expect(sum.load(ordering: .relaxed) == round * (round - 1) / 2)
            }
        }
    }

    @Test func `work that is shared may share its own work`() {
        let sum = Atomic(0)
        inParallel(7, cost: 1 << 30) { outer in
            for item in outer {
                inParallel(100, cost: 1 << 30) { sum.add(item * $0.count, ordering: .relaxed) }
            }
        }
        #expect(sum.load(ordering: .relaxed) == 2100)
    }

    @Test func `threads that fell asleep wake for the next piece`() async throws {
        guard Threads.count > 1 else { return }
        // Now and then another test has the threads at work; but not always.
        for _ in 0..<100 {
            try await Task.sleep(for: .milliseconds(20))
            // The first to come waits for another, in vain if the others sleep on.
            let arrived = Atomic(0)
            inParallel(Threads.count, cost: 1 << 30) { _ in
                arrived.add(1, ordering: .relaxed)
                for _ in 0..<100_000 where arrived.load(ordering: .relaxed) < 2 { sched_yield() }
            }
            if arrived.load(ordering: .relaxed) > 1 { return }
        }
        Issue.record("nobody woke")
    }
}
