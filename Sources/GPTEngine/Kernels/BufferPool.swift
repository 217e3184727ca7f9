import Checkpoints
import Foundation
import Synchronization

/// Memory for tensors that is handed on instead of being given back to the system.
///
/// The first write to fresh memory costs many times what a write to used memory does, since the system clears every
/// page; reuse avoids that, and huge pages make it cheaper for large blocks.
enum BufferPool {
    /// Smaller blocks are left to the general allocator.
    static let least = 1 << 16

    private struct Block: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        let size: Int
    }

    private struct State {
        var free: [Block] = []
        var freeBytes = 0
        var limit = 256 << 20
    }

    private static let state = Mutex(State())
    /// What happens when the system has no memory left.
    static let exhausted = Mutex<@Sendable (Int) -> Never>({ bytes in
        fatalError("the system has no \(byteCount(bytes)) of memory left")
    })
    private static let hugePage = 2 << 20

    /// Bytes that are kept for reuse.
    static var freeBytes: Int { state.withLock { $0.freeBytes } }

    /// Keeps at most so many bytes for reuse, and gives back what is more.
    static func keep(atMost bytes: Int) {
        state.withLock { $0.limit = bytes }
        while freeBytes > bytes, shrink() {}
    }

    /// The bytes that a block for `count` numbers takes, or 0 where the pool has no part in it.
    static func size(for count: Int) -> Int {
        let bytes = count * MemoryLayout<Float>.stride
        return bytes < least ? 0 : (bytes + 0xFFF) & ~0xFFF
    }

    /// Whether a block of this size is there for reuse.
    static func hasFree(_ size: Int) -> Bool { state.withLock { Self.place(size, in: $0) != nil } }

    /// A block of at least `size` bytes, and its size.
    static func take(_ size: Int) -> (base: UnsafeMutableRawPointer, size: Int) {
        let reused = state.withLock { state -> Block? in
            guard let place = place(size, in: state) else { return nil }
            state.freeBytes -= state.free[place].size
            return state.free.remove(at: place)
        }
        if let reused { return (reused.base, reused.size) }
        // A huge page begins at a multiple of its size.
        let spare = size < hugePage ? 0 : hugePage
        let whole = size + spare
        guard let start = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { exhausted.withLock { $0 }(size) }
        let base = spare > 0 ? start.alignedUp(toMultipleOf: spare) : start
        if base > start { munmap(start, base - start) }
        let tail = start + whole - (base + size)
        if tail > 0 { munmap(base + size, tail) }
        madvise(base, size, MADV_HUGEPAGE)
        return (base, size)
    }

    /// The smallest free block that is large enough and not much larger.
    private static func place(_ size: Int, in state: State) -> Int? {
        var best: Int?
        for (place, block) in state.free.enumerated() where block.size >= size && block.size <= size + size / 4 {
            if best.map({ block.size < state.free[$0].size }) ?? true { best = place }
        }
        return best
    }

    /// Takes a block back for reuse.
    static func give(_ base: UnsafeMutableRawPointer, size: Int) {
        let surplus = state.withLock { state -> Bool in
            guard state.freeBytes + size <= state.limit else { return true }
            state.free.append(Block(base: base, size: size))
            state.freeBytes += size
            return false
        }
        if surplus { munmap(base, size) }
    }

    /// Gives all that waits for reuse back to the system.
    static func empty() {
        while shrink() {}
    }

    /// Gives the block that waited longest back to the system; false when there is none.
    static func shrink() -> Bool {
        let oldest = state.withLock { state -> Block? in
            guard !state.free.isEmpty else { return nil }
            state.freeBytes -= state.free[0].size
            return state.free.removeFirst()
        }
        guard let oldest else { return false }
        munmap(oldest.base, oldest.size)
        return true
    }
}
