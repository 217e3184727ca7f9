import GPTEngine
import Testing

@testable import GPTStepper

/// The five grains, forward and backward, over nano: 4 operations of embedding, 3 blocks of 17, 6 of output.
@Suite struct StepperTests {
    private func stepper(at address: String = "tokens", tokens: [Int] = [2, 1, 0, 1, 1, 2]) throws -> Stepper {
        var stepper = Stepper(try Model.nano().configuration, tokens: tokens)
        stepper.go(to: try stepper.program.quantity(at: address).node)
        return stepper
    }

    @Test func `a pass opens at its first operation with the last token selected`() throws {
        let stepper = try stepper()
        #expect(stepper.index == 0)
        #expect(stepper.node.address == "tokens")
        #expect(stepper.selection.position == 5)
        #expect(stepper.revealed == nil)
    }

    @Test func `operations are stepped one by one to either end, where a step stays and says why`() throws {
        var stepper = try stepper()
        #expect(stepper.step(.operation, .backward) == .atFirst)
        for expected in 1...60 {
            #expect(stepper.step(.operation, .forward) == nil)
            #expect(stepper.index == expected)
        }
        #expect(stepper.step(.operation, .forward) == .atLast)
        #expect(stepper.index == 60)
        #expect(stepper.step(.operation, .backward, count: 10) == nil)
        #expect(stepper.index == 50)
        #expect(stepper.step(.operation, .forward, count: 99) == .atLast)
        #expect(stepper.index == 60)
    }

    @Test(arguments: [
        ("tokens", "blocks.0.ln1.normalized", "tokens"),
        ("blocks.0.ln1.normalized", "blocks.0.attn.q", "tokens"),
        ("blocks.0.attn.pattern", "blocks.0.resid_mid", "blocks.0.attn.q"),
        ("blocks.0.resid_mid", "blocks.0.ln2.normalized", "blocks.0.attn.q"),
        ("blocks.0.mlp.post", "blocks.0.resid_post", "blocks.0.mlp.pre"),
        ("blocks.2.resid_post", "ln_final.normalized", "blocks.2.mlp.pre"),
        ("logits", "logits", "ln_final.normalized"),
    ])
    func `a sub-layer step lands on a sub-layer's first operation`(from: String, next: String, previous: String) throws
    {
        var forward = try stepper(at: from)
        _ = forward.step(.subLayer, .forward)
        #expect(forward.node.address == next)
        var backward = try stepper(at: from)
        _ = backward.step(.subLayer, .backward)
        #expect(backward.node.address == previous)
    }

    @Test(arguments: [
        ("tokens", "blocks.0.resid_pre", "tokens"),
        ("blocks.0.resid_pre", "blocks.0.resid_post", "tokens"),
        ("blocks.0.attn.z", "blocks.0.resid_post", "blocks.0.ln1.normalized"),
        ("blocks.0.resid_post", "blocks.1.resid_post", "blocks.0.ln1.normalized"),
        ("blocks.1.ln1.normalized", "blocks.1.resid_post", "blocks.0.ln1.normalized"),
        ("blocks.2.resid_post", "next_token", "blocks.2.ln1.normalized"),
    ])
    func `a block step finishes the block, or goes back to its start`(from: String, next: String, previous: String)
        throws
    {
        var forward = try stepper(at: from)
        #expect(forward.step(.block, .forward) == nil)
        #expect(forward.node.address == next)
        var backward = try stepper(at: from)
        _ = backward.step(.block, .backward)
        #expect(backward.node.address == previous)
    }

    @Test func `the same operation is found one block on and one back`() throws {
        var stepper = try stepper(at: "blocks.1.attn.pattern")
        #expect(stepper.step(.sameOperation, .forward) == nil)
        #expect(stepper.node.address == "blocks.2.attn.pattern")
        #expect(stepper.step(.sameOperation, .forward) == .noSuchOperation)
        #expect(stepper.step(.sameOperation, .backward, count: 2) == nil)
        #expect(stepper.node.address == "blocks.0.attn.pattern")
        #expect(stepper.step(.sameOperation, .backward) == .noSuchOperation)
        stepper.go(to: 0)
        #expect(stepper.step(.sameOperation, .forward) == .noSuchOperation)
    }

    @Test func `cells are run row by row in the chosen head, and then the next operation begins`() throws {
        var stepper = try stepper(at: "blocks.0.attn.v")
        #expect(stepper.step(.cell, .forward) == nil)
        #expect(stepper.node.address == "blocks.0.attn.scores")
        #expect(stepper.revealed == 1)
        #expect(stepper.cell == (0, 0))
        #expect(stepper.isRevealed(row: 0, column: 0))
        #expect(!stepper.isRevealed(row: 0, column: 1))
        #expect(stepper.step(.cell, .forward, count: 7) == nil)
        #expect(stepper.cell == (1, 1))
        #expect(stepper.isRevealed(row: 1, column: 1))
        #expect(!stepper.isRevealed(row: 1, column: 2))
        #expect(stepper.step(.cell, .forward, count: 28) == nil)
        #expect(stepper.revealed == nil, "all 36 cells are run")
        #expect(stepper.cell == (5, 5))
        #expect(stepper.step(.cell, .forward) == nil)
        #expect(stepper.node.address == "blocks.0.attn.masked_scores")
    }

    @Test func `a cell is taken back, and before the first stands the operation before`() throws {
        var stepper = try stepper(at: "blocks.0.attn.scores")
        #expect(stepper.step(.cell, .backward) == nil)
        #expect(stepper.revealed == 35)
        #expect(stepper.step(.cell, .backward, count: 34) == nil)
        #expect(stepper.revealed == 1)
        #expect(stepper.step(.cell, .backward) == nil)
        #expect(stepper.node.address == "blocks.0.attn.v")
        #expect(stepper.revealed == nil)
    }

    @Test func `the selection stays when the operation changes and stops at the edges`() throws {
        var stepper = try stepper(at: "blocks.0.attn.scores")
        stepper.moveCell(rows: -2, columns: 3)
        #expect(stepper.cell == (3, 3))
        stepper.go(to: try stepper.program.quantity(at: "blocks.2.attn.pattern").node)
        #expect(stepper.cell == (3, 3))
        stepper.moveCell(rows: 99, columns: -99)
        #expect(stepper.cell == (5, 0))
        stepper.go(to: try stepper.program.quantity(at: "blocks.2.mlp.pre").node)
        stepper.moveCell(rows: 0, columns: 1000)
        #expect(stepper.cell == (5, 191))
        stepper.go(to: try stepper.program.quantity(at: "blocks.2.mlp.out").node)
        #expect(stepper.cell == (5, 0), "a neuron is not a channel")
    }

    @Test func `heads go round`() throws {
        var stepper = try stepper()
        stepper.moveHead(1)
        #expect(stepper.selection.head == 1)
        stepper.moveHead(2)
        #expect(stepper.selection.head == 0)
        stepper.moveHead(-1)
        #expect(stepper.selection.head == 2)
    }

    @Test func `a taken token begins the longer pass, and giving it back lands on its draw`() throws {
        var stepper = try stepper()
        #expect(stepper.giveBack() == .nothingTaken)
        stepper.go(to: 60)
        #expect(stepper.take(0) == nil)
        #expect(stepper.tokens == [2, 1, 0, 1, 1, 2, 0])
        #expect(stepper.index == 0)
        #expect(stepper.selection.position == 6)
        #expect(stepper.program.tokenCount == 7)
        #expect(stepper.giveBack() == nil)
        #expect(stepper.tokens == [2, 1, 0, 1, 1, 2])
        #expect(stepper.node.address == "next_token")
        #expect(stepper.giveBack() == .nothingTaken)
    }

    @Test func `nano takes five answers; the sixth is read and never fed`() throws {
        var stepper = try stepper()
        for answer in [0, 1, 1, 1, 2] { #expect(stepper.take(answer) == nil) }
        #expect(stepper.tokens.count == 11)
        #expect(stepper.take(2) == .contextFull)
        #expect(stepper.tokens.count == 11)
    }

    @Test func `an edited prompt replaces prompt and answers`() throws {
        var stepper = try stepper()
        _ = stepper.take(0)
        stepper.edit([1, 1])
        #expect(stepper.tokens == [1, 1])
        #expect(stepper.promptCount == 2)
        #expect(stepper.selection.position == 1)
        #expect(stepper.giveBack() == .nothingTaken)
    }

    @Test func `playing is paced between 20 a second and one in four seconds`() throws {
        var stepper = try stepper()
        for _ in 0..<10 { stepper.changePace(faster: true) }
        #expect(stepper.interval == 50)
        for _ in 0..<10 { stepper.changePace(faster: false) }
        #expect(stepper.interval == 4000)
    }
}
