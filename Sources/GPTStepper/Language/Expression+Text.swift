import Checkpoints
import Foundation

extension Expression {
    /// The expression as it can be read again.
    public var written: String { written(0) }

    private static let levels: [[String]] = [
        ["or"], ["and"], ["not"], ["==", "!=", "<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "@"],
    ]

    private func written(_ level: Int) -> String {
        func inside(_ text: String, _ own: Int) -> String { own < level ? "(\(text))" : text }
        switch self {
        case .number(let number): return Self.number(number)
        case .truth(let truth): return truth ? "true" : "false"
        case .text(let text, _): return Self.quoted(text)
        case .name(let name, _): return name
        case .variable(let name, _): return "$" + name
        case .slice(let base, let parts, _):
            return "\(base.written(9))[\(parts.map(\.written).joined(separator: ", "))]"
        case .call(let name, let arguments, let options, _):
            let all =
                arguments.map(\.written) + options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.written)" }
            return "\(name)(\(all.joined(separator: ", ")))"
        case .over(let inputs, let body, _): return "over(\(inputs.written), \(body.written))"
        case .known(let datum):
            return datum.number.map(Self.number) ?? (datum.kind == .text ? Self.quoted(datum.text) : datum.extent)
        case .prefix(let sign, let operand, _):
            return sign == "-" ? inside("-" + operand.written(7), 6) : inside("not " + operand.written(2), 2)
        case .infix(let sign, let a, let b, _):
            let own = Self.levels.firstIndex { $0.contains(sign) } ?? 0
            return inside("\(a.written(own)) \(sign) \(b.written(own + 1))", own)
        }
    }

    static func number(_ number: Double) -> String {
        if number == .infinity { return "inf" }
        return number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : String(format: "%.17g", number)
    }

    /// A text in quotes, as the language and JSON write it.
    public static func quoted(_ text: String) -> String { JSON.string(text).text }
}

extension Expression.Subscript {
    var written: String {
        switch self {
        case .item(let item): item.written
        case .range(let from, let to): "\(from?.written ?? ""):\(to?.written ?? "")"
        case .list(let items): "[\(items.map(\.written).joined(separator: ", "))]"
        case .each: "*"
        case .named(let axis, let part): "\(axis)=\(part.written)"
        }
    }
}

extension Expression.Inputs {
    var written: String {
        switch self {
        case .all: "all"
        case .random(let count, let seed): seed == 0 ? "random \(count)" : "random \(count) seed \(seed)"
        case .texts(let texts): texts.map(Expression.quoted).joined(separator: ", ")
        case .file(let name): name
        }
    }
}
