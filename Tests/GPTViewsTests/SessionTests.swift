import Foundation
import GPTEngine
import Testing

@testable import GPTStepper
@testable import GPTViews
@testable import TerminalKit

/// Press, see, press, see: scripted events on the terminal in memory.
@Suite struct SessionTests {
    /// The last screen after some events.
    private func screen(_ events: [Event], app: App? = nil, size: Size = Size(80, 24)) throws -> [String] {
        var app = try app ?? nanoApp()
        return lines(try #require(play(&app, events, size: size).terminal.frames.last))
    }

    private func shows(_ text: String, _ events: [Event], app: App? = nil) throws -> Bool {
        try screen(events, app: app).contains { $0.contains(text) }
    }

    @Test func `arrows step forward and back, and a count goes first`() throws {
        #expect(try shows("step 2 of 61", [.key(.right)]))
        #expect(try shows("step 1 of 61", [.key(.right), .key(.left)]))
        #expect(try shows("step 11 of 61", keys("10") + [.key(.right)]))
        #expect(try shows("step 61 of 61", [.key(.end)]))
        #expect(try shows("step 1 of 61", keys("Gg")))
        #expect(try shows("This is the first operation", [.key(.left)]))
        #expect(try shows("This is the last operation", keys("Gs")))
    }

    @Test func `Tab gives the arrows to the stage, Escape back to the timeline`() throws {
        let inStage: [Event] = keys("11s") + [.key(.tab), .key(.right), .key(.up)]
        #expect(try shows("query B4, key B1]", inStage))
        #expect(try shows("step 12 of 61", inStage))
        #expect(try shows("step 13 of 61", inStage + [.key(.escape), .key(.right)]))
        #expect(try shows("step 13 of 61", inStage + keys("s")), "s steps whatever has the focus")
        #expect(try shows("query B4, key B1]", keys("11s") + [.key(.enter), .key(.right), .key(.up)]))
    }

    @Test func `brackets choose the head`() throws {
        #expect(try shows("attn.pattern H1", keys("11s]")))
        #expect(try shows("attn.pattern H2", keys("11s[")))
    }

    @Test func `taking all five answers sorts the letters, and then the context is full`() throws {
        let prompt = try #require(try screen(keys("ttttt")).first { $0.contains("prompt") })
        #expect(prompt.contains("C 0  B 1  A 2  B 3  B 4  C 5 →  A 6  B 7  B 8  B 9  C 10"))
        #expect(try shows("The context is full", keys("tttttt")))
        #expect(try shows("next_token[C10]  =  2 C", keys("tttttt")), "the sixth answer is shown")
        #expect(try shows("next_token[C10]  =  2 C", keys("ttttt") + [.key(.end)]), "the sixth answer is read")
        #expect(try shows("step 61 of 61", keys("tT")))
        #expect(try shows("Nothing was taken", keys("T")))
    }

    @Test func `a count takes and gives back several tokens, and a long one goes to the end`() throws {
        let taken = try screen(keys("3t"))
        #expect(taken.contains { $0.contains("→  A 6  B 7  B 8") })
        #expect(try screen(keys("3t2T")).contains { $0.hasSuffix("→  A 6") })
        #expect(try shows("step 61 of 61", keys("999999999s")))
    }

    @Test func `keys typed while tokens are taken act on what those lead to, and Escape calls them off`() throws {
        var app = try nanoApp()
        for event in keys("3t5s") { _ = app.handle(event, on: .small) }
        #expect(app.stepper.tokens.count == 6, "nothing has been computed yet")
        app.finish()
        #expect(app.stepper.tokens.count == 9)
        #expect(app.stepper.index == 5)
        for event in keys("2t") + [.key(.escape)] { _ = app.handle(event, on: .small) }
        app.finish()
        #expect(app.stepper.tokens.count == 9)
        #expect(app.handle(.signal(.interrupt), on: .small) == .quit(130))
        _ = app.handle(.key(.character("t")), on: .small)
        #expect(app.handle(.signal(.interrupt), on: .small) == nil, "an interrupt first stops what is running")
        #expect(!app.isBusy)
    }

    @Test func `the output's cells are run one by one too`() throws {
        let events: [Event] = keys("58sii")
        #expect(try shows("probabilities[C5, B]", events))
        #expect(try screen(events).contains { $0.contains("C  2") && $0.hasSuffix("not computed yet") })
    }

    @Test func `ids that no text says are edited as ids and stay as they are`() throws {
        let model = try Model.preset(try #require(Preset.named("gpt3")), randomSeed: nil)
        var app = App(try Session(model: model, tokens: [64, 64], sampling: .plain))
        let shown = play(&app, keys("e") + [.key(.enter)])
        #expect(app.stepper.tokens == [64, 64])
        #expect(shown.terminal.frames.contains { lines($0).contains { $0.contains("ids  64,64") } })
    }

    @Test func `pasted text never runs as keys`() throws {
        #expect(try shows("step 1 of 61", [.paste("tsq\nq")]))
        #expect(try shows("Pasted text", [.paste("tsq\nq")]))
        let pasted: [Event] = keys("e") + [.key(.control("u")), .paste("BBA\n"), .key(.enter)]
        #expect(try shows("B 0  B 1  A 2", pasted))
    }

    @Test func `an edited prompt is run by Enter and left alone by Escape`() throws {
        let typed: [Event] = keys("e") + [.key(.control("u"))] + keys("AAB")
        #expect(try shows("A 0  A 1  B 2", typed + [.key(.enter)]))
        #expect(try shows("C 0  B 1  A 2", typed + [.key(.escape)]))
        #expect(try shows("The prompt has \"x\" at place 4", typed + keys("x") + [.key(.enter)]))
        #expect(try shows("The prompt is empty", keys("e") + [.key(.control("u")), .key(.enter)]))
        #expect(try shows("The prompt has 12 tokens", keys("eAAAAAA") + [.key(.enter)]))
    }

    @Test func `a count before G is the number of a step`() throws {
        #expect(try shows("step 40 of 61", keys("40G")))
        #expect(try shows("step 61 of 61", keys("999G")))
        #expect(try shows("step 61 of 61", keys("G")))
    }

    @Test func `sampling changes what is drawn`() throws {
        let warm: [Event] = keys("o") + Array(repeating: .key(.right), count: 10) + [.key(.enter)]
        #expect(try shows("temperature 0: the likeliest", [.key(.end)]))
        #expect(try shows("u = 0.", warm + [.key(.end)]))
        #expect(try shows("temperature 0: the likeliest", keys("o") + [.key(.right), .key(.escape), .key(.end)]))
    }

    @Test func `choosing a preset opens it, gpt3 as shapes only`() throws {
        let chosen: [Event] = keys("m") + Array(repeating: .key(.down), count: 9) + [.key(.enter)]
        #expect(try shows("SHAPES ONLY", chosen))
        #expect(try shows("step 1 of 1642", chosen))
        #expect(try shows("weights not loaded", chosen + keys("100s")))
        #expect(try shows("no token is predicted", chosen + keys("t")))
        #expect(try shows("step 1 of 61", chosen + keys("m") + Array(repeating: .key(.up), count: 9) + [.key(.enter)]))
    }

    @Test func `another model opens on the same text, and the one that is open stays as it is`() throws {
        var app = try nanoApp()
        let down = { (count: Int) in Array(repeating: Event.key(.down), count: count) }
        _ = play(&app, keys("tt5sm") + [.key(.enter)])
        #expect((app.stepper.tokens.count, app.stepper.index) == (8, 5))
        let text = app.session.model.text(app.stepper.tokens)
        _ = play(&app, keys("m") + down(9) + [.key(.enter)])
        #expect(app.session.model.name == "gpt3")
        #expect(app.session.model.text(app.stepper.tokens) == text)
        // A text of another alphabet, and a model's own, give way to the other's own.
        _ = play(&app, keys("ex") + [.key(.enter)] + keys("m") + Array(repeating: .key(.up), count: 9) + [.key(.enter)])
        #expect((app.session.model.name, app.session.model.text(app.stepper.tokens)) == ("nano", "CBABBC"))
        _ = play(&app, keys("m") + down(9) + [.key(.enter)])
        #expect(app.session.model.text(app.stepper.tokens) == "The trees")
    }

    @Test func `what cannot be shown as it is typed takes its escape`() throws {
        #expect(try shows(#"prompt  CBABBC\u{4F60}"#, keys("e你")))
    }

    @Test func `every operation of gpt3 can be walked`() throws {
        var app = try shapesApp("gpt3")
        let shown = play(&app, Array(repeating: .key(.right), count: 1641))
        #expect(shown.terminal.frames.count > 1641)
        #expect(app.stepper.node.address == "next_token")
    }

    @Test func `every key of the table does something`() throws {
        for binding in KeyBindings.all {
            for (key, _) in binding.keys {
                let focus = try #require(binding.focus.first)
                #expect(KeyBindings.action(for: key, in: focus) != nil, "\(binding.symbols)")
            }
        }
        #expect(try screen(keys("11s") + [.key(.pageDown)]).contains { $0.contains("step 12 of 61") })
    }

    @Test func `play steps by itself until a key or the end`() throws {
        let playing: [Event] = keys(" ") + Array(repeating: .timeout, count: 3)
        #expect(try shows("playing · step 4 of 61", playing))
        #expect(try shows("step 4 of 61", playing + keys(" ") + [.timeout]))
        #expect(try shows("This is the last operation", keys(" ") + Array(repeating: .timeout, count: 61)))
    }

    @Test func `a count that is typed while it plays goes to the key after it, and not to play's own steps`() throws {
        let playing: [Event] = keys(" ") + [.timeout] + keys("30") + [.timeout, .timeout]
        #expect(try shows("step 4 of 61", playing))
        #expect(try shows("step 34 of 61", playing + keys("s")))
        #expect(try shows("step 5 of 61", playing + keys("s") + keys("5G")))
    }

    @Test func `an app is a session, panels and where the eye is`() throws {
        let app = try nanoApp()
        let mine = Mirror(reflecting: app).children.count + Mirror(reflecting: app.view).children.count
        #expect(mine < 10, "what changes a session is a command of it; what waits for keys is a panel")
    }

    @Test func `a resize in mid-play draws at the new size`() throws {
        var app = try nanoApp()
        let shown = play(&app, keys(" ") + [.timeout, .resize, .timeout], size: Size(100, 30))
        #expect(shown.terminal.frames.last?.size == Size(100, 30))
        #expect(app.stepper.index == 2)
    }

    @Test func `quitting, interrupting and being ended give their exit status`() throws {
        let endings: [([Event], Int32)] = [
            (keys("q"), 0), ([.signal(.interrupt)], 130), ([.signal(.terminate)], 143), ([.signal(.hangUp)], 129),
            ([.signal(.quit)], 131), ([], 0),
        ]
        for (events, status) in endings {
            var app = try nanoApp()
            #expect(play(&app, events).status == status)
        }
        var playing = try nanoApp()
        #expect(
            play(&playing, keys(" ") + [.signal(.interrupt)] + keys("q")).status == 0,
            "an interrupt first stops the play")
    }

    @Test func `suspending asks the terminal to`() throws {
        var app = try nanoApp()
        #expect(play(&app, [.key(.control("z"))]).terminal.suspensions == 1)
    }

    @Test func `one cell at a time shows later cells as absent`() throws {
        let events: [Event] = keys("8si")
        #expect(try shows("attn.scores[head 0, query C0, key C0]", events))
        #expect(try shows("blank: to come", events))
        let next: [Event] = events + [.key(.tab), .key(.right)]
        #expect(try shows("not computed yet", next))
    }

    @Test func `help says what works where the focus is`() throws {
        #expect(try shows("The timeline has the focus", keys("?")))
        #expect(try shows("The stage has the focus", [.key(.tab)] + keys("?")))
        #expect(try shows("step 1 of 61", keys("?") + [.key(.escape)]))
    }

    @Test func `the README's key table is the program's`() throws {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        #expect(text.contains(KeyBindings.markdown), "README.md must hold this table:\n\(KeyBindings.markdown)")
    }
}
