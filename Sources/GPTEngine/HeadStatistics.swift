import Foundation

/// What tells one attention head from another: how widely it looks, and where.
///
/// Means are over the queries that could do otherwise: the first can only look at itself, and is left out.
public struct HeadStatistics: Hashable, Sendable {
    /// The mean entropy of its rows, in bits: 0 where every query looks at one key. NaN over a single token, as are all
    /// means.
    public let entropy: Double
    /// The mean share on the first position.
    public let first: Double
    /// The mean share on the position before the query.
    public let previous: Double
    /// The mean share on the query's own position.
    public let own: Double
    /// The pattern made small, row by row: each number is the largest of its square.
    public let map: [Float]
    /// Rows and columns of the small pattern.
    public let side: Int

    /// The most rows and columns of a small pattern.
    public static let mostSide = 16

    /// Looks at one head of a pattern [H, T, T], whose rows are shares of 1; for nil at the mean over its heads.
    public init(_ pattern: Tensor, head: Int?) {
        let (H, T) = (pattern.shape[0], pattern.shape[1])
        self = pattern.withValues { values in
            if let head {
                return Self(UnsafeBufferPointer(rebasing: values[head * T * T..<(head + 1) * T * T]), count: T)
            }
            var mean = [Float](repeating: 0, count: T * T)
            for head in 0..<H {
                for place in 0..<T * T { mean[place] += values[head * T * T + place] / Float(H) }
            }
            return mean.withUnsafeBufferPointer { Self($0, count: T) }
        }
    }

    private init(_ pattern: UnsafeBufferPointer<Float>, count T: Int) {
        var (entropy, first, previous, own) = (0.0, 0.0, 0.0, 0.0)
        let step = (T + Self.mostSide - 1) / Self.mostSide
        let side = (T + step - 1) / step
        var map = [Float](repeating: 0, count: side * side)
        for query in 0..<T {
            let row = pattern[(query * T)..<(query * T + query + 1)]
            for (key, share) in row.enumerated() where !(share <= 0) {
                if share.isNaN {
                    (entropy, map[query / step * side + key / step]) = (.nan, .nan)
                    continue
                }
                if query > 0 { entropy -= Double(share) * log2(Double(share)) }
                let place = query / step * side + key / step
                if !map[place].isNaN { map[place] = max(map[place], share) }
            }
            guard query > 0 else { continue }
            first += Double(row[row.startIndex])
            own += Double(row[row.startIndex + query])
            previous += Double(row[row.startIndex + query - 1])
        }
        let count = T > 1 ? Double(T - 1) : .nan
        (self.entropy, self.first, self.own) = (entropy / count, first / count, own / count)
        self.previous = previous / count
        (self.map, self.side) = (map, side)
    }
}
