import CEmbedded

/// The bytes that travel inside the program.
enum Embedded {
    /// The trained weights of a preset, a safetensors file; nil where none are built in.
    static func weights(of preset: String) -> UnsafeRawBufferPointer? {
        var count = 0
        return embedded_model(preset, &count).map { UnsafeRawBufferPointer(start: $0, count: count) }
    }
}
