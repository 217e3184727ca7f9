import Foundation

/// What this machine has.
public enum Machine {
    /// Bytes of memory this process may count on: the physical memory, or the control group's limit where that is less.
    public static let memory: Int = {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap { path in
            (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        return ([physical] + limits).min() ?? physical
    }()
}

extension Machine {
    /// Ends the program in its own way where the system has no memory left for values, instead of a trap; `end` is told
    /// how many bytes were asked for.
    public static func endWithoutMemory(_ end: @escaping @Sendable (Int) -> Never) {
        BufferPool.exhausted.withLock { $0 = end }
    }

    /// Gives memory that waits for reuse back to the system, as when a model is closed that needed much.
    public static func releaseMemory() { BufferPool.empty() }

    /// Bytes that the values of a pass may take unless told otherwise: 768 MiB, or a quarter of the memory if that is less.
    public static var activationMemory: Int { min(768 << 20, memory / 4) }
}
