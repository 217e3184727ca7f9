/// A function over a range, with one point on it.
public struct Curve: Sendable {
    /// The function.
    public let function: @Sendable (Float) -> Float
    /// The argument whose point is marked; nil where there is none.
    public let point: Float?

    /// A function, and the point to mark.
    public init(function: @escaping @Sendable (Float) -> Float, point: Float?) {
        (self.function, self.point) = (function, point)
    }
}
