import Checkpoints
import Foundation
import GPTEngine

/// What may follow what was typed of a line of the language.
public struct Completion: Hashable, Sendable {
    /// How many scalars before the cursor are replaced.
    public let length: Int
    /// What may stand in their place.
    public let candidates: [String]

    /// What all candidates begin with.
    public var common: String {
        guard var common = candidates.first else { return "" }
        for candidate in candidates.dropFirst() { common = common.commonPrefix(with: candidate) }
        return common
    }
}

extension Session {
    /// What may follow a line up to the cursor: commands, addresses, tensors, tokens after a quote, names after $, files.
    public func completion(of line: String) -> Completion {
        let statement = line.split(separator: ";", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        let trimmed = statement.drop { $0 == " " || $0.isNumber }
        let quotes = statement.count { $0 == "\"" }
        if quotes % 2 == 1, let start = statement.lastIndex(of: "\"") {
            return tokens(beginning: String(statement[statement.index(after: start)...]))
        }
        let part = String(trimmed.reversed().prefix { !" ([,+-/@<>=:;".contains($0) }.reversed())
        if part.count == trimmed.count {
            return found(part, among: Verb.all.map { $0.name + " " }.sorted())
        }
        let verb = trimmed.prefix { $0 != " " }
        if ["source", "save", "record", "export"].contains(String(verb)) || statement.hasSuffix("trace \(part)") {
            return files(beginning: String(trimmed.drop { $0 != " " }.drop { $0 == " " }))
        }
        if part.hasPrefix("$") {
            return found(part, among: (Array(names.kept.keys) + Array(names.defined.keys)).map { "$\($0)" }.sorted())
        }
        return found(part, among: addresses(like: part))
    }

    private func found(_ part: String, among all: [String]) -> Completion {
        Completion(length: part.unicodeScalars.count, candidates: all.filter { $0.hasPrefix(part) && $0 != part })
    }

    /// Addresses and tensors; aliases where one is being typed.
    private func addresses(like part: String) -> [String] {
        let program = stepper.program
        let short = program.nodes.compactMap { node in
            node.block.map { block in "L\(block).\(node.name.split(separator: ".").last.map(String.init) ?? node.name)"
            }
        }
        let heads = (0..<program.configuration.layerCount).flatMap { block in
            (0..<program.configuration.headCount).map { "L\(block).H\($0)" }
        }
        let weights = ["W_Q", "W_K", "W_V", "W_O", "W_in", "W_out"].flatMap { name in
            (0..<program.configuration.layerCount).map { "L\($0).\(name)" }
        }
        let words = Scope.words + HeadScore.allCases.map { "heads.\($0.rawValue)" } + ["W_E", "W_pos", "W_U"]
        let functions = Functions.all.keys.sorted().map { $0 + "(" } + ["over("]
        let all =
            part.hasPrefix("L")
            ? short + heads + weights
            : program.nodes.map(\.address) + words + functions + program.configuration.parameters.map(\.name)
        var seen: Set<String> = []
        return all.filter { seen.insert($0).inserted }
    }

    private func tokens(beginning part: String) -> Completion {
        guard model.tokenizer != nil else { return Completion(length: 0, candidates: []) }
        var texts: [String] = []
        for id in 0..<model.configuration.vocabularySize where texts.count < 50 {
            let text = model.text([id])
            if text.hasPrefix(part), text != part, visible(text) == text { texts.append(text + "\"") }
        }
        return Completion(length: part.unicodeScalars.count, candidates: texts)
    }

    private func files(beginning part: String) -> Completion {
        let folder = part.contains("/") ? String(part[...(part.lastIndex(of: "/") ?? part.startIndex)]) : ""
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        let all = names.sorted().filter { !$0.hasPrefix(".") }.map { folder + $0 }
        return found(part, among: all)
    }
}
