import Testing

/// What is drawn fits the terminal, and where nothing can be drawn that is said.
@Suite(.serialized) struct ScreenTests {
    @Test func resizing() throws {
        let terminal = try Demo.start(["LINES": "5", "COLUMNS": "7"])
        #expect(terminal.waitFor("size=80x24"))
        terminal.resize(columns: 100, rows: 30)
        #expect(terminal.waitFor("size=100x30"))
        #expect(terminal.waitFor("1:resize;"))
        terminal.resize(columns: 40, rows: 10)
        #expect(terminal.waitFor("size=40x10"))
        #expect(terminal.waitFor("2:resize;"))
        // One change is one event, so the next key is the third.
        terminal.send("x")
        #expect(terminal.waitFor("3:character-x;"))
        terminal.resize(columns: 1, rows: 1)
        terminal.resize(columns: 50, rows: 12)
        #expect(terminal.waitFor("size=50x12"))
    }

    @Test func onlyDifferencesAreSent() throws {
        let terminal = try Demo.start(columns: 200, rows: 50)
        terminal.send("x")
        #expect(terminal.waitFor("1:character-x;"))
        let before = terminal.output.count
        terminal.send("y")
        #expect(terminal.waitFor("2:character-y;"))
        #expect(terminal.output.count - before < 100)
    }

    @Test(arguments: [
        "vt100", "xterm-mono", "linux", "ansi", "xterm", "rxvt-unicode", "screen-256color", "vt52", "sun",
    ])
    func types(_ type: String) throws {
        let colors = ["linux": 8, "ansi": 8, "xterm": 8, "rxvt-unicode": 16, "screen-256color": 256]
        let terminal = try Demo.start(["TERM": type])
        #expect(terminal.waitFor("colors=\(colors[type] ?? 0)"))
        #expect(terminal.waitFor("@"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.isCooked)
    }

    @Test(arguments: ["xterm-unheard-of", "alacritty-next", "foot-next", "ghostty-next", "wezterm-next"])
    func missingEntriesOfKnownTerminals(_ type: String) throws {
        let terminal = try Demo.start(["TERM": type])
        #expect(terminal.waitFor("colors=256 unicode"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
        #expect(terminal.afterScreen?.contains("it was drawn as xterm-256color.") == true)
    }

    @Test(arguments: [
        ("dumb", "TERM=dumb cannot be drawn on"), ("nonsense", "TERM=nonsense is not in the terminfo database"),
        ("", "TERM is not set"), (nil, "TERM is not set"),
    ])
    func refusals(_ type: String?, _ message: String) throws {
        let terminal = try Demo.start(["TERM": type])
        #expect(terminal.waitFor(message))
        #expect(terminal.waitForExit() == .exit(2))
        #expect(terminal.isCooked)
        #expect(!terminal.contains("\u{1B}"))
    }

    @Test(arguments: [
        (nil, "xterm-256color", "colors=256 unicode"), ("C", "xterm-256color", "colors=256 unicode"),
        ("xx_XX", "xterm-256color", "colors=256 unicode"), (nil, "linux", "colors=8 ascii"),
        (nil, "vt100", "colors=0 ascii"), ("C.UTF-8", "linux", "colors=8 unicode"),
    ])
    func locales(_ language: String?, _ type: String, _ expected: String) throws {
        let terminal = try Demo.start(["LANG": language, "TERM": type])
        #expect(terminal.waitFor(expected))
        terminal.send("é")
        #expect(terminal.waitFor("1:character-"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
    }

    @Test func colorCanBeRefused() throws {
        let terminal = try Demo.start(["NO_COLOR": "1"])
        #expect(terminal.waitFor("colors=0 unicode"))
        #expect(!terminal.contains("\u{1B}[38;5;"))
    }
}
