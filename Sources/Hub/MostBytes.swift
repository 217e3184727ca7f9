import Checkpoints

/// How large a file can be where a hub does not say how large it is.
///
/// A hub without manners could send for ever. Small files are read whole, and none of them has more than 256 MiB; weights
/// have what the index or the configuration describes, with room for numbers of 64 bits and for masks.
enum MostBytes {
    /// Of anything that is no weights.
    static let small = 1 << 28

    /// Of the weights of a configuration.
    static func weights(_ keys: ConfigurationKeys) -> Int {
        func size(_ name: String, _ other: String, _ usual: Int, most: Int) -> Int {
            max(1, min(most, ((try? keys.integer(name, other)) ?? nil) ?? usual))
        }
        // Small enough that none of these products overflows.
        let (L, C) = (
            size("n_layer", "num_hidden_layers", 12, most: 1 << 12), size("n_embd", "hidden_size", 768, most: 1 << 16)
        )
        let (V, P) = (
            size("vocab_size", "vocab_size", 50257, most: 1 << 24),
            size("n_positions", "max_position_embeddings", 1024, most: 1 << 18)
        )
        let F = size("n_inner", "n_inner", 4 * C, most: 1 << 20)
        let numbers = (2 * V + P + 2) * C + L * (4 * C * C + 2 * C * F + F + 9 * C)
        return 8 * (numbers + L * P * P) + small
    }
}
