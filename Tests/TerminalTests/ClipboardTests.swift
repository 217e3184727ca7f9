import Foundation
import Testing

/// Copied text reaches the terminal's clipboard.
@Suite(.serialized) struct ClipboardTests {
    private let copied = "\u{1B}]52;c;\(Data("Résumé 界".utf8).base64EncodedString())\u{7}"

    @Test func copying() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("C")
        #expect(terminal.waitFor(copied))
        #expect(terminal.waitFor("1:character-C;"))
        #expect(!terminal.contains("Ptmux;"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
    }

    @Test func longTextIsCutBetweenScalars() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("L")
        let whole = "a" + String(repeating: "é", count: 37_499)
        let encoded = Data(whole.utf8).base64EncodedString()
        #expect(encoded.utf8.count == 100_000)
        #expect(terminal.waitFor("\u{1B}]52;c;\(encoded)\u{7}"))
        #expect(terminal.waitFor("1:character-L;"))
    }

    @Test func insideTmuxItIsSentWrappedToo() throws {
        let terminal = try Demo.start(["TERM": "screen-256color", "TMUX": "socket,1,0"])
        #expect(terminal.waitFor("@"))
        terminal.send("C")
        #expect(terminal.waitFor(copied + "\u{1B}Ptmux;\u{1B}" + copied + "\u{1B}\\"))
        #expect(terminal.waitFor("1:character-C;"))
    }
}
