public import GPTEngine

/// What the model would answer if it stopped after each write to the residual stream: the logit lens, as far as it is
/// computed.
public struct LensTable: Sendable {
    /// A token with its probability.
    public struct Candidate: Hashable, Sendable {
        /// The token.
        public let token: Int
        /// Its share, of a softmax over the whole vocabulary at temperature 1.
        public let probability: Float
    }

    private struct Place: Hashable {
        let stream: Int
        let position: Int
    }

    /// The operations after which the stream is read, by index.
    public let streams: [Int]
    private var known: [Place: [Candidate]] = [:]
    /// How many candidates are kept of each place.
    public static let count = 8

    /// Nothing is known yet.
    public init(_ program: Program) { streams = program.streams }

    /// The likeliest tokens at a place, the likeliest first; none where its logits are not all finite, nil while they are not
    /// computed.
    public func candidates(after stream: Int, at position: Int) -> [Candidate]? {
        known[Place(stream: stream, position: position)]
    }

    /// The first place that is not computed yet, of some positions.
    private func missing(_ positions: Range<Int>) -> Place? {
        for stream in streams {
            for position in positions.reversed() where known[Place(stream: stream, position: position)] == nil {
                return Place(stream: stream, position: position)
            }
        }
        return nil
    }

    /// Whether something is still to be computed for these positions.
    public func needsWork(_ positions: Range<Int>) -> Bool { missing(positions) != nil }

    /// Computes one operation, or reads the stream at one place; false when all is there.
    public mutating func work(_ values: any Values, _ positions: Range<Int>) -> Bool {
        guard let place = missing(positions) else { return false }
        if values.work(toward: [.lens(stream: place.stream, position: place.position)]) { return true }
        guard let logits = try? values.lens(after: place.stream, at: place.position) else { return false }
        let prediction = Prediction(position: place.position, logits: logits, sampling: .plain)
        // Among what is no number nothing is likeliest.
        known[place] = (prediction.notFinite > 0 ? [] : prediction.ranking(Self.count)).map {
            Candidate(token: $0, probability: prediction.probabilities[flat: $0])
        }
        return true
    }
}
