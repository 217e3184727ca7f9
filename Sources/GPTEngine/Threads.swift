import Foundation
import Synchronization

/// How many threads compute.
public enum Threads {
    /// One for each processor, unless told otherwise before anything is computed.
    public static var count: Int { setting.withLock { $0 } }

    private static let setting = Mutex(ProcessInfo.processInfo.activeProcessorCount)

    /// Lets so many threads compute, those of the BLAS included.
    public static func use(_ count: Int) {
        setting.withLock { $0 = count }
    }
}
