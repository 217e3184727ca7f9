import Foundation

/// Numbers as text, with a real minus sign; what is not a number is called by its name.
public enum Digits {
    /// A number with the digits that tell it from its neighbours.
    public static func exact(_ value: Float) -> String {
        value.isFinite ? (value.sign == .minus && value != 0 ? "−\("\(-value)")" : "\(value)") : name(Double(value))
    }

    /// A number with four decimals, or four digits where that says nothing.
    public static func short(_ value: Float) -> String {
        guard value.isFinite else { return name(Double(value)) }
        let size = abs(value)
        let text =
            size != 0 && (size < 0.001 || size >= 100_000) ? String(format: "%.3e", size) : String(format: "%.4f", size)
        return value < 0 ? "−" + text : text
    }

    /// The same of a number of 64 bits, which may be larger than one of 32 can be.
    public static func short(_ value: Double) -> String {
        abs(value) <= Double(Float.greatestFiniteMagnitude) || !value.isFinite
            ? short(Float(value))
            : decimal(value).prefix(1) == "−" ? String(format: "−%.3e", -value) : String(format: "%.3e", value)
    }

    /// A number with its sign before it, as a term of a sum.
    public static func signed(_ value: Float) -> String { value < 0 ? "− \(short(-value))" : "+ \(short(value))" }

    /// A number of 64 bits with seven significant digits.
    public static func decimal(_ value: Double) -> String {
        guard value.isFinite else { return name(value) }
        let text = String(format: abs(value) > 0 && abs(value) < 1e-4 ? "%.2e" : "%.7g", abs(value))
        return value < 0 ? "−" + text : text
    }

    /// A number with so many decimals.
    public static func fixed(_ value: Double, _ decimals: Int) -> String {
        value.isFinite ? String(format: "%.\(decimals)f", value) : name(value)
    }

    /// A share of 1 in percent.
    public static func percent(_ share: Double, _ decimals: Int = 1) -> String {
        share.isFinite ? String(format: "%.\(decimals)f %%", 100 * share) : name(share)
    }

    /// A share of 1 in percent with two decimals; what these would show as nothing is said to be less.
    public static func smallPercent(_ share: Double) -> String {
        share > 0 && share < 0.00005 ? "<0.01 %" : percent(share, 2)
    }

    /// What is not a finite number, by its name: NaN, ∞, −∞.
    public static func name(_ value: Double) -> String { value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
}
