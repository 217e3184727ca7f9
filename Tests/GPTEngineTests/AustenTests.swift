import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// The built-in model of language, against transformers and tiktoken, and against what it was trained to do.
@Suite struct AustenTests {
    private struct Reference {
        let tensors: [String: Tensor]
        let ids: [Int]

        init(_ name: String) throws {
            let file = try SafetensorsFile(path: fixture("austen.safetensors"))
            let mine = file.tensors.filter { $0.name.hasPrefix(name + ".") && !$0.name.hasSuffix(".ids") }
            tensors = Dictionary(
                uniqueKeysWithValues: try mine.map {
                    ($0.name.replacing(name + ".", with: ""), try #require($0.numbers))
                })
            ids = try file.integers(name + ".ids")
        }
    }

    private func trace(_ ids: [Int]) throws -> Trace { try Trace(.austen(), tokens: ids) }

    @Test(arguments: ["name", "twice"]) func `logits and scores of heads are those of transformers`(name: String) throws
    {
        let reference = try Reference(name)
        let trace = try trace(reference.ids)
        let logits = try #require(reference.tensors["logits"])
        let largest = logits.values.map(abs).max() ?? 0
        for (row, position) in [reference.ids.count / 2, reference.ids.count - 1].enumerated() {
            let mine = trace.logits(at: position).values
            let theirs = logits.selecting(row, axis: 0).values
            #expect(zip(mine, theirs).allSatisfy { abs($0 - $1) <= 2e-4 * largest }, "position \(position)")
        }
        let earlier = EarlierPlaces(reference.ids)
        for block in 0..<trace.program.configuration.layerCount {
            let pattern = trace.value(of: try trace.program.quantity(at: "blocks.\(block).attn.pattern").node)
            for head in 0..<trace.program.configuration.headCount {
                let mine = HeadStatistics(pattern, head: head, earlier: earlier)
                for score in [HeadScore.previous, .induction, .duplicate] {
                    let theirs = try #require(reference.tensors[score.rawValue])[block, head]
                    #expect(abs(mine[score] - Double(theirs)) < 1e-4, "L\(block) H\(head) \(score)")
                }
            }
        }
    }

    @Test func `text becomes GPT-2's tokens as they are before its later merges`() throws {
        let tokenizer = try BytePairTokenizer.gpt2(count: 4096)
        let data = try Data(contentsOf: URL(fixture("austen-tokens.json")))
        struct Row: Decodable { let text: String, ids: [Int] }
        for row in try JSONDecoder().decode([Row].self, from: data) {
            let ids = try tokenizer.encode(Array(row.text.utf8), allowingSpecial: true)
            #expect(ids == row.ids, "\(row.text.debugDescription)")
            #expect(ids.allSatisfy { (0..<4096).contains($0) })
            #expect(ids.flatMap { tokenizer.bytes(of: $0) ?? [] } == Array(row.text.utf8))
        }
        #expect(tokenizer.bytes(of: 4096) == nil && tokenizer.endOfText == nil)
        let whole = try BytePairTokenizer.gpt2()
        #expect((0..<4096).allSatisfy { tokenizer.bytes(of: $0) == whole.bytes(of: $0) })
    }

    @Test func `it copies a name, looks one back, and says at once what it has read before`() throws {
        let model = try Model.austen()
        let sentence = "She was sure that Harriet would soon forget him, and be happy with Robert again. "
        let once = try model.encode(Array(sentence.utf8))
        let trace = try trace(once + once)
        let earlier = EarlierPlaces(once + once)
        var best: [HeadScore: Double] = [:]
        for block in 0..<model.configuration.layerCount {
            let pattern = trace.value(of: try trace.program.quantity(at: "blocks.\(block).attn.pattern").node)
            for head in 0..<model.configuration.headCount {
                let mine = HeadStatistics(pattern, head: head, earlier: earlier)
                for score in [HeadScore.previous, .induction] { best[score] = max(best[score] ?? 0, mine[score]) }
            }
        }
        #expect(try #require(best[.previous]) >= 0.4)
        #expect(try #require(best[.induction]) >= 0.4)
        let nats = (once.count..<2 * once.count).map { place in
            let prediction = Prediction(position: place - 1, logits: trace.logits(at: place - 1), sampling: .plain)
            return log(Double(prediction.sum)) + Double(prediction.max)
                - Double(prediction.logits[flat: once[place - once.count]])
        }
        #expect(nats.reduce(0, +) / Double(nats.count) <= 1)
        // Of the name that its own prompt breaks off in, the next piece.
        let prompt = model.defaultTokens
        #expect(model.text([try self.trace(prompt).logits(at: prompt.count - 1).largestIndex]) == "ember")
    }
}
