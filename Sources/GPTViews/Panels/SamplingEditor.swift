import Foundation
import GPTEngine
import TerminalKit

/// The four settings of sampling while they are being changed.
struct SamplingEditor {
    private(set) var sampling: Sampling
    private(set) var field = 0

    init(_ sampling: Sampling) { self.sampling = sampling }

    static let names = ["temperature", "top-k", "top-p", "seed"]

    /// Each setting as text.
    var values: [String] {
        [
            sampling.isGreedy ? "0  greedy" : String(format: "%.1f", sampling.temperature),
            sampling.topK == 0 ? "0  off" : "\(sampling.topK)",
            sampling.topP == 1 ? "1  off" : String(format: "%.2f", sampling.topP), "\(sampling.seed)",
        ]
    }

    mutating func press(_ key: Key) {
        switch key {
        case .up, .character("k"): field = (field + 3) % 4
        case .down, .tab, .character("j"): field = (field + 1) % 4
        case .left, .character("h"), .character("-"): change(-1)
        case .right, .character("l"), .character("+"): change(1)
        default: break
        }
    }

    private mutating func change(_ step: Int) {
        switch field {
        case 0: sampling.temperature = min(9.9, max(0, ((sampling.temperature * 10).rounded() + Float(step)) / 10))
        case 1: sampling.topK = max(0, sampling.topK + step)
        case 2: sampling.topP = min(1, max(0.05, ((sampling.topP * 20).rounded() + Float(step)) / 20))
        default: sampling.seed = step > 0 ? sampling.seed &+ 1 : sampling.seed &- (sampling.seed > 0 ? 1 : 0)
        }
    }
}
