import GPTEngine
import Testing

@testable import GPTStepper

/// The words and numbers about one cell; every number is checked against the pass itself.
@Suite struct ExplanationTests {
    private func scene(_ address: String, sampling: Sampling = .greedy, _ change: (inout Stepper) -> Void = { _ in })
        throws -> Scene
    {
        let model = try Model.nano()
        let tokens = try model.encode(Array("CBABBC".utf8))
        var stepper = Stepper(model.configuration, tokens: tokens)
        stepper.go(to: try stepper.program.quantity(at: address).node)
        change(&stepper)
        let trace = try Trace(program: stepper.program, weights: try #require(model.weights), tokens: tokens)
        trace.complete(stepper.wanted())
        return Scene(model: model, stepper: stepper, values: trace, sampling: sampling)
    }

    @Test func `every operation of a pass explains its cell with a value and a formula`() throws {
        let count = try scene("tokens").stepper.program.nodes.count
        for index in 0..<count {
            let address = try scene("tokens").stepper.program.nodes[index].address
            let explanation = Explanation(try scene(address))
            #expect(explanation.isNumber, "\(address): \(explanation.value)")
            #expect(!explanation.formula.isEmpty, "\(address)")
            #expect(!explanation.numbers.contains("nan"), "\(address): \(explanation.numbers)")
        }
    }

    @Test func `a pattern cell shows its exponential, its row's maximum and its row's sum`() throws {
        let scene = try scene("blocks.0.attn.pattern") { stepper in
            stepper.moveHead(1)
            stepper.moveCell(rows: -1, columns: 2)
        }
        let explanation = Explanation(scene)
        let trace = try #require((scene.values as? Trace))
        let (index, row) = (scene.stepper.index, 1 * 6 + 4)
        let value = trace.value(of: index)[1, 4, 2]
        let score = trace.value(of: index - 1)[1, 4, 2]
        let (max, sum) = (
            try #require(trace.statistic(.rowMax, of: index))[flat: row],
            try #require(trace.statistic(.rowSum, of: index))[flat: row]
        )
        #expect(explanation.name == "attn.pattern[head 1, query B4, key A2]")
        #expect(explanation.value == Digits.exact(value))
        #expect(
            explanation.numbers
                == "exp(\(Digits.short(score)) − \(Digits.short(max))) / \(Digits.short(sum))")
    }

    @Test func `a masked cell is named as masked, not as zero`() throws {
        for address in ["blocks.0.attn.masked_scores", "blocks.0.attn.pattern"] {
            let explanation = Explanation(try scene(address) { $0.moveCell(rows: -5, columns: 3) })
            #expect(explanation.value == "masked")
            #expect(!explanation.isNumber)
        }
        let before = Explanation(try scene("blocks.0.attn.scores") { $0.moveCell(rows: -5, columns: 3) })
        #expect(before.isNumber, "before the mask there is a number")
    }

    @Test func `a cell that has not been run has no number`() throws {
        let explanation = Explanation(
            try scene("blocks.0.attn.scores") { stepper in
                _ = stepper.step(.cell, .backward)
                stepper.moveCell(rows: 9, columns: 9)
            })
        #expect(explanation.value == "not computed yet")
        #expect(explanation.numbers.isEmpty)
    }

    @Test func `nothing is over that has not been computed, until the operation at the cursor is`() throws {
        let model = try Model.nano()
        let tokens = try model.encode(Array("CBABBC".utf8))
        var stepper = Stepper(model.configuration, tokens: tokens)
        stepper.go(to: 40)
        let trace = try Trace(program: stepper.program, weights: try #require(model.weights), tokens: tokens)
        let isDone = { Scene(model: model, stepper: stepper, values: trace, sampling: .greedy).isDone($0) }
        #expect(!isDone(0..<5))
        trace.complete([.value(4)])
        #expect(isDone(0..<5))
        #expect(!isDone(0..<20))
        trace.complete([.value(40)])
        #expect(isDone(0..<40))
        #expect(!isDone(40..<41), "the cursor is on it")
    }

    @Test func `a model without weights has no numbers anywhere`() throws {
        let preset = try #require(Preset.named("gpt3"))
        let model = try Model.preset(preset, randomSeed: nil)
        var stepper = Stepper(model.configuration, tokens: [1, 2])
        while stepper.step(.operation, .forward) == nil {
            let explanation = Explanation(Scene(model: model, stepper: stepper, values: nil, sampling: .plain))
            #expect(explanation.value == "weights not loaded")
            #expect(explanation.numbers.isEmpty)
        }
    }

    @Test func `a cut token is named as filtered out`() throws {
        let sampling = try Sampling(temperature: 1, topK: 1)
        for address in ["filtered_logits", "probabilities"] {
            let explanation = Explanation(try scene(address, sampling: sampling) { $0.select(vocabulary: 1) })
            #expect(explanation.value == "filtered out")
        }
    }

    @Test func `the draw says where its number falls`() throws {
        let scene = try scene("next_token", sampling: Sampling(temperature: 1, seed: 7))
        let prediction = try #require(scene.prediction)
        let explanation = Explanation(scene)
        let token = try #require(prediction.token)
        #expect(explanation.value == "\(token) \(scene.model.label(token))")
        #expect(explanation.numbers.contains("lies in"))
    }

    @Test(arguments: [
        (Float(0), "0.0000"), (0.25, "0.2500"), (-0.5, "−0.5000"), (12.34567, "12.3457"), (1e-5, "1.000e-05"),
        (-123456, "−1.235e+05"),
    ])
    func `short numbers keep four decimals or four digits`(value: Float, text: String) {
        #expect(Digits.short(value) == text)
    }
}
