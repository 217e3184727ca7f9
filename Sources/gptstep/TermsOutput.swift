import Checkpoints
import GPTEngine
import GPTStepper

/// A decomposition as it is printed.
struct TermsOutput {
    let terms: Decomposition
    let attribution: Attribution?
    let model: Model
    /// What the terms of scores were divided by.
    let divisor: Float?

    /// How many terms text shows; JSON has them all.
    private static let limit = 20

    /// Whether its number is a token's id.
    let isToken: Bool

    var json: JSON {
        let value = terms.value.map { isToken ? JSON.integer(Int($0)) : .number(Double($0)) } ?? .null
        var fields: [(String, JSON)] = [
            ("address", .string(terms.address)), ("index", .integers(terms.index)), ("value", value),
            ("formula", .string(terms.formula)), ("terms", .array(terms.terms.map(json))),
            ("sum", .number(terms.sum)),
        ]
        if let divisor { fields.append(("divisor", .number(Double(divisor)))) }
        if let attribution { fields.append(("attribution", json(attribution))) }
        return .object(fields + [("state", .string(model.state.rawValue))])
    }

    private func json(_ term: Term) -> JSON {
        .object([
            ("term", .number(term.value)),
            (
                "operands",
                .array(
                    term.operands.map { operand in
                        let isTensor = if case .parameter = operand.source { true } else { false }
                        return .object([
                            (isTensor ? "tensor" : "address", .string(operand.name)),
                            ("index", .integers(operand.index)), ("value", .number(Double(operand.value))),
                        ])
                    })
            ),
        ])
    }

    private func json(_ attribution: Attribution) -> JSON {
        .object([
            ("logit", .number(Double(attribution.logit))), ("scale", .number(Double(attribution.scale))),
            (
                "parts",
                .array(
                    attribution.parts.map { part in
                        let fields: [(String, JSON)] = [
                            ("address", .string(part.address)), ("value", .number(part.value)),
                        ]
                        let heads: [(String, JSON)] = [
                            ("heads", .array(part.heads.map(JSON.number))), ("bias", .number(part.bias)),
                        ]
                        return .object(part.heads.isEmpty ? fields : fields + heads)
                    })
            ),
            ("sum", .number(attribution.sum)),
        ])
    }

    var text: String {
        let cell = "\(terms.address)[\(terms.index.map(String.init).joined(separator: ", "))]"
        guard let value = terms.value else {
            let why = terms.removal.map { "it was \($0)" } ?? "the logits are not all numbers"
            return "\(cell) has no value: \(why)\n  \(terms.formula)\n"
        }
        let number = value.isFinite ? "\(value)" : Digits.name(Double(value))
        let shown = isToken ? "\(Int(value)) \(model.label(Int(value)))" : number
        var text = "\(cell) = \(shown)  \(model.name)\(model.state == .random ? ", random weights" : "")\n"
        text += "  = \(terms.formula)\n"
        if !terms.terms.isEmpty { text += "\n" + termTable }
        if let attribution { text += "\n" + parts(attribution) }
        return text
    }

    private var termTable: String {
        let places = Array(terms.ranking.prefix(Self.limit))
        let left = terms.terms.count - places.count
        let rest = terms.ranking.dropFirst(Self.limit).reduce(0.0) { $0 + terms.terms[$1].value }
        let rows = places.map { place in
            [
                "\(place)", decimal(terms.terms[place].value),
                terms.terms[place].operands.map {
                    "\($0.name)[\($0.index.map(String.init).joined(separator: ","))] \(Digits.exact($0.value))"
                }
                .joined(separator: "   "),
            ]
        }
        return table(["term", "value", "operands"], rows, left: [2])
            + (left > 0 ? "and \(left) smaller terms, \(decimal(rest)) together; --format json has them all\n" : "")
            + "sum \(decimal(terms.sum))"
            + (terms.residue.map { ", which the value differs from by \(decimal($0))" } ?? "")
            + (Decomposition.concentration(terms.terms.map(\.value)).map { "; " + $0 } ?? "")
            + "\n"
    }

    private func parts(_ attribution: Attribution) -> String {
        "what each part wrote toward this logit, with the final LayerNorm's σ = \(decimal(Double(attribution.scale))) held fixed:\n"
            + table(
                ["part", "share", "heads, and the bias of all"],
                attribution.parts.map { part in
                    let heads = part.heads.map(decimal) + (part.heads.isEmpty ? [] : ["+ " + decimal(part.bias)])
                    return [part.address, decimal(part.value), heads.joined(separator: "  ")]
                }, left: [0, 2])
            + "sum \(decimal(attribution.sum)) of \(decimal(Double(attribution.logit)))\n"
    }

    private func decimal(_ value: Double) -> String { Digits.decimal(value) }
}
