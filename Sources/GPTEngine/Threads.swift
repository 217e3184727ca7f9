import Foundation
import Synchronization

/// How many threads compute.
public enum Threads {
    /// One for each processor, unless told otherwise before anything is computed.
    public static var count: Int { setting.withLock { $0 } }

    private static let setting = Mutex(ProcessInfo.processInfo.activeProcessorCount)

    /// Lets so many threads compute. The BLAS has one of its own in this process: its products are shared out to these.
    public static func use(_ count: Int) {
        setting.withLock { $0 = count }
    }
}
