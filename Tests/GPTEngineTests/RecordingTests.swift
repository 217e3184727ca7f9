import Checkpoints
import Foundation
import Testing

@testable import GPTEngine

/// A recorded pass says what the pass said that was recorded, and what it lacks is not recorded.
@Suite struct RecordingTests {
    private func recorded(
        without names: Set<String> = [], metadata change: (inout [String: String]) -> Void = { _ in }
    ) throws -> (Recording, Trace) {
        let model = try Model.nano()
        let trace = try Trace(model, tokens: model.defaultTokens)
        let folder = try TemporaryFolder()
        try trace.file(model: model, sampling: .greedy).write(to: folder.path("all"))
        let all = try SafetensorsFile(path: folder.path("all"))
        var part = SafetensorsWriter()
        part.metadata = all.header.metadata
        change(&part.metadata)
        for tensor in all.tensors where !names.contains(tensor.name) {
            if let numbers = tensor.numbers {
                part.add(tensor.name, numbers)
            } else {
                part.add(tensor.name, try all.integers(tensor.name))
            }
        }
        try part.write(to: folder.path("part"))
        return (try Recording(SafetensorsFile(path: folder.path("part"))), trace)
    }

    @Test func `every value, every answer and every number with its terms is that of the pass`() throws {
        let (recording, trace) = try recorded()
        #expect(recording.program.nodes.map(\.shape) == trace.program.nodes.map(\.shape))
        #expect(recording.tokens == trace.tokens)
        for node in trace.program.nodes.indices.prefix(trace.program.logitsIndex) {
            let (mine, theirs) = (try recording.peek(node), trace.value(of: node))
            #expect(
                mine.values.map(\.bitPattern) == theirs.values.map(\.bitPattern), "\(trace.program.nodes[node].address)"
            )
            #expect(recording.isComputed(node))
        }
        for position in trace.tokens.indices {
            let (mine, theirs) = (try recording.peekLogits(at: position), trace.logits(at: position))
            #expect(zip(mine.values, theirs.values).allSatisfy { abs($0 - $1) < 1e-5 })
            #expect(
                try recording.prediction(at: position, sampling: .greedy).token
                    == trace.prediction(at: position, sampling: .greedy).token)
        }
        // A cell of a recorded pass is accounted for by what is recorded.
        let z = try trace.program.quantity(at: "blocks.1.attn.z").node
        let sum = try Decomposition(Cell(recording, z, [4, 1, 3], sampling: .greedy))
        #expect(sum.terms.count == 5 && sum.value == trace.value(of: z)[4, 1, 3])
        let x̂ = try trace.program.quantity(at: "blocks.1.ln1.normalized").node
        #expect(try recording.peek(.scale, of: x̂).values == trace.statistic(.scale, of: x̂)?.values)
    }

    @Test func `what the file lacks is not recorded, and no work brings it`() throws {
        let (recording, trace) = try recorded(without: ["blocks.0.attn.hook_z", "logits", "blocks.0.ln1.hook_scale"])
        let program = trace.program
        let z = try program.quantity(at: "blocks.0.attn.z").node
        #expect(!recording.work(toward: [.value(z), .answer(5), .lens(stream: program.streams[0], position: 5)]))
        #expect(throws: Absence.notRecorded) { try recording.peek(z) }
        #expect(throws: Absence.notRecorded) { try recording.peekLogits(at: 5) }
        #expect(throws: Absence.notRecorded) { try recording.prediction(at: 5, sampling: .greedy) }
        #expect(throws: Absence.notRecorded) { try recording.lens(after: program.streams[0], at: 5) }
        #expect(throws: Absence.notRecorded) { try recording.weight(program.configuration.unembedding) }
        #expect(throws: Absence.notRecorded) { try recording.peek(.scale, of: 4) }
        #expect(throws: Absence.notRecorded) { try recording.peek(.mean, of: 4) }
        // A product needs the weights, which no trace holds.
        #expect(throws: Absence.notRecorded) { try Decomposition(Cell(recording, 6, [0, 0, 0], sampling: .greedy)) }
        #expect(try recording.peek(program.quantity(at: "blocks.0.attn.pattern").node).shape == [3, 6, 6])
        #expect(Absence.notRecorded.description == "not recorded")
    }

    @Test func `what is no trace, or another model's, is refused by name`() throws {
        for (key, value, word) in [
            ("format", "pt", "format=gpt-trace"), ("n_layer", "three", "n_layer"), ("act_fn", "swoosh", "act_fn"),
            ("d_mlp", "100", "hook_pre"), ("n_vocab", "2", "outside the vocabulary"), ("n_ctx", "2", "tokens"),
        ] {
            do {
                _ = try recorded { $0[key] = value }
                Issue.record("\(key)=\(value) is taken")
            } catch { #expect("\(error)".contains(word), "\(key): \(error)") }
        }
        #expect(throws: CheckpointError.self) { try recorded(without: ["tokens"]) }
    }
}
