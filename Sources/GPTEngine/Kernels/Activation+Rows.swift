extension Activation {
    /// The function over a row of numbers.
    func apply(_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, count: Int) {
        let whole = count & ~7
        switch self {
        case .geluNew, .geluTanh, .geluFast:
            for i in stride(from: 0, to: whole, by: 8) {
                let x = (x + i).eight
                let u = 0.797_884_56 * (x + 0.044_715 * x * x * x)
                (out + i).eight = x / (1 + exponential(-2 * u))
            }
        case .quickGELU:
            for i in stride(from: 0, to: whole, by: 8) {
                let x = (x + i).eight
                (out + i).eight = x / (1 + exponential(-1.702 * x))
            }
        case .silu, .swish:
            for i in stride(from: 0, to: whole, by: 8) {
                let x = (x + i).eight
                (out + i).eight = x / (1 + exponential(-x))
            }
        case .gelu, .relu, .tanh:
            for i in 0..<whole { out[i] = self(x[i]) }
        }
        for i in whole..<count { out[i] = self(x[i]) }
    }
}
