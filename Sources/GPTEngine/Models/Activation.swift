import Foundation

/// The non-linearity of an MLP, by the names that Hugging Face configurations use.
///
/// Source: `transformers/activations.py` (version 5.23).
public enum Activation: String, Hashable, Sendable, CaseIterable {
    /// GELU by its tanh approximation: GPT-2's own.
    case geluNew = "gelu_new"
    /// The same formula under the name of PyTorch's argument.
    case geluTanh = "gelu_pytorch_tanh"
    /// The same formula, factored for speed.
    case geluFast = "gelu_fast"
    /// GELU exactly, by the error function.
    case gelu
    /// GELU by a logistic curve: x·sigmoid(1.702·x).
    case quickGELU = "quick_gelu"
    /// max(0, x).
    case relu
    /// x·sigmoid(x).
    case silu
    /// The same as ``silu``.
    case swish
    /// The hyperbolic tangent.
    case tanh

    /// The function at `x`.
    public func callAsFunction(_ x: Float) -> Float {
        switch self {
        case .geluNew, .geluTanh, .geluFast:
            // √(2/π) = 0.7978845608. ½·(1 + tanh u) is 1/(1 + exp(−2u)), in which nothing cancels far below 0.
            x / (1 + expf(-2 * 0.797_884_56 * (x + 0.044_715 * x * x * x)))
        // 1 + erf(y) is erfc(−y), for the same reason.
        case .gelu: 0.5 * x * erfcf(-x * 0.707_106_77)
        case .quickGELU: x / (1 + expf(-1.702 * x))
        case .relu: max(0, x)
        case .silu, .swish: x / (1 + expf(-x))
        case .tanh: tanhf(x)
        }
    }

    /// What readers call it.
    public var name: String {
        switch self {
        case .geluNew, .geluTanh, .geluFast, .gelu, .quickGELU: "GELU"
        case .relu: "ReLU"
        case .silu, .swish: "SiLU"
        case .tanh: "tanh"
        }
    }

    /// The formula, with x for the argument.
    public var formula: String {
        switch self {
        case .geluNew, .geluTanh, .geluFast: "0.5·x·(1 + tanh(0.79788·(x + 0.044715·x^3)))"
        case .gelu: "0.5·x·(1 + erf(0.70711·x))"
        case .quickGELU: "x / (1 + exp(−1.702·x))"
        case .relu: "max(0, x)"
        case .silu, .swish: "x / (1 + exp(−x))"
        case .tanh: "tanh(x)"
        }
    }
}
