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

/// A whole number in groups of three digits, as `124,439,808`.
public func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    let groups = digits.indices.map { index in
        (index > 0 && (digits.count - index).isMultiple(of: 3) ? "," : "") + String(digits[index])
    }
    return (value < 0 ? "-" : "") + groups.joined()
}

/// Bytes in the largest unit that leaves a number above 1: `343 kB`, `498 MB`, `1.5 GB`, in powers of 1000.
public func byteCount(_ bytes: Int) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
    guard let (unit, name) = units.first(where: { bytes >= $0.0 }) else { return "\(bytes) B" }
    let value = Double(bytes) / Double(unit)
    return value < 9.95 ? String(format: "%.1f %@", value, name) : String(format: "%.0f %@", value, name)
}
