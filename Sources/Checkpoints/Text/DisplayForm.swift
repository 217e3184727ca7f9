/// Bytes as text that is safe to show: every scalar one column wide, nothing that a terminal would obey.
///
/// Spaces, newlines and tabs become marks; controls, what has no width of its own or more than one column, and bytes
/// that are no text become escapes such as `\xE4` and `\u{200B}`.
public func displayForm(_ bytes: [UInt8]) -> String {
    var result = ""
    var rest = bytes[...]
    while let first = rest.first {
        let length = min(rest.count, first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4)
        if let text = String(validating: rest.prefix(length), as: UTF8.self) {
            result += text.unicodeScalars.map(displayForm).joined()
            rest = rest.dropFirst(length)
        } else {
            result += "\\x" + hexadecimal(UInt32(first))
            rest = rest.dropFirst()
        }
    }
    return result
}

/// Text of unknown origin as it is safe to show in a message; spaces stay spaces, and of what is long the middle is left
/// out.
///
/// The one door through which whatever a file, an argument, the environment or a network says reaches a person: no byte
/// of it is obeyed by a terminal, and no sentence grows past reading.
public func visible(_ text: String) -> String {
    let (scalars, limit) = (text.unicodeScalars, 240)
    let isLong = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex) != nil
    let (head, tail) = (shown(scalars.prefix(limit)), isLong ? shown(scalars.suffix(limit)) : "")
    // Escapes make some texts longer than they are.
    if !isLong, head.unicodeScalars.count <= limit { return head }
    let end = isLong ? tail : head
    return String(head.unicodeScalars.prefix(limit / 2)) + "…" + String(end.unicodeScalars.suffix(limit / 2))
}

private func shown(_ scalars: Substring.UnicodeScalarView) -> String {
    // A space is the one scalar that is shown as this mark.
    displayForm(RawText.bytes(String(Substring(scalars)))).replacing("␣", with: " ")
}

/// A shape of unknown origin as it is shown: `[2, 3]`; of absurdly many axes the first.
public func visible(_ shape: [Int]) -> String {
    let extents = shape.prefix(8).map { "\(UInt(bitPattern: $0))" }.joined(separator: ", ")
    return shape.count <= 8 ? "[\(extents)]" : "[\(extents), … \(shape.count) axes]"
}

private func displayForm(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case " ": return "␣"
    case "\n": return "␊"
    case "\t": return "␉"
    case "!"..."~": return String(scalar)
    case "¡"..."ɏ" where scalar != "\u{AD}": return String(scalar)  // Latin: one column everywhere
    case "Α"..."ώ", "А"..."я", "ё":
        return scalar.properties.isAlphabetic ? String(scalar) : "\\u{\(hexadecimal(scalar.value))}"
    default: return "\\u{\(hexadecimal(scalar.value))}"
    }
}

private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return digits.count < 2 ? "0" + digits : digits
}
