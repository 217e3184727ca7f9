import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// A number depends on model, tokens, pieces and edits alone: not on the order of looking, on memory, or on other passes.
@Suite struct EvaluationTests {
    private static let ids = [3, 17, 0, 16, 1, 5, 5, 10]

    private func weights() throws -> Weights { try #require(try Model.checkpoint(fixture("odd")).weights) }

    private func trace(
        _ ids: [Int], prompt: Int? = nil, budget: Int = Machine.activationMemory, store: Store? = nil,
        weights: Weights? = nil, continuing other: Trace? = nil
    ) throws -> Trace {
        let model = try Model.checkpoint(fixture("odd"))
        return try Trace(
            program: .gpt2(model.configuration, tokenCount: ids.count), weights: #require(weights ?? model.weights),
            tokens: ids, promptCount: prompt, store: store ?? Store(budget: budget), continuing: other)
    }

    /// Every value, statistic and logit of two passes, bit for bit; the first that differs is named.
    private func expectSame(_ found: Trace, _ expected: Trace, in order: [Int]? = nil) throws {
        for node in order ?? Array(0..<expected.program.logitsIndex) {
            let address = expected.program.nodes[node].address
            try expectSame(found.value(of: node), expected.value(of: node), address)
            for statistic in expected.program.nodes[node].statistics {
                try expectSame(
                    #require(found.statistic(statistic, of: node)), #require(expected.statistic(statistic, of: node)),
                    "\(address) \(statistic)")
            }
        }
        for position in found.tokens.indices {
            try expectSame(found.logits(at: position), expected.logits(at: position), "logits at \(position)")
        }
    }

    private func expectSame(_ found: Tensor, _ expected: Tensor, _ name: String, within bound: Float = 0) throws {
        try #require(found.shape == expected.shape, "\(name)")
        let largest = expected.values.filter(\.isFinite).map(abs).max() ?? 0
        for (place, (a, b)) in zip(found.values, expected.values).enumerated() {
            try #require(
                a.bitPattern == b.bitPattern || abs(a - b) <= bound * max(1, largest),
                "\(name) at \(place): \(a) instead of \(b)")
        }
    }

    // MARK: Memory and order

    @Test(arguments: [1, 2, 5])
    func `a small budget changes no bit, in whatever order one looks`(factor: Int) throws {
        let all = try trace(Self.ids, prompt: 5)
        let budget = factor * all.program.workingBytes
        let small = try trace(Self.ids, prompt: 5, budget: budget)
        var numbers = Numbers(seed: 70)
        let order = Array(0..<all.program.logitsIndex)
        for order in [order, order.reversed(), order.shuffled(using: &numbers)] {
            try expectSame(small, all, in: order)
            #expect(small.store.byteCount <= 2 * budget)
        }
        #expect(all.store.byteCount > small.store.byteCount)
    }

    @Test func `stepping with a small budget always gets to its goal`() throws {
        let program = Program.gpt2(try Model.checkpoint(fixture("odd")).configuration, tokenCount: Self.ids.count)
        let small = try trace(Self.ids, budget: program.workingBytes)
        var numbers = Numbers(seed: 71)
        for _ in 0..<100 {
            let goal = Int.random(in: 0..<program.logitsIndex, using: &numbers)
            let wanted = program.nodes[goal].inputs.map(Wanted.value) + [.value(goal)]
            var steps = 0
            while small.work(toward: wanted), steps < 1000 { steps += 1 }
            #expect(steps < 1000)
            #expect(small.isComputed(goal))
        }
    }

    @Test func `what is there already is not waited for`() throws {
        let pass = try trace(Self.ids)
        let last = try #require(pass.program.streams.last)
        pass.complete([.value(last)])
        for index in pass.program.nodes.indices.prefix(last) { pass.shelf.drop(index) }
        #expect(!pass.work(toward: [.value(last)]), "its inputs are of no matter")
        #expect(!pass.work(toward: [.rows(last, 3..<4)]))
    }

    @Test func `a row for a look takes rows only, and agrees with the whole`() throws {
        let (pass, whole) = (try trace(Self.ids), try trace(Self.ids))
        for stream in pass.program.streams.dropLast() where pass.program.nodes[stream].role.keep == .blockInput {
            pass.complete([.value(stream)])
        }
        for index in pass.program.nodes.indices.prefix(pass.program.logitsIndex)
        where pass.program.nodes[index].role.keep < .gathered { pass.shelf.drop(index) }
        for writer in pass.program.streamWriters {
            pass.complete([.rows(writer, 4..<5)])
            let row = try pass.peek(writer, rows: 4..<5).row(4)
            try expectSame(
                Tensor([row.count], row), Tensor([row.count], whole.value(of: writer).row(4)),
                pass.program.nodes[writer].address, within: 1e-5)
            #expect(pass.shelf.entries[writer] == nil || pass.program.nodes[writer].block == nil, "only a row is made")
        }
    }

    // MARK: Tokens taken and given back

    @Test(arguments: [[7], [7, 8, 9], []])
    func `a pass that continues another has the bits of one that starts anew`(taken: [Int]) throws {
        let weights = try weights()
        for prefix in [0, 12, .max] {
            let first = try trace(Self.ids, weights: weights)
            first.complete(prefix == 0 ? [] : [.value(min(prefix, first.program.logitsIndex - 1))])
            let second = try trace(Self.ids + taken, prompt: 8, weights: weights, continuing: first)
            try expectSame(second, trace(Self.ids + taken, prompt: 8, weights: weights))
        }
    }

    @Test func `the answer after a taken token needs one row only`() throws {
        let weights = try weights()
        var pass = try trace(Self.ids, weights: weights)
        pass.complete([.answer(7)])
        for token in [1, 2, 3] {
            pass = try trace(pass.tokens + [token], prompt: 8, weights: weights, continuing: pass)
            let last = pass.tokens.count - 1
            pass.complete([.answer(last)])
            #expect(!pass.isComputed(pass.program.logitsIndex - 1))
            let fresh = try trace(pass.tokens, prompt: 8, weights: weights)
            try expectSame(pass.logits(at: last), fresh.logits(at: last), "logits")
        }
    }

    @Test func `one pass that grows token by token has the bits of passes that continue each other`() throws {
        let model = try Model.checkpoint(fixture("odd"))
        let weights = try #require(model.weights)
        let growing = try Trace(
            program: .gpt2(model.configuration, tokenCount: model.configuration.contextLength), weights: weights,
            tokens: [3, 17, 0])
        for token in [16, 11, 5, 9] {
            growing.complete([.answer(growing.tokens.count - 1)])
            growing.append(token)
            let last = growing.tokens.count - 1
            let whole = try trace(growing.tokens, prompt: 3, weights: weights)
            try expectSame(growing.logits(at: last), whole.logits(at: last), "logits")
        }
        growing.truncate(to: 4)
        growing.append(7)
        try expectSame(
            growing.logits(at: 4), trace([3, 17, 0, 16, 7], prompt: 3, weights: weights).logits(at: 4), "logits")
    }

    @Test func `passes made from one go different ways and disturb each other nowhere`() throws {
        let weights = try weights()
        let stem = try trace(Self.ids, weights: weights)
        stem.complete([.answer(7)])
        // Both go on in turn from the same keys and values.
        var (left, right) = (
            try trace(Self.ids + [1], prompt: 8, weights: weights, continuing: stem),
            try trace(Self.ids + [2], prompt: 8, weights: weights, continuing: stem)
        )
        for step in 0..<3 {
            _ = (left.logits(at: 8 + step), right.logits(at: 8 + step))
            left = try trace(left.tokens + [5], prompt: 8, weights: weights, continuing: left)
            right = try trace(right.tokens + [6], prompt: 8, weights: weights, continuing: right)
        }
        for pass in [left, right, stem] {
            try expectSame(pass, trace(pass.tokens, prompt: 8, weights: weights))
        }
    }

    @Test(arguments: 0..<12)
    func `whatever is taken, given back and looked at, bits are those of a fresh pass`(session: Int) throws {
        let model = try Model.checkpoint(fixture("odd"))
        let (weights, shape) = (try #require(model.weights), model.configuration)
        var numbers = Numbers(seed: UInt64(100 + session))
        let most = Program.gpt2(shape, tokenCount: shape.contextLength)
        let budget = [most.workingBytes, 2 * most.workingBytes, 4 * most.valueBytes][session % 3]
        let store = Store(budget: budget)
        let token = { (numbers: inout Numbers) in Int.random(in: 0..<shape.vocabularySize, using: &numbers) }
        var ids = (0..<Int.random(in: 1...5, using: &numbers)).map { _ in token(&numbers) }
        var prompt = ids.count
        var pass = try trace(ids, store: store, weights: weights)
        for _ in 0..<10 {
            for _ in 0..<Int.random(in: 0...3, using: &numbers) {
                let node = Int.random(in: 0..<pass.program.logitsIndex, using: &numbers)
                let position = Int.random(in: 0..<ids.count, using: &numbers)
                switch Int.random(in: 0..<4, using: &numbers) {
                case 0: _ = pass.value(of: node)
                case 1: pass.complete([.rows(node, position..<position + 1)])
                case 2: pass.complete([.lens(stream: pass.program.streams[node % 3], position: position)])
                default: pass.complete([.answer(position)])
                }
            }
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0 where ids.count > prompt: ids.removeLast(.random(in: 1...(ids.count - prompt), using: &numbers))
            case 1:
                ids[.random(in: 0..<ids.count, using: &numbers)] = token(&numbers)
                prompt = ids.count
            case 2: break
            default: ids.append(contentsOf: (0..<Int.random(in: 1...3, using: &numbers)).map { _ in token(&numbers) })
            }
            ids = Array(ids.prefix(shape.contextLength))
            prompt = min(prompt, ids.count)
            pass = try trace(ids, prompt: prompt, store: store, weights: weights, continuing: pass)
            let fresh = try trace(ids, prompt: prompt, weights: weights)
            if Bool.random(using: &numbers) {
                let last = ids.count - 1
                try expectSame(pass.logits(at: last), fresh.logits(at: last), "logits of \(ids)")
            }
            for node in (0..<3).map({ _ in Int.random(in: 0..<pass.program.logitsIndex, using: &numbers) }) {
                try expectSame(pass.value(of: node), fresh.value(of: node), pass.program.nodes[node].address)
            }
        }
    }

    // MARK: One store

    /// A pass over `count` tokens of a model whose values are large enough for memory that is reused.
    private func wide(_ count: Int, budget: (Program) -> Int) throws -> Trace {
        let shape = try Configuration(
            layerCount: 2, headCount: 4, width: 256, contextLength: 80, vocabularySize: 50)
        let program = Program.gpt2(shape, tokenCount: count)
        return try Trace(
            program: program, weights: Weights(.random(seed: 3)), tokens: (0..<count).map { $0 % 50 },
            store: Store(budget: budget(program)))
    }

    @Test func `what is held stays within the budget`() throws {
        // As little as the streams between blocks and one block's mixture need beside one operation.
        let pass = try wide(65) { $0.workingBytes + 4 * 7 * 65 * 256 }
        var steps = 0
        for node in 0..<pass.program.logitsIndex {
            while pass.work(toward: [.value(node)]) {
                steps += 1
                // Statistics, a few numbers a row, come on top.
                #expect(pass.store.byteCount <= pass.store.budget * 21 / 20)
            }
        }
        #expect(steps < 2 * pass.program.nodes.count, "what was dropped had to be computed again and again")
    }

    @Test func `the inputs of blocks are dropped last, and a pass that is gone gives its memory back`() throws {
        let store = Store(budget: 1 << 30)
        var passes: [Trace] = try [0, 1].map { _ in try trace(Self.ids, store: store) }
        for pass in passes { pass.complete([.value(pass.program.logitsIndex - 1)]) }
        let both = store.byteCount
        passes.removeLast()
        #expect(store.byteCount == both / 2)
        let pass = passes[0]
        let lasting = pass.program.nodes.reduce(0) { $0 + ($1.role.keep == .blockInput ? 4 * $1.elementCount : 0) }
        let small = Store(budget: 0)
        small.add(pass.shelf)
        while small.byteCount > lasting { small.dropOne(sparing: [:]) }
        let kept = pass.program.nodes.indices.prefix(pass.program.logitsIndex).filter { pass.shelf.entries[$0] != nil }
        #expect(!kept.isEmpty && kept.allSatisfy { pass.program.nodes[$0].role.keep == .blockInput })
    }

    @Test func `the README's example runs`() throws {
        let model = try Model.nano()
        let tokens = try model.encode(Array("CBABBC".utf8))
        let trace = try Trace(model, tokens: tokens)
        let pattern = try trace.program.quantity(at: "blocks.0.attn.pattern").node
        trace.complete([.value(pattern), .answer(tokens.count - 1)])
        #expect(try trace.peek(pattern).shape == [3, 6, 6])
        #expect(try trace.prediction(at: tokens.count - 1, sampling: .greedy).token == 0)
    }

    // MARK: Edits

    /// A pass as an independent loop computes it: every node from its inputs, an edit put in its place.
    private func reference(_ pass: Trace, _ edits: [Edit]) -> [Tensor] {
        var values: [Tensor] = []
        let weights = pass.weights.edited(by: edits)
        for (index, node) in pass.program.nodes.prefix(pass.program.logitsIndex).enumerated() {
            let all = 0..<pass.tokens.count
            let piece = Piece(
                node: node, positions: all, tokens: pass.tokens[...], inputs: node.inputs.map { values[$0] },
                weights: weights)
            guard var outcome = node.rowOperation?.result(piece) else { return values }
            outcome = edits.applied(to: outcome, of: index, positions: all, pass)
            values.append(outcome.value)
        }
        return values
    }

    @Test func `an edit changes what is downstream of it, and nothing else`() throws {
        let pass = try trace(Self.ids)
        pass.complete([.value(pass.program.logitsIndex - 1)])
        let z = try #require(pass.program.index("attn.z", block: 1))
        let scores = try #require(pass.program.index("attn.scores", block: 0))
        let name = "h.1.mlp.c_fc.weight"
        let lists: [[Edit]] = [
            [Edit(.value(z), cells: [[7, 0, 0], [3, 1, 2]], numbers: [0, 4])],
            [Edit(.value(scores), cells: [[0, 5, 2], [1, 2, 6]], numbers: [-9, 3])],
            [Edit(.weight(name), cells: [[0, 0], [2, 3]], numbers: [1, -1])],
            [Edit(.value(z), cells: [[0, 0, 0]], numbers: [7]), Edit(.weight(name), cells: [[1, 1]], numbers: [5])],
        ]
        for edits in lists {
            let edited = pass.edited(by: edits)
            let expected = reference(pass, edits)
            for node in 0..<pass.program.logitsIndex {
                let address = pass.program.nodes[node].address
                try expectSame(edited.value(of: node), expected[node], address)
                let isOwn = edited.owner(of: node) === edited
                if !isOwn { try expectSame(edited.value(of: node), pass.value(of: node), address) }
                #expect(isOwn == pass.program.voided(by: edits)[node], "\(address)")
            }
            #expect(edited.logits(at: 7).values != pass.logits(at: 7).values)
        }
    }

    @Test func `many passes at once agree with single ones, whatever is changed where`() throws {
        let pass = try trace(Self.ids)
        let (z, goal, T) = (try #require(pass.program.index("attn.z", block: 0)), pass.program.logitsIndex, 8)
        let later = try #require(pass.program.index("mlp.post", block: 1))
        let all = Edit(.value(later), isRowWise: false) { current, _, _ in
            Tensor(current.shape) { out in
                let mean = current.values.reduce(0, +) / Float(current.count)
                current.withValues { for place in $0.indices { out[place] = $0[place] - mean } }
            }
        }
        let lists = (0..<3).map { [Edit(.value(z), cells: [[7, $0 % 2, 0]], numbers: [Float($0)])] }
        // With one that needs all rows, and without, where rows before the first change are left out.
        for lists in [lists, [[all]] + lists, [[]] + lists] {
            let batch = Batch(
                over: pass, lists.map { Batch.Run(edits: $0) }, wanted: [goal: 0, goal - 1: 0, later: T - 1])
            while batch.step() {}
            for (run, edits) in lists.enumerated() {
                let alone = pass.edited(by: edits)
                try expectSame(batch[run].peek(goal - 1), alone.value(of: goal - 1), "run \(run)", within: 1e-5)
                for position in 0..<T {
                    try expectSame(
                        batch[run].peekLogits(at: position), alone.logits(at: position), "run \(run)", within: 1e-5)
                }
            }
        }
        // Several texts, and changes of each of them.
        let texts = (0..<4).map { shift in Self.ids.map { ($0 + shift) % 5 } }
        let base = Batch(pass.program, pass.weights, tokens: texts, wanted: [goal: T - 1], keepsAll: true)
        while base.step() {}
        let changed = Batch(
            over: base, texts.indices.map { Batch.Run(input: $0, edits: lists[2]) }, wanted: [goal: T - 1])
        while changed.step() {}
        for (place, text) in texts.enumerated() {
            let alone = try trace(text)
            try expectSame(base[place].peekLogits(at: T - 1), alone.logits(at: T - 1), "text \(place)", within: 1e-5)
            try expectSame(
                changed[place].peekLogits(at: T - 1), alone.edited(by: lists[2]).logits(at: T - 1), "changed \(place)",
                within: 1e-5)
        }
    }
}
