/// What the finite ones of some numbers have in common.
public struct Statistics: Hashable, Sendable {
    /// How many are finite.
    public var count = 0
    /// The smallest; NaN when there is none.
    public var minimum = Float.nan
    /// The largest; NaN when there is none.
    public var maximum = Float.nan
    /// Their mean; NaN when there is none.
    public var mean = Double.nan
    /// The root of their mean squared distance from the mean; NaN when there is none.
    public var deviation = Double.nan

    /// Looks at every number; infinities and NaNs are passed over.
    public init(_ numbers: some Collection<Float>) {
        var sum = 0.0
        for value in numbers where value.isFinite {
            minimum = count == 0 ? value : min(minimum, value)
            maximum = count == 0 ? value : max(maximum, value)
            sum += Double(value)
            count += 1
        }
        guard count > 0 else { return }
        let mean = sum / Double(count)
        var squares = 0.0
        for value in numbers where value.isFinite { squares += (Double(value) - mean) * (Double(value) - mean) }
        self.mean = mean
        deviation = (squares / Double(count)).squareRoot()
    }
}

extension Tensor {
    /// What the finite ones of its numbers have in common.
    public var statistics: Statistics { withValues { Statistics($0) } }
}
