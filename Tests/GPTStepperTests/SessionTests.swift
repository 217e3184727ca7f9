import Testing

@testable import GPTEngine
@testable import GPTStepper

/// Commands on a session, without any screen.
@Suite struct SessionTests {
    private func session() throws -> Session {
        let model = try Model.nano()
        return try Session(model: model, tokens: model.defaultTokens, sampling: model.sampling)
    }

    private func finish(_ session: inout Session) {
        while session.isBusy { session.work() }
    }

    @Test func `a command is done, refused with a sentence and without an effect, or begun`() throws {
        var session = try session()
        #expect(session.perform(.step(.operation, .forward), count: 11) == .done())
        #expect(session.stepper.node.address == "blocks.0.attn.pattern")
        #expect(session.perform(.last, count: 40) == .done())
        #expect(session.stepper.index == 39)
        #expect(session.perform(.goto(12, cell: [4, 2, 9])) == .done())
        #expect((session.stepper.selection.position, session.stepper.selection.head) == (4, 2))
        session.perform(.first)
        for (command, word) in [
            (Command.step(.operation, .backward), "first operation"), (.giveBack, "Nothing was taken"),
            (.takeToken(1), "Nothing is predicted"),
        ] {
            let before = session.stepper
            guard case .refused(let sentence) = session.perform(command) else {
                Issue.record("\(command) is not refused")
                continue
            }
            #expect(sentence.contains(word) && session.notice == sentence)
            #expect(session.stepper == before, "\(command)")
        }
        #expect(session.perform(.take) == .begun)
    }

    @Test(arguments: [
        (Command.goto(61), "0 to 60"), (.goto(-1), "0 to 60"), (.goto(12, cell: [0, 0]), "no cell [0, 0]"),
        (.goto(12, cell: [0, 3, 0]), "no cell"), (.position(6), "no position 6"),
        (.position(0, key: -1), "no position -1"),
        (.candidate(3), "3"), (.takeToken(-1), "-1"), (.prompt([]), "empty"), (.prompt([0, 7]), "7"),
        (.prompt(Array(repeating: 0, count: 12)), "11"), (.takeUp([1]), "No such continuation"),
    ])
    func `an argument outside its range is refused by name, and changes nothing`(
        _ command: Command, _ word: String
    ) throws {
        var session = try session()
        session.perform(.step(.operation, .forward), count: 5)
        let before = session.stepper
        guard case .refused(let sentence) = session.perform(command) else {
            return #expect(Bool(false), "\(command) is not refused")
        }
        #expect(sentence.contains(word), "\(sentence)")
        #expect(session.stepper == before)
    }

    @Test func `a number of any size moves to the edge, heads go round, and a sampling that cannot be is refused`()
        throws
    {
        var session = try session()
        session.perform(.goto(12, cell: [4, 2, 9]))
        session.perform(.moveCell(rows: .max, columns: .min), count: .max)
        #expect(session.stepper.cell == (5, 0))
        session.perform(.head(.min), count: .max)
        // From head 2; of three, 2⁶⁰ back are one back.
        #expect(session.stepper.selection.head == 1)
        session.perform(.last, count: -4)
        #expect(session.stepper.index == 0)
        session.perform(.step(.operation, .forward), count: -4)
        #expect(session.stepper.index == 1)
        var sampling = session.sampling
        sampling.topP = 0
        guard case .refused = session.perform(.sampling(sampling)) else {
            return #expect(Bool(false), "a top-p of 0 is not refused")
        }
        #expect(session.sampling.topP == 1)
    }

    @Test func `a text that another begins with is kept once`() throws {
        var session = try session()
        session.perform(.take, count: 3)
        finish(&session)
        let whole = session.stepper.tokens
        session.perform(.giveBack, count: 2)
        #expect(session.stepper.left == [whole])
        session.perform(.takeUp(whole))
        #expect(session.stepper.tokens == whole && session.stepper.left.isEmpty)
    }

    @Test func `a checkpoint that is called as a preset is none`() throws {
        let nano = try Model.nano()
        let same = Model(
            name: "nano", configuration: nano.configuration, weights: nano.weights, tokenizer: nil, sampling: .greedy,
            defaultPrompt: "")
        var session = try Session(model: same, tokens: [0, 1], sampling: .greedy)
        #expect(session.choices.count == Preset.all.count + 1 && session.choice == session.choices.last)
        session.perform(.model(try #require(Preset.named("nano"))))
        #expect(session.model.tokenizer != nil)
        session.perform(.model(try #require(session.choices.last)))
        #expect(session.model.tokenizer == nil)
    }

    @Test func `what is begun is done in pieces, can be interrupted and begun again`() throws {
        var session = try session()
        session.perform(.take, count: 3)
        #expect(session.isTaking && session.isBusy)
        session.work()
        session.interrupt()
        #expect(!session.isBusy && session.stepper.tokens.count == 6)
        session.perform(.take, count: 2)
        finish(&session)
        #expect(session.stepper.tokens == [2, 1, 0, 1, 1, 2, 0, 1])
        session.perform(.giveBack)
        #expect(session.stepper.left.count == 1)
        session.perform(.takeUp(session.stepper.left[0]))
        #expect(session.stepper.tokens.count == 8)
    }

    @Test func `a pass is that of its text, whatever was taken, given back and edited before`() throws {
        var walked = try session()
        for command in [
            Command.take, .take, .giveBack, .prompt([0, 0, 1]), .take, .giveBack, .prompt([2, 1, 0, 1, 1, 2]),
        ] {
            walked.perform(command)
            finish(&walked)
        }
        var fresh = try session()
        walked.perform(.goto(12))
        fresh.perform(.goto(12))
        finish(&walked)
        finish(&fresh)
        let (a, b) = (walked.scene.value, fresh.scene.value)
        #expect(a?.values.map(\.bitPattern) == b?.values.map(\.bitPattern) && a != nil)
    }

    @Test func `another model takes the place of the one before, with its values`() throws {
        var session = try session()
        session.perform(.last)
        finish(&session)
        weak let before = session.trace
        #expect(before != nil)
        let gpt3 = try #require(Preset.named("gpt3"))
        #expect(session.perform(.model(gpt3)) == .done())
        #expect(before == nil, "nothing keeps the values of the model before")
        #expect(session.values == nil)
        session.perform(.take)
        finish(&session)
        #expect(session.notice?.contains("no weights") == true)
    }

    @Test func `every command has a row in the table, and no two have one name for different things`() throws {
        let nano = try #require(Preset.named("nano"))
        let commands: [Command] = [
            .step(.cell, .forward), .step(.operation, .forward), .step(.subLayer, .forward), .step(.block, .forward),
            .step(.sameOperation, .forward), .goto(0), .first, .last, .restart,
            .head(1),
            .position(0), .candidate(0), .take, .giveBack, .prompt([]), .sampling(.greedy), .model(nano),
            .play, .pace(faster: true),
        ]
        #expect(Set(commands.map(\.verb.name)).count == commands.count)
        #expect(commands.allSatisfy { !$0.verb.help.isEmpty })
    }
}

/// Where numbers go wrong: what is said, and where it leads.
@Suite struct FaultTests {
    private func session(_ change: Edit, sampling: Sampling = .greedy) throws -> Session {
        let model = try Model.nano()
        let weights = try #require(model.weights).edited(by: [change])
        let broken = Model(
            name: "broken", configuration: model.configuration, weights: weights, tokenizer: nil, sampling: sampling,
            defaultPrompt: "")
        return try Session(model: broken, tokens: [2, 1, 0, 1, 1, 2], sampling: sampling)
    }

    private func finish(_ session: inout Session) {
        while session.isBusy { session.work() }
    }

    @Test func `the first NaN is found by its cell, whatever head and position were chosen`() throws {
        // Column 40 of the queries is channel 8 of head 2.
        var session = try session(Edit(.weight("h.0.attn.c_attn.weight"), cells: [[0, 40]], numbers: [.nan]))
        session.perform(.last)
        finish(&session)
        #expect(session.faults.first?.name == "NaN")
        session.perform(.fault)
        #expect(session.stepper.node.address == "blocks.0.attn.q")
        #expect(session.scene.cellIndex == [0, 2, 8])
    }

    @Test func `a temperature that makes an infinity of a logit leaves no token to choose`() throws {
        let sampling = try Sampling(temperature: 0.2)
        var session = try session(
            Edit(.weight("lm_head.weight"), cells: [[1, 3]], numbers: [3e38]), sampling: sampling)
        session.perform(.last)
        finish(&session)
        let prediction = try #require(session.scene.prediction)
        #expect(prediction.logits.isFinite && prediction.notFinite > 0 && prediction.token == nil)
        #expect(session.faults.first?.name == "∞")
        session.perform(.sampling(.plain))
        finish(&session)
        #expect(session.faults.first == nil, "at temperature 1 all is finite again")
        session.perform(.sampling(sampling))
        finish(&session)
        #expect(session.faults.first?.name == "∞")
        session.perform(.take)
        finish(&session)
        #expect(session.stepper.tokens.count == 6 && session.notice?.contains("no token") == true)
    }

    @Test func `a logit of −∞ is a number that went wrong, and was not filtered out`() throws {
        var session = try session(Edit(.weight("lm_head.weight"), cells: [[1, 3]], numbers: [-.infinity]))
        session.perform(.last)
        finish(&session)
        let prediction = try #require(session.scene.prediction)
        #expect(!prediction.logits.values[1].isFinite)
        #expect(!prediction.isCut(1) && prediction.token == nil)
    }
}
