import Checkpoints
import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import Testing

/// What stands in the documentation as an example compiles, runs, and says what it says there.
@Suite struct ExampleTests {
    @Test func `a program, a pass and its values`() throws {
        do {
            let program = Program.gpt2(
                try Configuration(
                    layerCount: 12, headCount: 12, width: 768, contextLength: 1024, vocabularySize: 50257),
                tokenCount: 4)
            #expect(program.nodes.count == 214)
            #expect(program.nodes[try program.quantity(at: "blocks.0.attn.pattern").node].shape == [12, 4, 4])
        }
        do {
            let model = try Model.nano()
            let trace = try Trace(model, tokens: [2, 1, 0, 1, 1, 2])
            #expect(trace.value(of: 4).shape == [6, 48])
        }
        do {
            let model = try Model.nano()
            let trace = try Trace(model, tokens: model.encode(Array("CBABBC".utf8)))
            let pattern = try trace.program.quantity(at: "blocks.0.attn.pattern").node
            while trace.work(toward: [.value(pattern)]) {}
            print(try trace.peek(pattern)[1, 4, 2])
            #expect(try trace.peek(pattern)[1, 4, 2] > 0.2)
        }
    }

    @Test func `a session, its commands and its figure`() throws {
        var session = try Session(model: .nano(), tokens: [2, 1, 0, 1, 1, 2], sampling: .plain)
        session.perform(.step(.operation, .forward), count: 11)
        #expect(session.stepper.node.address == "blocks.0.attn.pattern")
        #expect(session.perform(.take) == .begun)
        while session.isBusy { session.work() }
        #expect(session.stepper.tokens.count == 7)
    }

    @Test func `a figure without a session, and a slice of a tensor`() throws {
        do {
            var map = Heatmap(title: "weights", rows: 2, columns: 2)
            map.slice = Slice(Tensor([2, 2], [1, -2, 3, 0.5]))
            let figure = Figure(title: "Weights", address: "w", formula: "", body: .equation(Equation([map])))
            print(SVG.text(of: figure))
            #expect(SVG.text(of: figure).contains("<title>[1, 0] = 3.0</title>"))
        }
        do {
            let map = Slice.head(1, ofMaps: Tensor([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]))
            #expect(map[1, 0] == 6)
            #expect(map.index(1, 0) == [1, 1, 0])
        }
        do {
            let pattern = Tensor([2, 6, 6], Array(repeating: 0.5, count: 72))
            var map = Heatmap(title: "attn.pattern H1", rows: 6, columns: 6)
            map.slice = .head(1, ofMaps: pattern)
            (map.scale, map.isCausal) = (.sequential, true)
            #expect(map.content(0, 1) == .masked)
        }
    }

    @Test func `a recorded pass`() throws {
        let model = try Model.nano()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("pass-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Trace(model, tokens: model.defaultTokens).file(model: model, sampling: .greedy).write(to: .init(path))
        let recording = try Recording(SafetensorsFile(path: .init(path)))
        let pattern = try recording.program.quantity(at: "blocks.0.attn.pattern").node
        #expect(try recording.peek(pattern).shape == [3, 6, 6])
    }

    @Test func `changing a pass, many at once and by the language`() throws {
        let model = try Model.nano()
        let trace = try Trace(model, tokens: model.encode(Array("CBABBC".utf8)))
        let z = try trace.program.quantity(at: "blocks.1.attn.z").node
        let edited = trace.edited(by: [Edit(.value(z), cells: [[5, 2, 0]], numbers: [0])])
        #expect(edited.logits(at: 5).values != trace.logits(at: 5).values)
        let runs = (0..<3).map { Batch.Run(edits: [Edit(.value(z), cells: [[5, $0, 0]], numbers: [0])]) }
        let batch = Batch(over: trace, runs, wanted: [trace.program.logitsIndex: 5])
        while batch.step() {}
        #expect(try batch[2].peekLogits(at: 5).values.count == 3)
        let rank = try Expression("rank(lens(stream)[-1])[\" Mary\"] < 10")
        #expect(rank.written == "rank(lens(stream)[-1])[\" Mary\"] < 10")
        var session = try Session(model: .nano(), tokens: [2, 1, 0, 1, 1, 2], sampling: .plain)
        session.perform(.step(.operation, .forward), count: 11)
        try session.run("zero L1.H2; print argmax(logits[-1])")
        while session.act() {}
        #expect(session.takeAnswers().count == 2)
    }

    /// Every line of an example stands in this file, or is known to need what a test has not: a file, or a network.
    @Test func `the documentation holds these examples and no others`() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let here = Self.bare(try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8))
        var found = 0
        for target in ["GPTEngine", "GPTFigures", "GPTStepper"] {
            let folder = tests.deletingLastPathComponent().appendingPathComponent("Sources/\(target)")
            let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                var isCode = false
                for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                    let text = line.trimmingCharacters(in: .whitespaces)
                    guard text.hasPrefix("///") else { continue }
                    let code = text.dropFirst(3).trimmingCharacters(in: .whitespaces)
                    if code.hasPrefix("```") {
                        isCode = code == "```swift"
                    } else if isCode, !code.isEmpty {
                        let bare = Self.bare(code.components(separatedBy: "  //")[0])
                        found += 1
                        #expect(
                            here.contains(bare.replacing("\"pass.safetensors\"", with: ".init(path)")),
                            "\(file.lastPathComponent): \(code)")
                    }
                }
            }
        }
        #expect(found > 20)
    }

    /// Code without its spaces and line ends, which a formatter moves.
    private static func bare(_ code: String) -> String { code.filter { !$0.isWhitespace } }
}
