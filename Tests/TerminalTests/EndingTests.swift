import Foundation
import Testing

/// However the program ends, the terminal is as it was.
@Suite(.serialized) struct EndingTests {
    @Test func quitting() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("size=80x24"))
        #expect(!terminal.isCooked)
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
        #expect(terminal.afterScreen?.contains("\u{1B}[?1049h") == false)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func signals(_ number: Int32) throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.signal(number)
        #expect(terminal.waitForExit() == .exit(128 + number))
        #expect(terminal.endsClean)
    }

    @Test(arguments: [("\u{03}", SIGINT), ("\u{1C}", SIGQUIT)])
    func keysThatAreSignals(_ key: String, _ number: Int32) throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send(key)
        #expect(terminal.waitForExit() == .exit(128 + number))
        #expect(terminal.endsClean)
    }

    @Test func threeInterruptsEndABusyProgram() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("xB")
        #expect(terminal.waitFor("character-x"))
        // Typed at once they would be one signal, so each is sent until the program is gone.
        var ending = Ending.none
        for _ in 0..<20 where ending == .none {
            terminal.send("\u{03}")
            ending = terminal.waitForExit(within: 100)
        }
        #expect(ending == .exit(130))
        #expect(terminal.endsClean)
    }

    @Test func aSecondTerminationEndsABusyProgram() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("xB")
        #expect(terminal.waitFor("character-x"))
        var ending = Ending.none
        for _ in 0..<20 where ending == .none {
            terminal.signal(SIGTERM)
            ending = terminal.waitForExit(within: 100)
        }
        #expect(ending == .exit(143))
        #expect(terminal.endsClean)
    }

    @Test func aTrapIsReportedOnTheNormalScreen() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("EX")
        #expect([.signal(SIGILL), .signal(SIGTRAP)].contains(terminal.waitForExit()))
        #expect(terminal.endsClean)
        #expect(terminal.afterScreen?.contains("held back") == true)
        #expect(terminal.afterScreen?.contains("Index out of range") == true)
    }

    @Test func aStackOverflowIsCleanedUpToo() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("O")
        #expect(terminal.waitForExit() == .signal(SIGSEGV))
        #expect(terminal.endsClean)
    }

    @Test func abortingIsCleanedUpToo() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("A")
        #expect(terminal.waitForExit() == .signal(SIGABRT))
        #expect(terminal.endsClean)
    }

    @Test func aCrashWithoutAnAlternateScreenGoesOnBelow() throws {
        let terminal = try Demo.start(["TERM": "vt100"])
        #expect(terminal.waitFor("@"))
        terminal.send("X")
        #expect(terminal.waitFor("\u{1B}[24;1H\r\n"))
        #expect(terminal.waitFor("Index out of range"))
        #expect(terminal.waitForExit() != .none)
        #expect(terminal.isCooked)
    }

    @Test func hangingUp() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.hangUp()
        #expect(terminal.waitForExit() == .exit(129))
    }

    @Test func hangingUpWithoutASignal() throws {
        let terminal = try Demo.startDeafToHangUps()
        #expect(terminal.waitFor("@"))
        terminal.hangUp()
        #expect(terminal.waitForExit() == .exit(3))
    }

    /// Continued only to be ended, it does not come back to a screen that is the shell's by now.
    @Test func endingWhileStopped() throws {
        let terminal = try Demo.startInShell(
            "kill %1; kill -CONT %1; read line", job: { "(trap : TERM; \($0); echo ended-$?)" })
        #expect(terminal.waitFor("@"))
        terminal.send("\u{1A}")
        #expect(terminal.waitFor("ended-143"))
        terminal.send("\r")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
        #expect(terminal.afterScreen?.contains("shell-has-it") == true)
    }

    @Test func standardErrorIsHeldBack() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.send("E")
        #expect(terminal.waitFor("1:character-E"))
        #expect(!terminal.contains("held back"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.afterScreen?.contains("held back\r\n") == true)
    }

    @Test func stoppingAndContinuing() throws {
        let terminal = try Demo.startInShell()
        #expect(terminal.waitFor("@"))
        terminal.send("E\u{1A}")
        #expect(terminal.waitFor("\u{1B}[?1006;1000l"))
        #expect(terminal.waitFor("\u{1B}[?1049l"))
        #expect(terminal.waitFor("held back"))
        #expect(terminal.waitFor("shell-has-it"))
        #expect(terminal.waitFor("\u{1B}[?1006;1000h"))
        #expect(terminal.waitFor("\u{1B}[?1049h"))
        #expect(terminal.waitFor("2:control-z"))
        #expect(terminal.waitFor("3:resize"))
        terminal.send("q")
        #expect(terminal.waitFor("ended-0"))
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
    }

    @Test func continuingWithoutHavingBeenAsked() throws {
        let terminal = try Demo.start()
        #expect(terminal.waitFor("@"))
        terminal.signal(SIGSTOP)
        terminal.signal(SIGCONT)
        #expect(terminal.waitFor("1:resize"))
        terminal.signal(SIGTSTP)
        #expect(terminal.waitFor("\u{1B}[?1049l"))
        #expect(terminal.waitFor("\u{1B}[?1049h"))
        #expect(terminal.waitFor("2:resize"))
        #expect(!terminal.isCooked)
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
        #expect(terminal.endsClean)
    }
}
