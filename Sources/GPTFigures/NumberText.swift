/// A number in at most `width` columns, with up to `decimals` decimals and a real minus sign before it; what these would
/// show as zero, and what is too large, has an exponent.
public func number(_ value: Float, width: Int, decimals: Int = 3) -> String {
    let size = abs(value)
    let room = value < 0 ? width - 1 : width
    let fitting = min(decimals, decimalsFitting(value, width: width))
    let isTiny = size > 0 && size < 0.5 / Float(repeatElement(10, count: fitting).reduce(1, *))
    let text = !size.isFinite || size >= 100_000 || isTiny ? exponential(size, room) : fixed(size, decimals: fitting)
    return value < 0 ? "−" + text : text
}

/// How many decimals of a number fit into `width` columns, at most three.
public func decimalsFitting(_ value: Float, width: Int) -> Int {
    guard value.isFinite, abs(value) < 100_000 else { return 3 }
    return max(0, min(3, width - (value < 0 ? 1 : 0) - String(Int(abs(value))).count - 1))
}

private func fixed(_ size: Float, decimals: Int) -> String {
    let scale = repeatElement(10, count: decimals).reduce(1, *)
    let scaled = Int((Double(size) * Double(scale)).rounded())
    guard decimals > 0 else { return String(scaled) }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

private func exponential(_ size: Float, _ room: Int) -> String {
    guard size.isFinite else { return size.isNaN ? "NaN" : "∞" }
    var (mantissa, exponent) = (size, 0)
    while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let tail = "e\(exponent)"
    return fixed(mantissa, decimals: room - tail.count >= 3 ? 1 : 0) + tail
}

/// Text cut to a width, with a mark where it was cut: between words where that leaves most of it.
public func clipped(_ text: String, _ width: Int) -> String {
    let scalars = Array(text.unicodeScalars)
    guard scalars.count > width else { return text }
    var kept = scalars.prefix(max(0, width - 1))
    if scalars[kept.count] != " ", let space = kept.lastIndex(of: " "), space > width / 2 { kept = kept[..<space] }
    return String(String.UnicodeScalarView(kept)) + "…"
}

/// The name of a position, `·trees 12`, cut to a width: the place stays whole, and the token gives way.
public func clippedName(_ name: String, _ width: Int) -> String {
    guard name.unicodeScalars.count > width, let space = name.lastIndex(of: " ") else { return clipped(name, width) }
    let (token, place) = (name[..<space], name[name.index(after: space)...])
    let room = width - 1 - place.unicodeScalars.count
    // A part of an id would be another id.
    let isID = token.hasPrefix("#") && token.count > 1 && token.dropFirst().allSatisfy(\.isNumber)
    return room < 3 || isID ? clipped(String(place), width) : clipped(String(token), room) + " " + place
}
