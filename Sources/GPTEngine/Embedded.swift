import CEmbedded

/// The bytes that travel inside the program.
enum Embedded {
    /// The trained nano-GPT, a safetensors file.
    static var nano: UnsafeRawBufferPointer {
        var count = 0
        return UnsafeRawBufferPointer(start: embedded_nano(&count), count: count)
    }

    /// GPT-2's merges, a line each.
    static var merges: UnsafeRawBufferPointer {
        var count = 0
        return UnsafeRawBufferPointer(start: embedded_merges(&count), count: count)
    }
}
