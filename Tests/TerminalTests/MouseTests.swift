import Foundation
import Testing

/// Presses and the wheel arrive with their place, and nothing that a mouse sends is ever a key.
@Suite(.serialized) struct MouseTests {
    @Test(arguments: ["xterm-256color", "screen-256color", "rxvt", "linux"])
    func reports(_ type: String) throws {
        let terminal = try Demo.start(["TERM": type])
        #expect(terminal.waitFor("\u{1B}[?1006;1000h"))
        #expect(terminal.waitFor("@"))
        terminal.send("\u{1B}[<0;12;5M")
        #expect(terminal.waitFor("1:press-11-4;"))
        // Releases, other buttons and motion are no events.
        terminal.send("\u{1B}[<0;12;5m\u{1B}[<2;1;1M\u{1B}[<1;1;1M\u{1B}[<32;1;1M\u{1B}[<66;1;1M\u{1B}[<35;1;1M")
        terminal.send("\u{1B}[<64;1;1M")
        #expect(terminal.waitFor("2:wheelUp-0-0;"))
        terminal.send("\u{1B}[<65;300;200M")
        #expect(terminal.waitFor("3:wheelDown-299-199;"))
        terminal.send("\u{1B}[<80;4;4M")
        #expect(terminal.waitFor("4:wheelUp-3-3;"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.contains("\u{1B}[?1006;1000l"))
        #expect(!terminal.reportsMouse)
    }

    /// What terminals send that do not know the newer encoding: places are bytes, 127 and those beyond ASCII too.
    @Test(arguments: ["screen-256color", "xterm-256color"])
    func reportsInTheOldEncoding(_ type: String) throws {
        let terminal = try Demo.start(["TERM": type], columns: 200)
        #expect(terminal.waitFor("@"))
        let report = Array("\u{1B}[M".utf8)
        for (index, x) in [0, 1, 93, 94, 95, 150, 222].enumerated() {
            terminal.send(report + [32, UInt8(x + 33), 33 + 7])
            #expect(terminal.waitFor("\(index + 1):press-\(x)-7;"))
        }
        terminal.send(report + [35, 33, 33] + report + [32, 0, 33] + report + [96, 33 + 80, 33 + 20])
        #expect(terminal.waitFor("8:wheelUp-80-20;"))
        terminal.send(report + [97, 33, 33])
        #expect(terminal.waitFor("9:wheelDown-0-0;"))
    }

    @Test func reportsInPartsAndInABurst() throws {
        let terminal = try Demo.start(rows: 60)
        #expect(terminal.waitFor("@"))
        for part in ["\u{1B}[", "<", "0", ";", "2;", "3", "M"] {
            terminal.send(part)
            // Longer than the rest of a key is waited for.
            if part == ";" { #expect(!terminal.waitFor("1:", within: 100)) }
        }
        #expect(terminal.waitFor("1:press-1-2;"))
        terminal.send("x" + String(repeating: "\u{1B}[<65;9;9M", count: 20) + "y")
        #expect(terminal.waitFor("2:character-x;"))
        #expect(terminal.waitFor("22:wheelDown-8-8;"))
        #expect(terminal.waitFor("23:character-y;"))
    }

    @Test func brokenReportsAreNothing() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        for report in [
            "", "0", "0;1", "0;1;", ";;", "0;0;1", "0;1;0", "0;-1;1", "0;1;1;1", "99999999999;1;1", "0;99999999999;1",
        ] { terminal.send("\u{1B}[<\(report)M") }
        terminal.send("x")
        #expect(terminal.waitFor("1:character-x;"))
        // One without an end, up to the next key.
        terminal.send("\u{1B}[<0;1\u{1B}[A")
        #expect(terminal.waitFor("2:up;"))
        terminal.send("\u{1B}[M \u{1B}[A")
        #expect(terminal.waitFor("3:up;"))
    }

    @Test func pastedTextThatLooksLikeAReportIsText() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("\u{1B}[200~a\u{1B}[<0;1;1Mq\u{1B}[M!!!b\u{1B}[201~x")
        #expect(terminal.waitFor("1:paste-aqb;"))
        #expect(terminal.waitFor("2:character-x;"))
    }

    @Test(arguments: ["vt100", "vt52", "ansi"])
    func terminalsWithoutAMouseAreNotAsked(_ type: String) throws {
        let terminal = try Demo.start(["TERM": type])
        #expect(terminal.waitFor("@"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(!terminal.contains("1000"))
    }
}
