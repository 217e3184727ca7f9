import CEmbedded

/// The bytes that travel inside the program.
enum Embedded {
    /// The trained nano-GPT, a safetensors file.
    static var nano: UnsafeRawBufferPointer {
        var count = 0
        return UnsafeRawBufferPointer(start: embedded_nano(&count), count: count)
    }
}
