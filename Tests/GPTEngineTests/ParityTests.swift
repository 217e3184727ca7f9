import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Every intermediate value against what Hugging Face transformers computed; see `Fixtures/write_fixtures.py`.
@Suite struct ParityTests {
    @Test func `nano agrees with transformers in every value, over a full context`() throws {
        try expectParity(Model.nano(), "nano.trace")
    }

    @Test func `a GPT-2 of odd shape agrees with transformers in every value`() throws {
        try expectParity(Model.checkpoint(fixture("odd")), "odd.trace", sampling: .plain, without: ["next_token"])
    }

    @Test func `a checkpoint in nn.Linear's layout with prefixes and mask buffers agrees in every value`() throws {
        try expectParity(Model.checkpoint(fixture("linear/model.safetensors")), "linear.trace", without: ["next_token"])
    }

    @Test func `a sharded checkpoint in 16 bits with scores scaled otherwise agrees in every value`() throws {
        try expectParity(Model.checkpoint(fixture("variant")), "variant.trace", without: ["next_token"])
    }

    @Test func `a single row of a checkpoint in 16 bits agrees with the recorded logits`() throws {
        let model = try Model.checkpoint(fixture("variant"))
        let recorded = try SafetensorsFile(path: fixture("variant.trace.safetensors"))
        let entry = try #require(recorded.tensors.first { $0.name == "logits" })
        let logits = try #require(entry.numbers)
        let tokens = try recorded.integers("tokens")
        let trace = try Trace(
            program: .gpt2(model.configuration, tokenCount: tokens.count), weights: #require(model.weights),
            tokens: [tokens[0]])
        for position in tokens.indices {
            expectClose(trace.logits(at: position), [31], logits.row(position).map(Double.init))
            if position + 1 < tokens.count { trace.append(tokens[position + 1]) }
        }
    }

    /// Compares all tensors of a recorded trace with ours, and names the first operation that differs.
    private func expectParity(
        _ model: Model, _ recording: String, sampling: Sampling = .greedy, without skipped: Set<String> = []
    ) throws {
        let expected = try SafetensorsFile(path: fixture(recording + ".safetensors"))
        let ids = try expected.integers("tokens")
        let program = Program.gpt2(model.configuration, tokenCount: ids.count)
        let weights = try #require(model.weights)
        let trace = try Trace(program: program, weights: weights, tokens: ids)

        let folder = try TemporaryFolder()
        let path = folder.path("ours.safetensors")
        try trace.file(model: model, sampling: sampling).write(to: path)
        let ours = try SafetensorsFile(path: path)

        let recorded = Set(expected.tensors.map(\.name)).subtracting(skipped)
        let written = Set(ours.tensors.map(\.name)).subtracting(skipped).subtracting(["filtered_logits"])
        #expect(recorded.subtracting(["filtered_logits"]) == written, "the two traces hold different keys")
        #expect(try ours.integers("tokens") == ids)
        if !skipped.contains("next_token") {
            #expect(try ours.integers("next_token") == expected.integers("next_token"))
        }

        for entry in expected.tensors where entry.type == .f32 {
            let mine = try #require(ours.tensors.first { $0.name == entry.name })
            #expect(mine.shape == entry.shape, "\(entry.name)")
            let (a, b) = (try #require(mine.numbers).values, try #require(entry.numbers).values)
            let bound = 1e-5 * max(1, b.filter(\.isFinite).map(abs).max() ?? 0)
            let differing = a.indices.first { a[$0] != b[$0] && !(abs(a[$0] - b[$0]) <= bound) }
            if let index = differing {
                Issue.record("\(entry.name)\(entry.shape) at \(index): expected \(b[index]), found \(a[index])")
                return
            }
        }
    }
}
