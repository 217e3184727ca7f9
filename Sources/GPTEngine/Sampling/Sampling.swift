import Foundation

/// How the next token is chosen from the logits.
///
/// In this order: ÷ temperature, the `topK` largest, then the fewest of those that reach `topP` together (the token
/// that crosses the mark stays). Ties go to the lower id. At temperature 0 nothing is divided or cut, and the largest
/// logit wins.
public struct Sampling: Hashable, Sendable {
    /// Below 1 the likely become likelier, above 1 less so; 0 always takes the largest.
    public var temperature: Float
    /// Keep so many of the largest; 0 keeps all.
    public var topK: Int
    /// Keep the fewest that reach this share; 1 keeps all.
    public var topP: Float
    /// With the position it fixes the random number that a token is sampled by.
    public var seed: UInt64

    /// Creates settings; by default nothing is cut.
    ///
    /// - Throws: ``SamplingError`` for a number outside its range.
    public init(temperature: Float = 1, topK: Int = 0, topP: Float = 1, seed: UInt64 = 0) throws(SamplingError) {
        (self.temperature, self.topK, self.topP, self.seed) = (temperature, topK, topP, seed)
        if let fault { throw fault }
    }

    /// Which number is outside its range; nil where all are inside.
    public var fault: SamplingError? {
        guard temperature == 0 || (temperature >= 1e-4 && temperature.isFinite) else {
            return .temperature(temperature)
        }
        guard topK >= 0 else { return .topK(topK) }
        return topP > 0 && topP <= 1 ? nil : .topP(topP)
    }

    /// The largest logit always wins.
    public static let greedy = Sampling(temperature: 0)
    /// Drawn as the model says.
    public static let plain = Sampling(temperature: 1)

    private init(temperature: Float) {
        (self.temperature, topK, topP, seed) = (temperature, 0, 1, 0)
    }

    /// Whether the largest logit always wins.
    public var isGreedy: Bool { temperature == 0 }

    /// The random number of a position, u ∈ [0, 1); it depends on the seed and the position alone, so that going back
    /// and forward draws the same.
    public func draw(position: Int) -> Double {
        var generator = SplitMix(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(position) &* 0xD1B5_4A32_D192_ED03)
        _ = generator.next()
        return Double(generator.next() >> 11) * 0x1p-53
    }
}

/// A sampling setting outside its range.
public enum SamplingError: Error, Hashable, CustomStringConvertible {
    /// Not 0, and below 0.0001 or not a number.
    case temperature(Float)
    /// Negative.
    case topK(Int)
    /// Not in (0, 1].
    case topP(Float)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .temperature(let value):
            "A temperature of \(value) is not possible: 0 (greedy) or a number from 0.0001 on is expected."
        case .topK(let value): "A top-k of \(value) is not possible: 0 (keep all) or a positive number is expected."
        case .topP(let value): "A top-p of \(value) is not possible: a number above 0 and at most 1 is expected."
        }
    }
}

/// A counter-based generator: small, fast, and the same everywhere.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// The finishing function alone, for numbers that are addressed by index.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
