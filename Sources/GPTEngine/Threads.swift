import Foundation
import Synchronization

/// How many threads compute.
public enum Threads {
    /// One for each processor, unless told otherwise before anything is computed.
    public static var count: Int { setting.withLock { $0 } }

    /// As many as may be: a BLAS has room for so many callers at once and no more, 64 in common builds.
    public static let most = 64

    private static let setting = Mutex(min(ProcessInfo.processInfo.activeProcessorCount, most))

    /// Lets so many threads compute. The BLAS has one of its own in this process: its products are shared out to these.
    public static func use(_ count: Int) {
        setting.withLock { $0 = min(count, most) }
    }
}
