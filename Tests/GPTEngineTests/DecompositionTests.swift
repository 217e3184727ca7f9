import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Where numbers come from: terms add up to values, parts to logits.
@Suite struct DecompositionTests {
    /// A pass of nano, or of a small random GPT-2 with another activation and an odd head width.
    private func trace(_ isNano: Bool) throws -> Trace {
        if isNano {
            let model = try Model.nano()
            let tokens = try model.encode(Array("CBABBCABB".utf8))
            return try Trace(
                program: .gpt2(model.configuration, tokenCount: tokens.count), weights: try #require(model.weights),
                tokens: tokens)
        }
        let configuration = try Configuration(
            layerCount: 2, headCount: 3, width: 21, contextLength: 8, vocabularySize: 40, mlpWidth: 50,
            activation: .gelu, scalesScoresByBlock: true)
        return try Trace(
            program: .gpt2(configuration, tokenCount: 5), weights: Weights(.random(seed: 5)), tokens: [3, 9, 9, 0, 39])
    }

    /// A decomposition, once its numbers are there.
    private func decomposition(
        _ trace: Trace, _ node: Int, _ index: [Int], _ sampling: Sampling
    ) throws -> Decomposition {
        let cell = Cell(trace, node, index, sampling: sampling)
        trace.complete(cell.wanted)
        return try Decomposition(cell)
    }

    /// What every part contributed to a logit.
    private func attribution(_ trace: Trace, _ token: Int, _ position: Int) throws -> Attribution {
        trace.complete(Attribution.wanted(nil, at: position, trace))
        var result = try Attribution(of: token, at: position, trace)
        repeat { trace.complete(Attribution.wanted(result, at: position, trace)) } while try result.extend(trace)
        return result
    }

    /// The logits of the lens.
    private func lens(_ trace: Trace, _ stream: Int, _ position: Int) throws -> Tensor {
        trace.complete([.lens(stream: stream, position: position)])
        return try trace.lens(after: stream, at: position)
    }

    private func plain() throws -> Sampling { try Sampling(temperature: 0.7, topK: 2, seed: 1) }

    @Test(arguments: [true, false]) func `the terms of any cell add up to its value`(isNano: Bool) throws {
        let trace = try trace(isNano)
        trace.complete([.answer(trace.tokens.count - 1)])
        var generator = SplitMix(seed: 11)
        for (index, node) in trace.program.nodes.enumerated() {
            for _ in 0..<6 {
                let cell = node.shape.map { Int.random(in: 0..<$0, using: &generator) }
                let terms = try decomposition(trace, index, cell, try plain())
                #expect(!terms.formula.isEmpty)
                guard let residue = terms.residue else {
                    let isAhead = cell.count == 3 && cell.last.map { $0 > cell[1] } == true
                    let prediction = try trace.prediction(at: trace.tokens.count - 1, sampling: try plain())
                    let isCut = node.axes == [.vocabulary] && prediction.filtered[flat: cell[0]] == -.infinity
                    let isID = node.isTokens
                    #expect(isAhead || isCut || isID, "\(node.address)\(cell)")
                    continue
                }
                #expect(abs(residue) <= 1e-5 * terms.size, "\(node.address)\(cell): \(residue) of \(terms.size)")
            }
        }
    }

    @Test(arguments: [true, false]) func `operands are the values of the operations they name`(isNano: Bool) throws {
        let trace = try trace(isNano)
        for (index, node) in trace.program.nodes.enumerated() where index < trace.program.logitsIndex {
            let cell = node.shape.map { $0 - 1 }
            for term in try decomposition(trace, index, cell, .greedy).terms {
                for operand in term.operands {
                    switch operand.source {
                    case .value(let source):
                        let value = trace.value(of: source)
                        #expect(operand.value == value[flat: value.flatIndex(operand.index)])
                        #expect(operand.name == trace.program.nodes[source].address)
                    case .statistic(let statistic, let source):
                        let value = try #require(trace.statistic(statistic, of: source))
                        #expect(operand.value == value[flat: value.flatIndex(operand.index)])
                    case .parameter(let name):
                        let parameter = try #require(
                            trace.program.configuration.parameters.first { $0.name == name })
                        let value = trace.weights[parameter]
                        #expect(operand.value == value[flat: value.flatIndex(operand.index)])
                    }
                }
            }
        }
    }

    @Test(arguments: [true, false]) func `parts and heads add up to the logit`(isNano: Bool) throws {
        let trace = try trace(isNano)
        for position in [0, trace.tokens.count - 1] {
            for token in [0, 2] {
                let attribution = try attribution(trace, token, position)
                #expect(attribution.parts.count == 3 + 2 * trace.program.configuration.layerCount)
                #expect(abs(attribution.sum - Double(attribution.logit)) < 1e-4)
                for part in attribution.parts where !part.heads.isEmpty {
                    #expect(abs(part.heads.reduce(part.bias, +) - part.value) < 1e-5)
                }
            }
        }
    }

    @Test func `the lens at the last write is the model's answer, and at the first the embedding's`() throws {
        let trace = try trace(true)
        let streams = trace.program.streams
        #expect(streams.count == 7)
        #expect(try lens(trace, streams[6], 4).values == trace.logits(at: 4).values)
        let row = trace.value(of: streams[0]).row(4)
        let mean = row.reduce(0, +) / Float(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(row.count)
        let shape = trace.program.configuration
        let (gamma, beta) = (trace.weights[shape.finalNorm.gamma], trace.weights[shape.finalNorm.beta])
        let table = trace.weights[shape.unembedding]
        for token in 0..<3 {
            let logit = row.indices.reduce(Float(0)) { sum, j in
                let x = (row[j] - mean) / (variance + shape.layerNormEpsilon).squareRoot()
                return sum + (x * gamma[flat: j] + beta[flat: j]) * table[token, j]
            }
            let found = try lens(trace, streams[0], 4)[flat: token]
            #expect(abs(logit - found) < 1e-4)
        }
    }

    @Test func `heads are told apart by entropy and by where they look`() {
        let sharp = HeadStatistics(
            Tensor([1, 3, 3], [1, 0, 0, 1, 0, 0, 0, 1, 0]), head: 0, earlier: EarlierPlaces([0, 1, 2]))
        #expect(sharp[.entropy] == 0)
        #expect(sharp[.first] == 0.5, "the first query, which can only look at itself, is left out")
        #expect(sharp[.previous] == 1)
        #expect(sharp[.own] == 0)
        let two = Tensor([2, 2, 2], [1, 0, 0.5, 0.5, 1, 0, 0.25, 0.75])
        let even = HeadStatistics(two, head: 0, earlier: EarlierPlaces([0, 1]))
        #expect(even[.entropy] == 1)
        #expect(even.map == [1, 0, 0.5, 0.5])
        #expect(
            HeadStatistics(two, head: nil, earlier: EarlierPlaces([0, 1])).map == [1, 0, 0.375, 0.625],
            "the mean over the heads")
    }

    @Test func `what a head copies counts where its token occurred earlier, and not what follows at once`() {
        let alone = HeadStatistics(Tensor([1, 1, 1], [1]), head: 0, earlier: EarlierPlaces([7]))
        #expect(HeadScore.allCases.allSatisfy { alone[$0].isNaN })
        let two = Tensor([1, 2, 2], [1, 0, 0.25, 0.75])
        let same = HeadStatistics(two, head: 0, earlier: EarlierPlaces([7, 7]))
        #expect(same[.induction].isNaN && same[.duplicate] == 0.25)
        let other = HeadStatistics(two, head: 0, earlier: EarlierPlaces([7, 8]))
        #expect(other[.induction].isNaN && other[.duplicate].isNaN)
        let three = Tensor([1, 3, 3], [1, 0, 0, 0.5, 0.5, 0, 0.125, 0.625, 0.25])
        let copies = HeadStatistics(three, head: 0, earlier: EarlierPlaces([7, 8, 7]))
        #expect(copies[.induction] == 0.625 && copies[.duplicate] == 0.125)
    }

    @Test func `the likeliest token's probability is accounted for`() throws {
        let trace = try trace(false)
        let token = trace.logits(at: 4).largestIndex
        for address in ["filtered_logits", "probabilities"] {
            let node = try trace.program.quantity(at: address).node
            #expect(try decomposition(trace, node, [token], try plain()).terms.count == 1)
        }
    }

    @Test func `what is no number is not summed up in words`() {
        #expect(Decomposition.concentration([1, 2, 3, 4, 5, .infinity]) == nil)
        #expect(Decomposition.concentration([1, 2, 3, 4, 5, .nan]) == nil)
        #expect(Decomposition.concentration([9, 0.1, 0.1, 0.1, 0.1, 0.1]) == "the largest alone is 95 % of Σ|term|")
        #expect(Digits.decimal(-1.5e-9) == "−1.50e-09")
        let broken = HeadStatistics(Tensor([1, 2, 2], [1, 0, .nan, .nan]), head: 0, earlier: EarlierPlaces([0, 1]))
        #expect(broken[.entropy].isNaN && broken.map[2].isNaN)
    }

    @Test func `a gate far below zero keeps its digits`() {
        #expect(Activation.geluNew(-5) < 0 && Activation.geluNew(-5) > -1e-5)
        #expect(abs(Activation.gelu(-5) + 1.4332576e-6) < 1e-11)
    }
}
