/// The printable characters that GPT-2's vocabulary files write bytes with.
///
/// Source: `bytes_to_unicode` of the GPT-2 release: bytes that print as themselves keep their character, the other 68
/// get U+0100 and on, in their order.
enum ByteAlphabet {
    /// All bytes in the order of their characters' first use, which is the order of GPT-2's first 256 ids.
    static let bytes: [UInt8] = {
        let printable = [33...126, 161...172, 174...255].flatMap { Array($0) }
        return (printable + (0...255).filter { !printable.contains($0) }).map { UInt8($0) }
    }()

    /// The byte that a character below U+0144 stands for; nil where it stands for none.
    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256 + 68)
        for byte in bytes.prefix(256 - 68) { values[Int(byte)] = byte }
        for (place, byte) in bytes.dropFirst(256 - 68).enumerated() { values[256 + place] = byte }
        return values
    }()

    /// Appends the bytes that a text in this alphabet stands for; false, having appended some, where it is none.
    static func append(_ text: some Sequence<Unicode.Scalar>, to bytes: inout [UInt8]) -> Bool {
        for scalar in text {
            guard scalar.value < 256 + 68, let byte = values[Int(scalar.value)] else { return false }
            bytes.append(byte)
        }
        return true
    }
}
