import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Passes within a budget, passes that continue others, and going on from keys and values alone.
@Suite struct ContinuingTests {
    private func trace(
        _ ids: [Int], memory: Int = Machine.activationMemory, weights: Weights? = nil, continuing other: Trace? = nil
    ) throws -> Trace {
        let model = try Model.checkpoint(fixture("odd"))
        return try Trace(
            program: .gpt2(model.configuration, tokenCount: ids.count), weights: #require(weights ?? model.weights),
            tokens: ids, memory: memory, continuing: other)
    }

    /// Every value and statistic of two passes, within 1e-5 of the largest size; the first that differs is named.
    private func expectSame(_ found: Trace, _ expected: Trace, in order: [Int]? = nil) throws {
        for node in order ?? Array(0..<expected.program.logitsIndex) {
            let address = expected.program.nodes[node].address
            try expectSame(found.value(of: node), expected.value(of: node), address)
            for statistic in expected.program.nodes[node].statistics {
                try expectSame(
                    #require(found.statistic(statistic, of: node)), #require(expected.statistic(statistic, of: node)),
                    address)
            }
        }
        for position in found.tokens.indices {
            try expectSame(found.logits(at: position), expected.logits(at: position), "logits")
        }
    }

    private func expectSame(_ found: Tensor, _ expected: Tensor, _ name: String) throws {
        try #require(found.shape == expected.shape, "\(name)")
        let largest = expected.values.filter(\.isFinite).map(abs).max() ?? 0
        for (a, b) in zip(found.values, expected.values) {
            try #require(a == b || abs(a - b) <= 1e-5 * max(1, largest), "\(name): \(a) instead of \(b)")
        }
    }

    static let ids = [3, 17, 0, 16, 1, 5, 5, 10]

    @Test(arguments: [1, 2, 5])
    func `a small budget changes no number, in whatever order one looks`(factor: Int) throws {
        let all = try trace(Self.ids)
        let small = try trace(Self.ids, memory: factor * all.program.workingBytes)
        var numbers = Numbers(seed: 70)
        let order = Array(0..<all.program.logitsIndex)
        for order in [order, order.reversed(), order.shuffled(using: &numbers)] {
            try expectSame(small, all, in: order)
            #expect(small.store.byteCount <= 2 * factor * all.program.workingBytes)
        }
        #expect(all.store.byteCount > small.store.byteCount)
    }

    @Test func `stepping with a small budget always gets to its goal`() throws {
        let program = Program.gpt2(try Model.checkpoint(fixture("odd")).configuration, tokenCount: Self.ids.count)
        let small = try trace(Self.ids, memory: program.workingBytes)
        var numbers = Numbers(seed: 71)
        for _ in 0..<100 {
            let goal = Int.random(in: 0..<program.nodes.count, using: &numbers)
            var steps = 0
            while small.computeNext(toward: goal), steps < 1000 { steps += 1 }
            #expect(steps < 1000)
            #expect(small.isComputed(goal))
        }
    }

    @Test(arguments: [
        ids + [7], ids + [7, 8, 9], Array(ids.dropLast()), Array(ids.prefix(3)), [3, 17, 9, 9, 9, 9, 9, 9], [9],
    ])
    func `a pass that continues another has the numbers of one that starts anew`(ids: [Int]) throws {
        let model = try Model.checkpoint(fixture("odd"))
        let weights = try #require(model.weights)
        for upTo in [0, 12, .max] {
            let first = try trace(Self.ids, weights: weights)
            while first.computeNext(toward: upTo) {}
            let second = try trace(ids, weights: weights, continuing: first)
            try expectSame(second, trace(ids, weights: weights))
        }
    }

    @Test func `the answer after a taken token needs one row only, and is the same`() throws {
        let weights = try #require(try Model.checkpoint(fixture("odd")).weights)
        var pass = try trace(Self.ids, weights: weights)
        while pass.prepareAnswer() {}
        for token in [1, 2, 3] {
            pass = try trace(pass.tokens + [token], weights: weights, continuing: pass)
            #expect(!pass.prepareAnswer(), "nothing but the new row was missing")
            #expect(!pass.isComputed(pass.program.logitsIndex - 1))
            let last = pass.tokens.count - 1
            try expectSame(pass.logits(at: last), trace(pass.tokens, weights: weights).logits(at: last), "logits")
        }
    }

    @Test func `keys and values alone go on as a whole pass would`() throws {
        let model = try Model.checkpoint(fixture("odd"))
        let weights = try #require(model.weights)
        let cache = KeyValueCache(model.configuration, weights)
        for part in [[3, 17, 0], [16], [11, 5]] {
            let logits = cache.append(part)
            let whole = try trace(cache.tokens, weights: weights)
            try expectSame(logits, whole.logits(at: cache.tokens.count - 1), "logits")
        }
        cache.truncate(to: 2)
        try expectSame(cache.append([7]), trace([3, 17, 7], weights: weights).logits(at: 2), "logits")
    }

    @Test func `tokens taken one after another leave all that was computed`() throws {
        let weights = try #require(try Model.checkpoint(fixture("odd")).weights)
        let first = try trace(Self.ids, weights: weights)
        while first.computeNext(toward: .max) {}
        let second = try trace(Self.ids + [1], weights: weights, continuing: first)
        #expect(!second.prepareAnswer())
        let third = try trace(Self.ids + [1, 2], weights: weights, continuing: second)
        #expect(third.store.byteCount == first.store.byteCount)
        #expect(third.store.inherited(0)?.rows == Self.ids.count)
        try expectSame(third, trace(third.tokens, weights: weights))
    }

    @Test func `keys and values of all blocks are kept in whatever order they come`() throws {
        let weights = try #require(try Model.checkpoint(fixture("odd")).weights)
        let pass = try trace(Self.ids, weights: weights)
        let lastValues = pass.program.nodes.lastIndex { $0.operation == .projection(.v) }
        _ = pass.value(of: try #require(lastValues))
        while pass.computeNext(toward: .max) {}
        #expect(pass.cache?.tokens == Self.ids)
    }

    @Test(arguments: 0..<12)
    func `whatever is taken, edited and looked at, numbers are those of a fresh pass`(session: Int) throws {
        let model = try Model.checkpoint(fixture("odd"))
        let (weights, shape) = (try #require(model.weights), model.configuration)
        var numbers = Numbers(seed: UInt64(100 + session))
        let most = Program.gpt2(shape, tokenCount: shape.contextLength)
        let memory = [most.workingBytes, 2 * most.workingBytes, 4 * most.valueBytes][session % 3]
        let token = { (numbers: inout Numbers) in Int.random(in: 0..<shape.vocabularySize, using: &numbers) }
        var ids = (0..<Int.random(in: 1...5, using: &numbers)).map { _ in token(&numbers) }
        var pass = try trace(ids, memory: memory, weights: weights)
        for _ in 0..<10 {
            for _ in 0..<Int.random(in: 0...2, using: &numbers) {
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: _ = pass.value(of: .random(in: 0..<pass.program.logitsIndex, using: &numbers))
                case 1:
                    let goal = Int.random(in: 0..<pass.program.nodes.count, using: &numbers)
                    while pass.computeNext(toward: goal) {}
                default: while pass.prepareAnswer() {}
                }
            }
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0 where ids.count > 1: ids.removeLast(.random(in: 1..<ids.count, using: &numbers))
            case 1: ids[.random(in: 0..<ids.count, using: &numbers)] = token(&numbers)
            case 2: break
            default: ids.append(contentsOf: (0..<Int.random(in: 1...3, using: &numbers)).map { _ in token(&numbers) })
            }
            ids = Array(ids.prefix(shape.contextLength))
            pass = try trace(ids, memory: memory, weights: weights, continuing: pass)
            let fresh = try trace(ids, weights: weights)
            let last = ids.count - 1
            if Bool.random(using: &numbers) {
                while pass.prepareAnswer() {}
                try expectSame(pass.logits(at: last), fresh.logits(at: last), "logits of \(ids)")
            }
            let nodes = (0..<3).map { _ in Int.random(in: 0..<pass.program.logitsIndex, using: &numbers) }
            for node in nodes {
                try expectSame(pass.value(of: node), fresh.value(of: node), pass.program.nodes[node].address)
            }
        }
    }

    /// A pass over `count` tokens of a model whose values are large enough for memory that is reused.
    private func wide(
        _ count: Int, memory: (Program) -> Int, weights: Weights = Weights(.random(seed: 3)),
        continuing other: Trace? = nil
    ) throws -> Trace {
        let shape = try Configuration(
            layerCount: 2, headCount: 4, width: 256, contextLength: 80, vocabularySize: 50)
        let program = Program.gpt2(shape, tokenCount: count)
        return try Trace(
            program: program, weights: weights, tokens: (0..<count).map { $0 % 50 }, memory: memory(program),
            continuing: other)
    }

    @Test func `what is held stays within the budget, with keys and values beside the pass`() throws {
        // As little as keys, values and the streams between blocks need beside one operation.
        let pass = try wide(65, memory: { $0.workingBytes + 4 * 7 * 65 * 256 })
        let cache = try #require(pass.cache)
        var steps = 0
        for node in 0..<pass.program.logitsIndex {
            while pass.computeNext(toward: node) {
                steps += 1
                // Statistics, a few numbers a row, come on top.
                #expect(pass.store.byteCount + cache.byteCount <= pass.memory * 21 / 20)
            }
        }
        #expect(steps < 2 * pass.program.nodes.count, "what was dropped had to be computed again and again")
        #expect(cache.tokens == pass.tokens)
        #expect(cache.byteCount == 0, "the pass has them all")
    }

    @Test func `a shortened text keeps nothing of the long one alive`() throws {
        let weights = Weights(.random(seed: 3))
        let long = try wide(80, memory: { _ in .max }, weights: weights)
        while long.computeNext(toward: .max) {}
        let short = try wide(3, memory: { _ in .max }, weights: weights, continuing: long)
        #expect(short.cache?.tokens == [0, 1, 2])
        #expect(short.cache?.copyBytes == 4 * 4 * 3 * 256)
        for place in 0..<4 { #expect(short.cache?.sharedBytes(place) == 4 * 3 * 256) }
    }
}
