/// A logit as the sum of what each part of the model wrote to the stream: direct logit attribution.
///
/// The final LayerNorm divides by the σ of the finished stream; with that σ held fixed the logit is linear in everything
/// that was written, so the parts add up to it exactly. How a part changed σ itself, and what later parts made of it, is
/// not in its share. Source: Elhage et al., "A Mathematical Framework for Transformer Circuits" (2021).
public struct Attribution: Hashable, Sendable {
    /// What one operation wrote, seen from the logit.
    public struct Part: Hashable, Sendable {
        /// The address of the operation that wrote it, or `ln_final.bias` for β of the final LayerNorm.
        public let address: String
        /// The operation, by index; nil for β.
        public let node: Int?
        /// Its share of the logit.
        public let value: Double
        /// For attention the share of each head.
        public let heads: [Double]
        /// For attention the share of its bias, which belongs to no head.
        public let bias: Double
        /// For attention what a number in each channel of z, head after head, adds to the logit, [C].
        public var along: [Double] = []
    }

    /// The token whose logit it is.
    public let token: Int
    /// The position that is read.
    public let position: Int
    /// The logit itself.
    public let logit: Float
    /// The σ of the final LayerNorm, held fixed.
    public let scale: Float
    /// What a number in each channel of the stream adds to the logit, [C].
    public let direction: [Double]
    /// Embeddings, then attention and MLP of each block, then β; those that have been computed so far.
    public internal(set) var parts: [Part] = []

    /// The sum of the parts.
    public var sum: Double { parts.reduce(0) { $0 + $1.value } }
}

extension Program {
    /// The operations whose results are added to the residual stream, in order.
    public var streamWriters: [Int] {
        nodes.indices.filter { [.embed, .posEmbed, .attnOut, .mlpOut].contains(nodes[$0].operation) }
    }

    /// The operations that hold the residual stream after something was added to it, in order.
    public var streams: [Int] {
        nodes.indices.filter { if case .residual = nodes[$0].operation { true } else { false } }
    }
}
