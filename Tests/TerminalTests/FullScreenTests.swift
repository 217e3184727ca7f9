import Foundation
import Testing

/// The built program on a real pseudo-terminal.
@Suite(.serialized) struct FullScreenTests {
    private func start(
        _ arguments: [String] = [], _ changes: [String: String?] = [:], columns: Int32 = 80, rows: Int32 = 24
    ) throws -> PseudoTerminal {
        try PseudoTerminal(
            Built.path("gptstep"), arguments, environment: Built.environment(changes), columns: columns, rows: rows)
    }

    /// Presses keys and has the whole screen sent again, since otherwise only what changed is; then looks for a text.
    private func shows(_ text: String, after keys: String, on terminal: PseudoTerminal) -> Bool {
        terminal.send(keys + "\u{0C}")
        return terminal.waitFor(text)
    }

    @Test func `a session steps, moves, takes a token and leaves the terminal clean`() throws {
        let terminal = try start()
        #expect(terminal.waitFor("85,728 parameters"))
        #expect(terminal.waitFor("step 1 of 61"))
        #expect(shows("Token embedding", after: "\u{1B}[C", on: terminal))
        #expect(shows("Attention pattern", after: "10s", on: terminal))
        #expect(shows("attn.pattern H1", after: "]", on: terminal))
        #expect(shows("query B4", after: "\t\u{1B}[A", on: terminal))
        #expect(shows("step 1 of 61", after: "t", on: terminal))
        #expect(terminal.waitFor("tokens[A6]"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
    }

    @Test(arguments: [
        ("xterm-256color", "C.UTF-8"), ("linux", nil), ("vt100", "C"), ("screen-256color", nil),
        ("xterm-kitty", "C.UTF-8"),
    ])
    func `every kind of terminal shows the screen`(term: String, language: String?) throws {
        let terminal = try start([], ["TERM": term, "LANG": language])
        #expect(terminal.waitFor("gptstep"))
        #expect(terminal.waitFor("of 61"))
        #expect(shows("attn.pattern", after: "11s", on: terminal))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.isCooked)
    }

    @Test func `without colour no colour is sent`() throws {
        let terminal = try start([], ["NO_COLOR": "1"])
        #expect(terminal.waitFor("of 61"))
        #expect(shows("Attention pattern", after: "11s", on: terminal))
        #expect(!terminal.contains("\u{1B}[38;5;"))
        #expect(!terminal.contains("\u{1B}[48;5;"))
    }

    @Test func `the mouse is asked for, and left alone when that is wanted`() throws {
        let terminal = try start()
        #expect(terminal.waitFor("of 61"))
        #expect(terminal.reportsMouse)
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)

        let other = try start(["--no-mouse"])
        #expect(other.waitFor("of 61"))
        other.send("q")
        #expect(other.waitForExit() == .exit(0))
        #expect(!other.contains("1000h"))
    }

    @Test func `a small window says what it needs, and growing it in mid-play goes on`() throws {
        let terminal = try start(columns: 20, rows: 5)
        #expect(terminal.waitFor("needs 80"))
        terminal.send(">> ")
        terminal.resize(columns: 120, rows: 40)
        #expect(terminal.waitFor("Timeline"))
        #expect(terminal.waitFor("LayerNorm before attention"))
        terminal.resize(columns: 80, rows: 24)
        #expect(terminal.waitFor("Attention pattern"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func `a signal ends it with its status and a clean terminal`(number: Int32) throws {
        let terminal = try start()
        #expect(terminal.waitFor("of 61"))
        terminal.signal(number)
        #expect(terminal.waitForExit() == .exit(128 + number))
        #expect(terminal.endsClean)
    }

    @Test func `Ctrl-C first stops what is playing, then quits`() throws {
        let terminal = try start()
        #expect(terminal.waitFor("of 61"))
        terminal.send(" ")
        #expect(terminal.waitFor("playing"))
        terminal.send("\u{03}")
        #expect(terminal.waitForExit(within: 300) == .none)
        terminal.send("\u{03}")
        #expect(terminal.waitForExit() == .exit(130))
        #expect(terminal.endsClean)
    }

    @Test func `a prompt from a pipe leaves the keys to the terminal`() throws {
        let terminal = try PseudoTerminal(
            "/bin/sh", ["-c", "echo AAB | \(Built.path("gptstep")) -"], environment: Built.environment())
        #expect(terminal.waitFor("prompt"))
        #expect(terminal.waitFor(" B "))
        #expect(shows("Token embedding", after: "s", on: terminal))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
    }

    @Test(arguments: [
        ("dumb", "cannot be drawn on"), ("nonsense", "not in the terminfo database"), (nil, "TERM is not set"),
    ])
    func `a terminal that cannot be drawn on is refused in a sentence`(term: String?, message: String) throws {
        let terminal = try start([], ["TERM": term])
        #expect(terminal.waitFor(message))
        #expect(terminal.waitForExit() == .exit(69))
        #expect(terminal.isCooked)
        #expect(!terminal.contains("\u{1B}"))
    }

    @Test func `gpt3 opens as shapes only`() throws {
        let terminal = try start(["--model", "gpt3"])
        #expect(terminal.waitFor("SHAPES ONLY"))
        #expect(terminal.waitFor("of 1642"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
    }
}
