import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// The built-in model does what it was trained for.
@Suite struct NanoTests {
    /// The ids of the `number`-th of all 3⁶ inputs.
    private static func input(_ number: Int) -> [Int] {
        var (rest, ids) = (number, [Int]())
        for _ in 0..<6 {
            ids.append(rest % 3)
            rest /= 3
        }
        return ids
    }

    private func trace(_ model: Model, _ ids: [Int]) throws -> Trace {
        try Trace(
            program: .gpt2(model.configuration, tokenCount: ids.count), weights: #require(model.weights), tokens: ids)
    }

    /// One pass over the input and its answer short of the last letter: if each position from the sixth on says the next
    /// letter of the answer, so does decoding letter by letter, because a position sees only what is before it.
    @Test func `nano sorts all 729 inputs`() throws {
        let model = try Model.nano()
        var wrong: [String] = []
        for number in 0..<729 {
            let input = Self.input(number)
            let sorted = input.sorted()
            let trace = try trace(model, input + sorted.dropLast())
            let answer = (5...10).map { trace.logits(at: $0).largestIndex }
            if answer != sorted { wrong.append("\(model.text(input)) → \(model.text(answer))") }
        }
        #expect(wrong.isEmpty)
    }

    @Test(arguments: ["CBABBC", "AAAAAA", "CCCCCC", "CCBBAA", "ABCABC", "BACBAC"])
    func `nano sorts letter by letter`(text: String) throws {
        let model = try Model.nano()
        var ids = try model.encode(Array(text.utf8))
        let sorted = ids.sorted()
        for _ in 0..<6 {
            let position = ids.count - 1
            let trace = try trace(model, ids)
            trace.complete([.answer(position)])
            ids.append(try #require(trace.prediction(at: position, sampling: model.sampling).token))
        }
        #expect(Array(ids[6...]) == sorted)
    }

    @Test func `what is before a position does not depend on what comes after it`() throws {
        let model = try Model.nano()
        let (short, long) = (try trace(model, [2, 1, 0]), try trace(model, [2, 1, 0, 1, 2]))
        for position in 0..<3 {
            let (a, b) = (short.logits(at: position), long.logits(at: position))
            expectClose(a, [3], b.values.map(Double.init))
        }
        #expect(long.logits(at: 4).values != long.logits(at: 2).values)
    }

    @Test func `nano has 85,728 numbers and no others`() throws {
        let model = try Model.nano()
        guard case .checkpoint(let checkpoint) = try #require(model.weights).source else {
            Issue.record("nano has no checkpoint")
            return
        }
        let entries = checkpoint.files.tensors
        #expect(entries.reduce(0) { $0 + $1.shape.reduce(1, *) } == 85_728)
        #expect(entries.count == model.configuration.parameters.count)
        #expect(entries.allSatisfy { $0.type == .f32 })
        #expect(model.state == .loaded)
        #expect(model.endOfText.isEmpty)
    }
}
