import Foundation

/// One number that tells an attention head from others. A new one is a case here and how it is found; its words
/// are in ``GPTStepper``.
public enum HeadScore: String, Hashable, Sendable, CaseIterable {
    /// The mean entropy of its rows, in bits: 0 where every query looks at one key.
    case entropy
    /// The mean share on the first position.
    case first
    /// The mean share on the position before the query.
    case previous
    /// The mean share on the query's own position.
    case own = "self"
    /// Of a query whose token stood at earlier places, the share on what came after those: it copies how the text went on.
    case induction
    /// Of such a query, the share on the earlier places themselves.
    case duplicate

    /// Whether it is a share of attention, where the largest says most; of entropy the lowest does.
    public var isShare: Bool { self != .entropy }
}

/// Where in a text its tokens stood before.
public struct EarlierPlaces: Hashable, Sendable {
    /// Of each position the last one before it with the same token; nil where there is none.
    private let last: [Int?]

    /// Of some tokens.
    public init(_ tokens: some Sequence<Int>) {
        var known: [Int: Int] = [:]
        last = tokens.enumerated().map { place, token in known.updateValue(place, forKey: token) }
    }

    /// The positions before one that have its token, the latest first.
    func before(_ position: Int) -> some Sequence<Int> {
        sequence(state: position) { place in
            guard let next = last[place] else { return nil }
            place = next
            return next
        }
    }
}

/// What tells one attention head from another: how widely it looks, and where.
///
/// Means are over the queries that could do otherwise: the first can only look at itself, and is left out; of
/// ``HeadScore/induction`` and ``HeadScore/duplicate`` those whose token stood earlier. Source of the names: Olsson et al.,
/// "In-context Learning and Induction Heads" (2022).
public struct HeadStatistics: Hashable, Sendable {
    /// Each score for which a query counts.
    private let scores: [HeadScore: Double]

    /// One of its scores; NaN where no query counts, as over a single token.
    public subscript(score: HeadScore) -> Double { scores[score] ?? .nan }

    /// The pattern made small, row by row: each number is the largest of its square.
    public let map: [Float]
    /// Rows and columns of the small pattern.
    public let side: Int

    /// The most rows and columns of a small pattern.
    public static let mostSide = 16

    /// Looks at one head of a pattern [H, T, T], whose rows are shares of 1; for nil at the mean over its heads.
    ///
    /// - Parameter earlier: where the tokens of its T positions stood before.
    public init(_ pattern: Tensor, head: Int?, earlier: EarlierPlaces) {
        let (H, T) = (pattern.shape[0], pattern.shape[1])
        self = pattern.withValues { values in
            if let head {
                return Self(UnsafeBufferPointer(rebasing: values[head * T * T..<(head + 1) * T * T]), count: T, earlier)
            }
            var mean = [Float](repeating: 0, count: T * T)
            for head in 0..<H {
                for place in 0..<T * T { mean[place] += values[head * T * T + place] / Float(H) }
            }
            return mean.withUnsafeBufferPointer { Self($0, count: T, earlier) }
        }
    }

    private init(_ pattern: UnsafeBufferPointer<Float>, count T: Int, _ earlier: EarlierPlaces) {
        var sums: [HeadScore: (sum: Double, count: Int)] = [:]
        func add(_ score: HeadScore, _ value: some BinaryFloatingPoint) {
            let (sum, count) = sums[score] ?? (0, 0)
            sums[score] = (sum + Double(value), count + 1)
        }
        let step = (T + Self.mostSide - 1) / Self.mostSide
        let side = (T + step - 1) / step
        var map = [Float](repeating: 0, count: side * side)
        for query in 0..<T {
            let row = UnsafeBufferPointer(rebasing: pattern[(query * T)..<(query * T + query + 1)])
            var entropy = 0.0
            for (key, share) in row.enumerated() where !(share <= 0) {
                let place = query / step * side + key / step
                map[place] = share.isNaN || map[place].isNaN ? .nan : max(map[place], share)
                entropy -= Double(share) * log2(Double(share))
            }
            guard query > 0 else { continue }
            add(.entropy, entropy)
            add(.first, row[0])
            add(.previous, row[query - 1])
            add(.own, row[query])
            var (duplicate, induction): (Float?, Float?)
            for place in earlier.before(query) {
                duplicate = (duplicate ?? 0) + row[place]
                // What came after may be this query itself, which copies nothing.
                if place + 1 < query { induction = (induction ?? 0) + row[place + 1] }
            }
            if let duplicate { add(.duplicate, duplicate) }
            if let induction { add(.induction, induction) }
        }
        scores = sums.mapValues { $0.sum / Double($0.count) }
        (self.map, self.side) = (map, side)
    }
}
