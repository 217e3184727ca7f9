/// The control sequence that puts text on the clipboard of whoever sits at the terminal, also over ssh: OSC 52 of xterm's
/// control sequences.
enum Clipboard {
    /// Bytes of text; as base64 they are 100,000, which terminals take and tmux passes on.
    private static let limit = 75_000

    /// The bytes to send.
    ///
    /// tmux takes the sequence itself only where `set-clipboard` is on, and hands one in its own wrapping through only
    /// where `allow-passthrough` is on. It drops the other silently, so inside tmux both are sent.
    static func sequence(for text: String, inTmux: Bool) -> [UInt8] {
        let escape: UInt8 = 27
        let plain = [escape] + Array("]52;c;".utf8) + base64(beginning(of: text)) + [7]
        guard inTmux else { return plain }
        let wrapped = [escape] + Array("Ptmux;".utf8) + [escape] + plain + [escape] + Array("\\".utf8)
        return plain + wrapped
    }

    /// The UTF-8 of as many whole scalars as fit.
    private static func beginning(of text: String) -> [UInt8] {
        var bytes = Array(text.utf8.prefix(limit + 1))
        guard bytes.count > limit else { return bytes }
        // The scalar that does not fit goes with its first byte, the one that is no continuation.
        while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        return bytes
    }

    /// Base64 as in RFC 4648, section 4.
    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                result.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return result
    }
}
