import Checkpoints
import GPTEngine
import GPTStepper

/// A ledger as it is printed.
struct LedgerOutput {
    let ledger: Ledger
    let attribution: Attribution?
    let model: Model
    /// What the terms of scores were divided by.
    let divisor: Float?

    /// How many terms text shows; JSON has them all.
    private static let limit = 20

    private var isToken: Bool { ["tokens", "next_token"].contains(ledger.address) }

    var json: JSON {
        let value: JSON =
            isToken ? .integer(Int(ledger.value ?? 0)) : ledger.value.map { .number(Double($0)) } ?? .null
        var fields: [(String, JSON)] = [
            ("address", .string(ledger.address)), ("index", .integers(ledger.index)), ("value", value),
            ("formula", .string(ledger.formula)), ("terms", .array(ledger.terms.map(json))),
            ("sum", .number(ledger.sum)),
        ]
        if let divisor { fields.append(("divisor", .number(Double(divisor)))) }
        if let attribution { fields.append(("attribution", json(attribution))) }
        return .object(fields + [("state", .string(model.state.rawValue))])
    }

    private func json(_ term: Ledger.Term) -> JSON {
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
        let cell = "\(ledger.address)[\(ledger.index.map(String.init).joined(separator: ", "))]"
        guard let value = ledger.value else { return "\(cell) has no value: it was \(absence)\n  \(ledger.formula)\n" }
        let shown = isToken ? "\(Int(value)) \(model.label(Int(value)))" : "\(value)"
        var text = "\(cell) = \(shown)  \(model.name)\(model.state == .random ? ", random weights" : "")\n"
        text += "  = \(ledger.formula)\n"
        if !ledger.terms.isEmpty { text += "\n" + terms }
        if let attribution { text += "\n" + parts(attribution) }
        return text
    }

    private var absence: String {
        ledger.address == "filtered_logits" || ledger.address == "probabilities" ? "cut" : "masked"
    }

    private var terms: String {
        let places = Array(ledger.ranking.prefix(Self.limit))
        let left = ledger.terms.count - places.count
        let rest = ledger.ranking.dropFirst(Self.limit).reduce(0.0) { $0 + ledger.terms[$1].value }
        let rows = places.map { place in
            [
                "\(place)", decimal(ledger.terms[place].value),
                ledger.terms[place].operands.map {
                    "\($0.name)[\($0.index.map(String.init).joined(separator: ","))] \(Explanation.exact($0.value))"
                }
                .joined(separator: "   "),
            ]
        }
        return table(["term", "value", "operands"], rows, left: [2])
            + (left > 0 ? "and \(left) smaller terms, \(decimal(rest)) together; --format json has them all\n" : "")
            + "sum \(decimal(ledger.sum))"
            + (ledger.residue.map { ", which the value differs from by \(decimal($0))" } ?? "")
            + (Ledger.concentration(ledger.terms.map(\.value)).map { "; " + $0 } ?? "")
            + "\n"
    }

    private func parts(_ attribution: Attribution) -> String {
        "what each part wrote toward this logit, with the final LayerNorm's σ = \(attribution.scale) held fixed:\n"
            + table(
                ["part", "share", "heads, and the bias of all"],
                attribution.parts.map { part in
                    let heads = part.heads.map(decimal) + (part.heads.isEmpty ? [] : ["+ " + decimal(part.bias)])
                    return [part.address, decimal(part.value), heads.joined(separator: "  ")]
                }, left: [0, 2])
            + "sum \(decimal(attribution.sum)) of \(attribution.logit)\n"
    }

    private func decimal(_ value: Double) -> String { Ledger.decimal(value) }
}
