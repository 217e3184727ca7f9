import Testing

/// Every key arrives as what it is, however its bytes come.
@Suite(.serialized) struct KeyTests {
    @Test(arguments: ["xterm-256color", "screen-256color", "linux", "rxvt", "vt100"])
    func sequences(_ type: String) throws {
        let terminal = try Demo.start(["TERM": type], rows: 60)
        #expect(terminal.waitFor("@"))
        let keys = [
            ("\u{1B}[A", "up"), ("\u{1B}OA", "up"), ("\u{1B}[B", "down"), ("\u{1B}OB", "down"),
            ("\u{1B}[C", "right"), ("\u{1B}OC", "right"), ("\u{1B}[D", "left"), ("\u{1B}OD", "left"),
            ("\u{1B}[1;5D", "controlLeft"), ("\u{1B}[1;5C", "controlRight"),
            ("\u{1B}[H", "home"), ("\u{1B}OH", "home"), ("\u{1B}[1~", "home"),
            ("\u{1B}[F", "end"), ("\u{1B}OF", "end"), ("\u{1B}[4~", "end"),
            ("\u{1B}[5~", "pageUp"), ("\u{1B}[6~", "pageDown"), ("\u{1B}[3~", "delete"),
            ("\u{1B}OP", "F1"), ("\u{1B}[11~", "F1"), ("\u{1B}[15~", "F5"), ("\u{1B}[24~", "F12"),
            ("\t", "tab"), ("\u{1B}[Z", "backTab"), ("\r", "enter"), ("\n", "enter"),
            ("\u{7F}", "backspace"), ("\u{08}", "backspace"), ("\u{1B}", "escape"),
            ("\u{13}", "control-s"), ("\u{11}", "control-q"), ("\u{16}", "control-v"), ("\u{0F}", "control-o"),
            ("\u{04}", "control-d"), ("\u{0}", "control- "), ("x", "character-x"), ("/", "character-/"),
        ]
        for (index, (bytes, name)) in keys.enumerated() {
            terminal.send(bytes)
            #expect(terminal.waitFor("\(index + 1):\(name);"), "\(name) on \(type)")
        }
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
    }

    @Test func charactersBeyondASCII() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("é€")
        #expect(terminal.waitFor("1:character-é;"))
        #expect(terminal.waitFor("2:character-€;"))
        // The bytes of one character in two parts, and bytes that are none.
        terminal.send([0xC3])
        terminal.send([0xA9])
        #expect(terminal.waitFor("3:character-é;"))
        terminal.send([0xFF, 0xE9, 0x61])
        #expect(terminal.waitFor("4:character-a;"))
        terminal.send("W")
        #expect(terminal.waitFor("wide?|"))
    }

    @Test func sequencesInParts() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        for part in ["\u{1B}", "[", "1", ";", "5", "C"] { terminal.send(part) }
        #expect(terminal.waitFor("1:controlRight;"))
        terminal.send("\u{1B}[A\u{1B}OBx")
        #expect(terminal.waitFor("2:up;"))
        #expect(terminal.waitFor("3:down;"))
        #expect(terminal.waitFor("4:character-x;"))
        // Unknown sequences are no keys at all, and the key after Escape is one of its own.
        terminal.send("\u{1B}[1;3D\u{1B}[99~\u{1B}[?62;22cy")
        #expect(terminal.waitFor("5:character-y;"))
        terminal.send("\u{1B}z")
        #expect(terminal.waitFor("6:escape;"))
        #expect(terminal.waitFor("7:character-z;"))
        terminal.send("\u{1B}[")
        #expect(terminal.waitFor("8:escape;"))
        #expect(terminal.waitFor("9:character-[;"))
    }

    @Test func pastedTextIsOneEvent() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("\u{1B}[?2004h"))
        #expect(terminal.waitFor("@"))
        terminal.send("\u{1B}[200~ab\rq\u{1B}[201~x")
        #expect(terminal.waitFor("1:paste-ab/q;"))
        #expect(terminal.waitFor("2:character-x;"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.contains("\u{1B}[?2004l"))
    }

    @Test func escapeAloneIsQuick() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        let start = ContinuousClock.now
        terminal.send("\u{1B}")
        #expect(terminal.waitFor("1:escape;"))
        // 25 ms are meant; the rest is for a busy machine.
        #expect(ContinuousClock.now - start < .milliseconds(250))
    }
}
