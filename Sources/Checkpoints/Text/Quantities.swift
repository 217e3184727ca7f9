import Foundation

/// A whole number in groups of three digits, as `124,439,808`.
public func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    let groups = digits.indices.map { index in
        (index > 0 && (digits.count - index).isMultiple(of: 3) ? "," : "") + String(digits[index])
    }
    return (value < 0 ? "-" : "") + groups.joined()
}

/// Bytes in the largest unit that leaves a number above 1: `343 kB`, `498 MB`, `1.5 GB`, in powers of 1000.
public func byteCount(_ bytes: Int) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
    guard let (unit, name) = units.first(where: { bytes >= $0.0 }) else { return "\(bytes) B" }
    let value = Double(bytes) / Double(unit)
    return value < 9.95 ? String(format: "%.1f %@", value, name) : String(format: "%.0f %@", value, name)
}

/// The first few of some names, and how many more there are.
public func listed(_ names: [String]) -> String {
    let shown = names.prefix(4).map(visible).joined(separator: ", ")
    return names.count > 4 ? "\(shown) and \(names.count - 4) more" : shown
}

/// A time as people say it: `7 s`, `2 min 5 s`, `1 h 4 min`.
public func duration(_ seconds: Double) -> String {
    let seconds = Int(min(seconds.rounded(.up), 359_999))
    return seconds < 60
        ? "\(seconds) s"
        : seconds < 3600 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds % 3600 / 60) min"
}
