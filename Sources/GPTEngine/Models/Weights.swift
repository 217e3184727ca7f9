public import Checkpoints
import Foundation
public import SystemPackage

/// The weights of a model, each brought to memory when it is first read, and kept.
///
/// A class, because it is one store that every pass over a model shares. It belongs to one thread.
public final class Weights {
    /// Where weights come from.
    public enum Source: Sendable {
        /// A checkpoint that holds every parameter of the configuration.
        case checkpoint(Checkpoint)
        /// GPT-2's initialisation from a seed: the mechanics and the cost are real, the numbers mean nothing.
        case random(seed: UInt64)
    }

    /// Where they come from.
    public let source: Source
    /// What lies over another store's weights: the changed tensors, and that store.
    private let changes: (edits: [Edit], original: Weights)?
    @exclusivity(unchecked) private var known: [String: Tensor] = [:]
    private var operands: [String: RowOperand] = [:]

    /// Creates a store; nothing is read yet.
    public init(_ source: Source) { (self.source, changes) = (source, nil) }

    private init(_ edits: [Edit], over original: Weights) { (source, changes) = (original.source, (edits, original)) }

    /// These weights with some of them changed; themselves where none are.
    func edited(by edits: [Edit]) -> Weights {
        let mine = edits.filter(\.isOfWeights)
        return mine.isEmpty ? self : Weights(mine, over: self)
    }

    /// Whether a parameter is in memory, or need not be brought there.
    func isReady(_ parameter: Parameter) -> Bool {
        if let changes { return known[parameter.name] != nil || changes.original.isReady(parameter) }
        return known[parameter.name] != nil
    }

    /// Whether some parameters are the same here and there.
    func agree(with other: Weights, on parameters: [Parameter]) -> Bool {
        self === other || parameters.allSatisfy { origin(of: $0) === other.origin(of: $0) }
    }

    /// The store that a parameter comes from.
    private func origin(of parameter: Parameter) -> Weights {
        guard let changes, !changes.edits.contains(where: { $0.target == .weight(parameter.name) }) else { return self }
        return changes.original.origin(of: parameter)
    }

    /// The numbers of a parameter; matrices are [in, out] whatever the file held.
    public subscript(parameter: Parameter) -> Tensor {
        if let tensor = known[parameter.name] { return tensor }
        if let changes {
            let mine = changes.edits.filter { $0.target == .weight(parameter.name) }
            guard !mine.isEmpty else { return changes.original[parameter] }
            let tensor = mine.reduce(changes.original[parameter]) { $1.change($0, 0..<0, nil) }
            known[parameter.name] = tensor
            return tensor
        }
        let tensor =
            switch source {
            case .checkpoint(let checkpoint): checkpoint.tensor(parameter)
            case .random(let seed): Self.random(parameter, seed: seed)
            }
        known[parameter.name] = tensor
        return tensor
    }

    /// Makes sure that the files are as they were when they were opened.
    ///
    /// - Returns: A file that another was put in the place of; the numbers of the one that was opened are still there.
    /// - Throws: ``FileError/changed(_:)`` where a file was written to: what was read before and what would be read now
    ///   are not of one model.
    @discardableResult
    public func checkUnchanged() throws(FileError) -> FilePath? {
        guard case .checkpoint(let checkpoint) = source else { return nil }
        var replaced: FilePath?
        for file in checkpoint.files.sources { replaced = try file.checkUnchanged() ?? replaced }
        return replaced
    }

    /// Bytes that are read for each number of a matrix when a single token is computed.
    public var bytesPerNumber: Int {
        guard case .checkpoint(let checkpoint) = source else { return 4 }
        return checkpoint.halves(checkpoint.configuration.attentionIn(block: 0).weight) == nil ? 4 : 2
    }

    /// The weights for a product with a single row: as they are stored, if that is in 16 bits.
    func rowOperand(_ parameter: Parameter) -> RowOperand {
        if let operand = operands[parameter.name] { return operand }
        if origin(of: parameter) !== self { return origin(of: parameter).rowOperand(parameter) }
        if changes != nil { return .full(self[parameter]) }
        let halves: RowOperand? =
            if case .checkpoint(let checkpoint) = source { checkpoint.halves(parameter) } else { nil }
        let found = halves ?? .full(self[parameter])
        operands[parameter.name] = found
        return found
    }

    /// A parameter as a fresh model has it. It depends on the seed, the name and the place alone, never on threads.
    static func random(_ parameter: Parameter, seed: UInt64) -> Tensor {
        switch parameter.initialization {
        case .constant(let value):
            return Tensor(parameter.shape) { $0.update(repeating: value) }
        case .normal(let deviation):
            let key = parameter.name.utf8.reduce(SplitMix.mix(seed &+ 1)) { SplitMix.mix($0 ^ UInt64($1)) }
            return Tensor(parameter.shape) { fill($0, key: key, deviation: deviation) }
        }
    }

    /// Fills with normal numbers: every 64-bit hash of a place gives four entries of a table of quantiles.
    private static func fill(_ out: UnsafeMutableBufferPointer<Float>, key: UInt64, deviation: Float) {
        let chunk = 1 << 16
        let target = SharedBuffer(numbers: out)
        DispatchQueue.concurrentPerform(iterations: (out.count + chunk - 1) / chunk) { index in
            NormalQuantiles.table.withUnsafeBufferPointer { table in
                var place = index * chunk
                let end = min(target.numbers.count, place + chunk)
                while place < end {
                    var hash = SplitMix.mix(key &+ UInt64(place) &* 0x9E37_79B9_7F4A_7C15)
                    for _ in 0..<min(4, end - place) {
                        target.numbers[place] = deviation * table[Int(hash & 0xFFFF)]
                        hash >>= 16
                        place += 1
                    }
                }
            }
        }
    }
}

/// Memory that threads fill together.
///
/// Unchecked: each chunk is written by one thread only, and no two overlap.
private struct SharedBuffer: @unchecked Sendable {
    let numbers: UnsafeMutableBufferPointer<Float>
}

/// The normal distribution cut into 65,536 equal shares, and the middle of each.
private enum NormalQuantiles {
    static let table: [Float] = {
        let half = 1 << 15
        var upper = [Float]()
        var x = 0.0
        for share in 0..<half {
            // Newton's method on Φ(x) = p, from the quantile before; Φ is concave here, so it approaches from below.
            let tail = 0.5 - (Double(share) + 0.5) / Double(2 * half)
            for _ in 0..<6 {
                x += (0.5 * erfc(x / 2.0.squareRoot()) - tail) / (exp(-x * x / 2) / (2 * Double.pi).squareRoot())
            }
            upper.append(Float(x))
        }
        return upper.reversed().map { -$0 } + upper
    }()
}
