import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Random weights: the same everywhere, and distributed as in a fresh GPT-2.
@Suite struct WeightsTests {
    private func shape(layers: Int = 2, width: Int = 64) throws -> Configuration {
        try Configuration(layerCount: layers, headCount: 4, width: width, contextLength: 16, vocabularySize: 1500)
    }

    private func values(_ parameter: Parameter, seed: UInt64) -> [Float] {
        Weights(.random(seed: seed))[parameter].values
    }

    @Test func `random weights are the same for the same seed and name`() throws {
        let shape = try shape()
        for parameter in shape.parameters {
            #expect(values(parameter, seed: 7) == values(parameter, seed: 7), "\(parameter.name)")
        }
        // More numbers than one thread fills at a time: the order of asking and the threads make no difference.
        #expect(shape.tokenTable.count > 1 << 16)
        let (forward, backward) = (Weights(.random(seed: 3)), Weights(.random(seed: 3)))
        for parameter in shape.parameters.reversed() { _ = backward[parameter] }
        for parameter in shape.parameters { #expect(forward[parameter].values == backward[parameter].values) }
    }

    @Test func `random weights differ by seed`() throws {
        let table = try shape().tokenTable
        let all = [0, 1, 2, 1 << 32, .max].map { values(table, seed: $0) }
        for i in all.indices {
            for j in all.indices where j < i { #expect(shared(all[i], all[j]) < 0.01) }
        }
    }

    @Test func `random weights differ by name and by place`() throws {
        let shape = try shape()
        let first = values(shape.attentionOut(block: 0).weight, seed: 1)
        #expect(shared(first, values(shape.attentionOut(block: 1).weight, seed: 1)) < 0.01)
        // Names of the same letters in another order are different names.
        let deep = try self.shape(layers: 22)
        let twelfth = values(deep.attentionOut(block: 12).weight, seed: 1)
        #expect(shared(twelfth, values(deep.attentionOut(block: 21).weight, seed: 1)) < 0.01)
        let table = values(shape.tokenTable, seed: 1)
        #expect(shared(Array(table[..<(1 << 14)]), Array(table[(1 << 16)..<(1 << 16 + 1 << 14)])) < 0.01)
        #expect(Set(table).count > table.count / 3)
    }

    /// The share of places that hold the same number.
    private func shared(_ a: [Float], _ b: [Float]) -> Double {
        Double(zip(a, b).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }) / Double(a.count)
    }

    @Test(arguments: [1, 2, 12], [0, 99] as [UInt64])
    func `matrices are normal around 0, and what writes to the stream is scaled down`(layers: Int, seed: UInt64) throws
    {
        let shape = try shape(layers: layers)
        let scaled = 0.02 / Double(2 * layers).squareRoot()
        for (parameter, deviation) in [
            (shape.tokenTable, 0.02), (shape.attentionIn(block: 0).weight, 0.02), (shape.mlpIn(block: 0).weight, 0.02),
            (shape.attentionOut(block: 0).weight, scaled), (shape.mlpOut(block: layers - 1).weight, scaled),
        ] {
            let statistics = Weights(.random(seed: seed))[parameter].statistics
            let root = Double(statistics.count).squareRoot()
            #expect(statistics.count == parameter.count)
            #expect(abs(statistics.mean) < 5 * deviation / root, "\(parameter.name)")
            #expect(abs(statistics.deviation / deviation - 1) < 5 / (root * 2.0.squareRoot()), "\(parameter.name)")
        }
    }

    @Test func `the distribution is normal in its body and its tails`() throws {
        let table = values(try shape().tokenTable, seed: 5).map { abs($0) / 0.02 }
        for (bound, share) in [(0.6745, 0.5), (1, 0.317_31), (2, 0.045_5), (3, 0.002_7)] as [(Float, Double)] {
            let found = Double(table.count { $0 > bound }) / Double(table.count)
            #expect(abs(found - share) < 5 * (share / Double(table.count)).squareRoot(), "beyond \(bound)")
        }
    }

    @Test func `LayerNorms start at 1 and 0, biases at 0`() throws {
        let shape = try shape()
        for (parameter, value) in [
            (shape.finalNorm.gamma, 1), (shape.finalNorm.beta, 0), (shape.norm(1, block: 1).gamma, 1),
            (shape.norm(2, block: 0).beta, 0), (shape.attentionIn(block: 0).bias, 0), (shape.mlpOut(block: 1).bias, 0),
        ] as [(Parameter, Float)] {
            #expect(values(parameter, seed: 4) == Array(repeating: value, count: parameter.count), "\(parameter.name)")
        }
    }

    @Test func `a preset with a seed is random and without one has shapes only`() throws {
        let nano = try #require(Preset.named("nano"))
        #expect(try Model.preset(nano, randomSeed: 1).state == .random)
        #expect(try Model.preset(nano, randomSeed: nil).state == .shapes)
        let gpt3 = try #require(Preset.named("gpt3"))
        #expect(throws: ModelError.doesNotFit("gpt3", bytes: 4 * 174_604_259_328)) {
            try Model.preset(gpt3, randomSeed: 1)
        }
    }
}
