import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// One pass: values on demand, the statistics beside them, and the file of all of it.
@Suite struct TraceTests {
    private func nodes(_ trace: Trace, _ suffix: String) -> [Int] {
        trace.program.nodes.indices.filter { trace.program.nodes[$0].address.hasSuffix(suffix) }
    }

    // MARK: Order

    @Test func `values asked for in any order equal values in order`() throws {
        let ordered = try nanoTrace("CBABBC")
        let last = ordered.program.logitsIndex - 1
        var steps = 0
        while ordered.work(toward: [.value(last)]) { steps += 1 }
        #expect(steps == 57)

        var numbers = Numbers(seed: 50)
        for order in [Array((0...last).reversed()), (0...last).shuffled(using: &numbers), [last]] {
            let trace = try nanoTrace("CBABBC")
            for node in order { _ = trace.value(of: node) }
            for node in 0...last {
                #expect(trace.value(of: node).shape == trace.program.nodes[node].shape)
                #expect(trace.value(of: node).values == ordered.value(of: node).values)
                for statistic in trace.program.nodes[node].statistics {
                    let (a, b) = (trace.statistic(statistic, of: node), ordered.statistic(statistic, of: node))
                    #expect(try #require(a).values == #require(b).values)
                }
            }
        }
    }

    @Test func `only what is needed is computed`() throws {
        let trace = try nanoTrace("CBA")
        let pattern = try trace.program.quantity(at: "blocks.0.attn.pattern").node
        let value = try trace.program.quantity(at: "blocks.0.attn.v").node
        #expect(!trace.isComputed(1))
        _ = trace.value(of: pattern)
        #expect(trace.isComputed(pattern) && trace.isComputed(1))
        #expect(!trace.isComputed(value) && !trace.isComputed(pattern + 1))
        #expect(!trace.isComputed(trace.program.logitsIndex))
        _ = trace.logits(at: 2)
        #expect(trace.isComputed(value) && trace.isComputed(trace.program.logitsIndex))
    }

    @Test func `computing step by step stops at the wanted operation`() throws {
        let trace = try nanoTrace("CB")
        for step in 0...4 {
            #expect(trace.next(toward: [.value(4)]) == step)
            #expect(trace.work(toward: [.value(4)]))
            #expect(trace.isComputed(step) && !trace.isComputed(step + 1))
        }
        #expect(!trace.work(toward: [.value(4)]))
        #expect(throws: Absence.notComputed) { try trace.peek(5) }
        trace.complete([.value(trace.program.logitsIndex - 1)])
        #expect(trace.isComputed(trace.program.logitsIndex - 1))
    }

    @Test func `a pass that does not fit is refused before it starts`() throws {
        let model = try Model.nano()
        let weights = try #require(model.weights)
        let program = Program.gpt2(model.configuration, tokenCount: 4)
        let bytes = program.workingBytes
        #expect(throws: PassError.doesNotFit(bytes: bytes, limit: bytes - 1, tokenCount: 4)) {
            try Trace(program: program, weights: weights, tokens: [0, 1, 2, 0], store: Store(budget: bytes - 1))
        }
        let trace = try Trace(program: program, weights: weights, tokens: [0, 1, 2, 0], store: Store(budget: bytes))
        #expect(trace.logits(at: 3).shape == [3])
    }

    @Test func `a prediction follows the position and the sampling`() throws {
        let trace = try nanoTrace("CBABBC")
        let drawn = try Sampling(temperature: 2, seed: 4)
        trace.complete([.answer(5), .answer(2)])
        #expect(try trace.prediction(at: 5, sampling: .greedy).token == 0)
        #expect(try trace.prediction(at: 5, sampling: drawn).draw == drawn.draw(position: 5))
        #expect(try trace.prediction(at: 2, sampling: drawn).logits.values == trace.logits(at: 2).values)
        #expect(try trace.prediction(at: 5, sampling: .greedy).draw == nil)
    }

    // MARK: Statistics

    @Test func `means and scales are those of the rows that are normalised`() throws {
        let trace = try nanoTrace("CBABBC")
        let norms = nodes(trace, ".normalized")
        #expect(norms.count == 7)
        for node in norms {
            let input = trace.value(of: trace.program.nodes[node].inputs[0])
            let rows = (0..<6).map { Statistics(input.row($0)) }
            expectClose(try #require(trace.statistic(.mean, of: node)), [6], rows.map(\.mean))
            let scales = rows.map { ($0.deviation * $0.deviation + 1e-5).squareRoot() }
            expectClose(try #require(trace.statistic(.scale, of: node)), [6], scales)
            #expect(trace.statistic(.rowMax, of: node) == nil)
        }
    }

    @Test func `row maxima and sums are those of the masked scores`() throws {
        let trace = try nanoTrace("CBABBC")
        let patterns = nodes(trace, ".pattern")
        #expect(patterns.count == 3)
        for node in patterns {
            let masked = trace.value(of: trace.program.nodes[node].inputs[0])
            let rows = (0..<18).map { masked.row($0).map(Double.init) }
            let maxima = rows.map { $0.max() ?? .nan }
            let sums = zip(rows, maxima).map { row, largest in row.reduce(0) { $0 + exp($1 - largest) } }
            expectClose(try #require(trace.statistic(.rowMax, of: node)), [3, 6], maxima)
            expectClose(try #require(trace.statistic(.rowSum, of: node)), [3, 6], sums)
            #expect(trace.statistic(.mean, of: node) == nil)
        }
    }

    @Test func `no query sees a later key, and its shares add to 1`() throws {
        let trace = try nanoTrace("CBABBCA")
        for node in nodes(trace, ".pattern") {
            let (scores, masked, pattern) = (
                trace.value(of: node - 2), trace.value(of: node - 1), trace.value(of: node)
            )
            for (head, query) in (0..<21).map({ ($0 / 7, $0 % 7) }) {
                for key in 0..<7 {
                    #expect(masked[head, query, key] == (key > query ? -.infinity : scores[head, query, key]))
                    #expect((pattern[head, query, key] == 0) == (key > query))
                }
                #expect(abs(pattern.row(head * 7 + query).reduce(0, +) - 1) < 1e-6)
            }
        }
    }

    // MARK: File

    @Test func `the file holds every value by its hook name and says what it is of`() throws {
        let trace = try nanoTrace("CBAB")
        let folder = try TemporaryFolder()
        try trace.file(model: .nano(), sampling: .greedy).write(to: folder.path("trace"))
        let file = try SafetensorsFile(path: folder.path("trace"))
        let entries = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })

        var expected = ["tokens", "logits", "filtered_logits", "probabilities", "next_token"]
        for node in trace.program.nodes[1..<trace.program.logitsIndex] {
            expected.append(node.hook ?? node.address)
            if let hook = node.statistics.contains(.scale) ? node.names(of: .scale).hook : nil { expected.append(hook) }
        }
        expected += ["blocks.1.hook_resid_pre", "blocks.2.hook_resid_pre"]
        #expect(Set(entries.keys) == Set(expected))
        #expect(entries.count == expected.count)

        func value(_ name: String) throws -> Tensor {
            let entry = try #require(entries[name], "no \(name)")
            return try #require(entry.numbers)
        }
        #expect(try value("blocks.1.hook_resid_pre").values == value("blocks.0.hook_resid_post").values)
        #expect(try value("blocks.0.ln1.hook_scale").shape == [4, 1])
        #expect(try value("blocks.2.attn.hook_pattern").shape == [3, 4, 4])
        #expect(try value("logits").shape == [4, 3])
        expectClose(try value("logits").selecting(2, axis: 0), [3], trace.logits(at: 2).values.map(Double.init))
        #expect(try value("filtered_logits").values == trace.logits(at: 3).values)
        #expect(try file.integers("tokens") == [2, 1, 0, 1])
        #expect(try file.integers("next_token") == [trace.logits(at: 3).largestIndex])
        #expect(
            file.header.metadata == [
                "format": "gpt-trace", "format_version": "1", "model_id": "nano", "n_layer": "3", "n_head": "3",
                "d_model": "48", "d_head": "16", "d_mlp": "192", "n_ctx": "11", "n_vocab": "3", "act_fn": "gelu_new",
                "ln_eps": "1e-05", "scale_attn_weights": "true", "scale_attn_by_inverse_layer_idx": "false",
                "weights": "raw", "tokens_text": #"["C", "B", "A", "B"]"#,
                "producer": "gptstep \(version)",
            ])
    }

    @Test func `the file of random weights says so, and cut tokens are minus infinity`() throws {
        let model = try Model.preset(try #require(Preset.named("nano")), randomSeed: 8)
        let trace = try Trace(
            program: .gpt2(model.configuration, tokenCount: 2), weights: #require(model.weights), tokens: [0, 1])
        let folder = try TemporaryFolder()
        try trace.file(model: model, sampling: Sampling(topK: 1)).write(to: folder.path("trace"))
        let file = try SafetensorsFile(path: folder.path("trace"))
        #expect(file.header.metadata["weights"] == "random")
        let filtered = try #require(file.tensors.first { $0.name == "filtered_logits" }?.numbers)
        #expect(filtered.values.count { $0 == -.infinity } == 2)
        #expect(try file.integers("next_token") == [filtered.largestIndex])
    }

    @Test func `writing a file reports its progress and can be stopped`() throws {
        struct Stop: Error {}
        let trace = try nanoTrace("CB")
        var reports: [Int] = []
        let folder = try TemporaryFolder()
        let file = try trace.file(model: .nano(), sampling: .greedy)
        try file.write(to: folder.path("trace")) { done, all in
            reports.append(done)
            #expect(all == 70)
        }
        #expect(reports == Array(0...70))
        #expect(throws: Stop.self) {
            try file.write(to: folder.path("stopped")) { done, _ in if done == 10 { throw Stop() } }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.string) == ["trace"])
    }
}
