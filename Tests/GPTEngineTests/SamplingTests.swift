import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// From logits to a token.
@Suite struct SamplingTests {
    /// Logits whose softmax is these shares.
    private func logits(_ shares: Float...) -> Tensor { Tensor([shares.count], shares.map { logf($0) }) }

    /// The ids that a filter leaves.
    private func kept(_ sampling: Sampling, _ logits: Tensor) -> [Int] {
        Filter.apply(sampling, to: logits).values.indices.filter {
            Filter.apply(sampling, to: logits)[flat: $0] > -.infinity
        }
    }

    // MARK: Filters

    @Test func `logits are divided by the temperature`() throws {
        let found = Filter.apply(try Sampling(temperature: 0.5), to: Tensor([3], [1, -2, 3]))
        #expect(found.values == [2, -4, 6])
        #expect(
            Filter.apply(try Sampling(temperature: 4, topK: 1), to: Tensor([3], [1, -2, 3])).values == [
                -.infinity, -.infinity, 0.75,
            ])
    }

    @Test(arguments: [
        (0, [0, 1, 2, 3]), (1, [2]), (2, [0, 2]), (3, [0, 2, 3]), (4, [0, 1, 2, 3]), (99, [0, 1, 2, 3]),
    ])
    func `top-k keeps the largest`(topK: Int, ids: [Int]) throws {
        #expect(kept(try Sampling(topK: topK), Tensor([4], [2, -1, 5, 0])) == ids)
    }

    @Test(
        arguments: [
            (0.01, [1]), (0.49, [1]), (0.51, [1, 3]), (0.74, [1, 3]), (0.76, [0, 1, 3]), (0.99, [0, 1, 2, 3]),
            (1, [0, 1, 2, 3]),
        ] as [(Float, [Int])])
    func `top-p keeps the fewest that reach the share, with the one that crosses it`(topP: Float, ids: [Int]) throws {
        #expect(kept(try Sampling(topP: topP), logits(0.15, 0.5, 0.1, 0.25)) == ids)
    }

    @Test func `the temperature applies before top-p`() throws {
        let shares = logits(0.5, 0.25, 0.125, 0.125)
        #expect(kept(try Sampling(temperature: 1, topP: 0.7), shares) == [0, 1])
        #expect(kept(try Sampling(temperature: 0.25, topP: 0.7), shares) == [0])
        #expect(kept(try Sampling(temperature: 8, topP: 0.7), shares) == [0, 1, 2])
    }

    @Test func `top-p counts shares of what top-k left`() throws {
        // Of 0.4 and 0.3 the first alone has 57 %; of all four it would not reach the mark.
        let shares = logits(0.4, 0.3, 0.2, 0.1)
        #expect(kept(try Sampling(topP: 0.55), shares) == [0, 1])
        #expect(kept(try Sampling(topK: 2), shares) == [0, 1])
        #expect(kept(try Sampling(topK: 2, topP: 0.55), shares) == [0])
    }

    @Test func `ties go to the lower id`() throws {
        let tied = Tensor([5], [1, 3, 3, 3, 0])
        #expect(kept(try Sampling(topK: 1), tied) == [1])
        #expect(kept(try Sampling(topK: 2), tied) == [1, 2])
        #expect(kept(try Sampling(topP: 0.5), tied) == [1, 2])
        #expect(tied.largestIndex == 1)
        #expect(tied.largestIndices(4) == [1, 2, 3, 0])
        #expect(Prediction(position: 0, logits: tied, sampling: .greedy).token == 1)
    }

    @Test func `a ranking is the same from a short list and from a whole vocabulary`() {
        var numbers = Numbers(seed: 20)
        let values = (0..<300).map { _ in Float(Int.random(in: 0..<40, using: &numbers)) }
        let sorted = values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        for limit in [0, 1, 2, 10, 74, 75, 76, 299, 300, 400, .max] {
            #expect(Tensor([300], values).largestIndices(limit) == Array(sorted.prefix(limit)), "\(limit)")
        }
    }

    @Test func `at temperature 0 nothing is divided or cut and the largest wins`() throws {
        let sampling = try Sampling(temperature: 0, topK: 1, topP: 0.1, seed: 3)
        let logits = Tensor([4], [1, 7, -2, 6.9])
        #expect(sampling.isGreedy)
        #expect(Filter.apply(sampling, to: logits).values == logits.values)
        for position in 0..<50 {
            let prediction = Prediction(position: position, logits: logits, sampling: sampling)
            #expect(prediction.token == 1)
            #expect(prediction.draw == nil)
        }
    }

    // MARK: Draws

    @Test func `a draw depends on the seed and the position alone`() throws {
        let draws = try (0..<20).map { try Sampling(seed: 5).draw(position: $0) }
        let again = try (0..<20).reversed().map {
            try Sampling(temperature: 2, topK: 3, topP: 0.5, seed: 5).draw(position: $0)
        }
        #expect(draws == again.reversed())
        #expect(Set(draws).count == 20)
        #expect(try draws != (0..<20).map { try Sampling(seed: 6).draw(position: $0) })
    }

    @Test(arguments: [0, 1, 42, .max] as [UInt64])
    func `draws lie in 0 to 1 and fill it evenly`(seed: UInt64) throws {
        let sampling = try Sampling(seed: seed)
        let draws = (0..<10_000).map { sampling.draw(position: $0) }
        #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
        var bins = [Int](repeating: 0, count: 20)
        for draw in draws { bins[Int(draw * 20)] += 1 }
        // χ² with 19 degrees of freedom: beyond 52 in one of twenty thousand.
        #expect(bins.reduce(0.0) { $0 + pow(Double($1) - 500, 2) / 500 } < 52)
        // Neighbours have nothing to do with each other: the standard error is 0.01.
        let pairs = zip(draws, draws.dropFirst()).reduce(0.0) { $0 + ($1.0 - 0.5) * ($1.1 - 0.5) }
        #expect(abs(pairs / 9999 * 12) < 0.05)
    }

    @Test(
        arguments: [
            (0, 0), (0.2499, 0), (0.25, 1), (0.4999, 1), (0.5, 3), (0.99, 3), (0.999_999_9, 3),
        ] as [(Double, Int)])
    func `the first id whose cumulative probability exceeds the draw is picked`(u: Double, id: Int) {
        #expect(Sample.pick(Tensor([5], [0.25, 0.25, 0, 0.5, 0]), u) == id)
    }

    @Test func `a token of probability zero is never picked`() {
        #expect(Sample.pick(Tensor([3], [0, 0.5, 0.5]), 0) == 1)
        #expect(Sample.pick(Tensor([3], [0.5, 0.499_99, 0]), 0.999_999) == 1)
    }

    @Test(arguments: [(3, 1), (0, 0.6), (4, 0.5)] as [(Int, Float)])
    func `a token that was filtered out is never picked`(topK: Int, topP: Float) throws {
        var numbers = Numbers(seed: 21)
        let logits = numbers.tensor(12)
        let sampling = try Sampling(temperature: 3, topK: topK, topP: topP, seed: 9)
        var seen: Set<Int> = []
        for position in 0..<500 {
            let prediction = Prediction(position: position, logits: logits, sampling: sampling)
            let token = try #require(prediction.token)
            #expect(prediction.filtered[flat: token] > -.infinity)
            #expect(prediction.draw == sampling.draw(position: position))
            seen.insert(token)
        }
        #expect(seen == Set(kept(sampling, logits)))
    }

    @Test func `tokens come as often as their probability says`() throws {
        let shares: [Float] = [0.5, 0.3, 0.15, 0.05]
        var counts = [0, 0, 0, 0]
        let sampling = try Sampling(seed: 77)
        for position in 0..<10_000 {
            let logits = logits(0.5, 0.3, 0.15, 0.05)
            counts[try #require(Prediction(position: position, logits: logits, sampling: sampling).token)] += 1
        }
        for (count, share) in zip(counts, shares) { #expect(abs(Float(count) / 10_000 - share) < 0.02) }
    }

    @Test func `a prediction keeps every step`() throws {
        let sampling = try Sampling(temperature: 0.5, topK: 2, seed: 1)
        let prediction = Prediction(position: 3, logits: Tensor([3], [1, 2, 3]), sampling: sampling)
        #expect(prediction.position == 3)
        #expect(prediction.logits.values == [1, 2, 3])
        #expect(prediction.filtered.values == [-.infinity, 4, 6])
        #expect(prediction.max == 6)
        #expect(abs(prediction.sum - (1 + expf(-2))) < 1e-6)
        expectClose(prediction.probabilities, [3], [0, 1 / (1 + exp(2)), 1 / (1 + exp(-2))])
        #expect(prediction.ranking(2) == [2, 1])
    }

    // MARK: Ranges

    @Test(
        arguments: [
            (-0.1, 0, 1, .temperature(-0.1)), (.infinity, 0, 1, .temperature(.infinity)), (1, -1, 1, .topK(-1)),
            (1, 0, 0, .topP(0)), (1, 0, -0.5, .topP(-0.5)), (1, 0, 1.001, .topP(1.001)),
        ] as [(Float, Int, Float, SamplingError)])
    func `a setting outside its range is refused`(temperature: Float, topK: Int, topP: Float, error: SamplingError) {
        #expect(throws: error) { try Sampling(temperature: temperature, topK: topK, topP: topP) }
    }

    @Test func `what is not a number is refused`() {
        #expect(throws: SamplingError.self) { try Sampling(temperature: .nan) }
        #expect(throws: SamplingError.self) { try Sampling(topP: .nan) }
    }

    @Test func `the ends of the ranges are allowed`() throws {
        #expect(try Sampling(temperature: 0) == .greedy)
        #expect(try Sampling() == .plain)
        #expect(try Sampling(topK: .max, topP: .leastNonzeroMagnitude).topK == .max)
    }
}
