import Foundation
import Testing

/// What people and other programs do to this one without meaning well.
@Suite struct HostileTests {
    /// A folder of its own, with a small checkpoint that reads the first letters of the alphabet.
    private final class Folder {
        let url: URL
        var weights: URL { url.appendingPathComponent("own/model.safetensors") }

        init() throws {
            url = FileManager.default.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)")
            let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("GPTEngineTests/Fixtures/odd")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: fixture, to: url.appendingPathComponent("own"))
            let letters = "abcdefgh".enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
            try Data("{\(letters)}".utf8).write(to: url.appendingPathComponent("own/vocab.json"))
            try Data().write(to: url.appendingPathComponent("own/merges.txt"))
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        var names: Set<String> {
            get throws { Set(try FileManager.default.contentsOfDirectory(atPath: url.path)) }
        }

        func run(_ arguments: String..., input: String = "", before: (Process) throws -> Void = { _ in }) throws
            -> Answer
        {
            try .of(Built.path("gptstep"), arguments, input: input, in: url, before: before)
        }

        /// Runs a line of the shell in which `$G` is the program.
        func shell(_ line: String) throws -> Answer {
            try .of("/bin/sh", ["-c", line], in: url, environment: ["G": Built.path("gptstep")])
        }
    }

    @Test(arguments: ["x", "é", "/", ".", "a b"])
    func `no name is too short for a file`(_ name: String) throws {
        let folder = try Folder()
        let written = try folder.run("ops", "-o", name)
        #expect([0, 64, 74].contains(written.status))
        if written.status == 0 { #expect(try folder.names == ["own", name]) }
        #expect([64, 65, 66, 74].contains(try folder.run("ops", "--model", name + name).status))
        #expect(try folder.run("trace", "-o", "").errors.contains("empty"))
        #expect(try folder.run("trace", "-o", "d/").errors.contains("folder"))
    }

    @Test func `a name need not be UTF-8`() throws {
        let folder = try Folder()
        let answer = try folder.shell(
            #"d=$(printf 'd\377'); mv own "$d"; $G ops --model="$d" --ids 1,2 -o "$(printf 'o\376')" && ls"#)
        #expect(answer.status == 0, "\(answer.errors)")
        #expect(answer.output.split(separator: "\n").count == 2)
        #expect(try folder.shell(#"$G tensors "$(printf '/no/\377')""#).errors.contains(#"/no/\xFF"#))
    }

    @Test(arguments: [
        ["bench", "--runs", "9223372036854775807"], ["bench", "--runs", "100000000000"], ["bench", "--runs", "-1"],
        ["bench", "--tokens", "-1"], ["ops", "--seed", "-1"], ["show", "embed", "--threads", "-1"],
        ["show", "embed", "--memory", "-1"], ["show", "embed", "--memory", "9223372036854775807"],
        ["generate", "-n", "-1"], ["show", "embed", "--position", "-7"], ["show", "embed", "--cell", "-7,0"],
        ["show", "embed", "--cell", "0,-9223372036854775808"], ["show", "blocks.0.attn.q", "--head", "-4"],
        ["show", "blocks.0.attn.q", "--head", "99999999999999999999"],
    ])
    func `a number out of range is refused by name`(_ arguments: [String]) throws {
        let answer = try Answer.of(Built.path("gptstep"), arguments)
        #expect(answer.status == 64)
        #expect(!answer.errors.contains("Missing value"))
        #expect(answer.errors.contains(arguments.last ?? ""), "\(answer.errors)")
    }

    @Test func `negative indices count from the end`() throws {
        let gptstep = try Built.path("gptstep")
        for (address, negative, positive) in [
            ("blocks.1.attn.pattern", ["--head", "-1", "--position", "-2"], ["--head", "2", "--position", "4"]),
            ("blocks.1.attn.pattern", ["--cell", "-1,-2,0"], ["--cell", "2,4,0"]),
            ("blocks.1.resid_mid", ["--lens", "--position", "-1"], ["--lens", "--position", "5"]),
        ] {
            let answers = try [negative, positive].map { try Answer.of(gptstep, ["show", address] + $0) }
            #expect(answers[0].status == 0 && answers[0].output == answers[1].output, "\(answers[0].errors)")
        }
    }

    @Test(arguments: ["own/model.safetensors", "own/config.json", "own/vocab.json", "hard", "soft"])
    func `what a command reads it does not write over`(_ target: String) throws {
        let folder = try Folder()
        let before = try Data(contentsOf: folder.weights)
        _ = try folder.shell("ln own/model.safetensors hard; ln -s own/model.safetensors soft")
        for command in [["trace"], ["ops"], ["show", "embed"]] {
            let answer = try Answer.of(
                Built.path("gptstep"), command + ["--model", "own", "--ids", "1,2", "-o", target], in: folder.url)
            #expect(answer.status == 74 && answer.errors.contains("would be lost"), "\(answer.errors)")
        }
        #expect(try Data(contentsOf: folder.weights) == before)
    }

    @Test func `weights that are cut short under a pass end it in a sentence`() throws {
        let folder = try Folder()
        // The model is open when the prompt is waited for.
        let answer = try folder.run("show", "logits", "-", "--model", "own", input: "abc") { process in
            while process.isRunning, try !Self.maps(folder.weights.path, process) { usleep(1000) }
            truncate(folder.weights.path, 5000)
        }
        #expect(answer.status == 74, "\(answer.errors)")
        #expect(
            answer.errors.hasSuffix(
                "own/model.safetensors changed while it was open, so nothing that was read of it can be relied on.\n"))
        #expect(answer.output.isEmpty)
    }

    @Test func `weights that are written to under the full screen end it in a sentence`() throws {
        let folder = try Folder()
        let terminal = try PseudoTerminal(
            Built.path("gptstep"), ["--model", folder.url.appendingPathComponent("own").path],
            environment: Built.environment())
        #expect(terminal.waitFor("step 1 of"))
        let handle = try FileHandle(forWritingTo: folder.weights)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([1]))
        terminal.send("n")
        #expect(terminal.waitForExit() == .exit(74))
        #expect(terminal.endsClean)
        #expect(terminal.afterScreen?.contains("changed while it was open") == true)
    }

    private static func maps(_ path: String, _ process: Process) throws -> Bool {
        let maps = FileManager.default.contents(atPath: "/proc/\(process.processIdentifier)/maps") ?? Data()
        return String(decoding: maps, as: UTF8.self).contains(path)
    }

    @Test(arguments: [
        #"$G tensors "$(printf '/no/\033]0;pwn\007')""#, #"$G ops --model "$(printf 'x\033[31m')""#,
        #"$G ops "--x$(printf '\033[31m')""#, #"$G show "$(printf 'a\233\033c')""#, #"$G pull "$(printf 'x\033')""#,
        #"HF_ENDPOINT="$(printf 'http://\033[31m')" $G pull gpt2"#, #"$G ops --ids "$(printf '1,\033')""#,
        #"HF_HOME="$(printf '/no\033[31m')" $G ops --model a/b"#, #"$G ops "$(printf 'A\033')""#,
    ])
    func `nothing from outside reaches the terminal as a control`(_ line: String) throws {
        let answer = try Folder().shell(line)
        #expect((64...74).contains(answer.status), "\(answer.status)")
        let said = (answer.output + answer.errors).unicodeScalars
        #expect(said.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control }, "\(answer.errors)")
    }

    @Test func `a sentence stays readable, however long what it speaks of is`() throws {
        let long = String(repeating: "x", count: 100_000)
        for arguments in [
            ["ops", "--model", long], ["tensors", long], ["show", long], ["ops", "--\(long)"], ["pull", long],
        ] {
            let answer = try Answer.of(Built.path("gptstep"), arguments)
            #expect((64...74).contains(answer.status))
            #expect(answer.errors.utf8.count < 2000)
        }
    }

    @Test(arguments: ["--help", "--version", "help ops", "ops", "models --format json"])
    func `a full disk is an error for every answer`(_ arguments: String) throws {
        let answer = try Folder().shell("$G \(arguments) >/dev/full")
        #expect(answer.status == 74)
        #expect(answer.errors.contains("No space left on device"))
    }

    @Test(arguments: ["bench --runs 1000", "run"])
    func `SIGQUIT ends whatever runs without a word`(_ arguments: String) throws {
        var environment = Built.environment()
        environment["SWIFT_BACKTRACE"] = nil
        for milliseconds in [0, 2, 5, 10, 20, 50, 300] {
            let terminal = try PseudoTerminal(
                Built.path("gptstep"), arguments.split(separator: " ").map(String.init), environment: environment)
            usleep(UInt32(milliseconds * 1000))
            terminal.signal(SIGQUIT)
            // Before the program's own first instruction it is the system that ends it.
            #expect([.exit(131), .signal(SIGQUIT)].contains(terminal.waitForExit()))
            #expect(!terminal.contains("crashed"))
        }
    }

    @Test func `a job in the background is ended by its shell`() throws {
        let gptstep = try Built.path("gptstep")
        let script = "set -m; \(gptstep); bg; sleep 0.3; kill %1; wait %1; echo ended-$?"
        let terminal = try PseudoTerminal("/bin/bash", ["-c", script], environment: Built.environment())
        #expect(terminal.waitFor("of 61"))
        terminal.send("\u{1A}")
        #expect(terminal.waitFor("ended-143"))
        #expect(terminal.waitForExit() == .exit(0))
    }

    @Test(arguments: [(65535, 1), (1, 65535), (65535, 65535)] as [(Int32, Int32)])
    func `no size of a terminal is unknown`(columns: Int32, rows: Int32) throws {
        let terminal = try PseudoTerminal(
            Built.path("gptstep"), environment: Built.environment(), columns: columns, rows: rows)
        #expect(terminal.waitFor("\u{1B}[?1049h"))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
    }

    @Test func `a paste that never ends is given up`() throws {
        let terminal = try PseudoTerminal(Built.path("gptstep"), environment: Built.environment())
        #expect(terminal.waitFor("of 61"))
        terminal.send("\u{1B}[200~abc\u{0C}")
        #expect(terminal.waitFor("\u{1B}[H\u{1B}[2J", within: 1000))
        #expect(terminal.waitFor("Pasted text is not taken for keys", within: 1000))
        terminal.send("q")
        #expect(terminal.waitForExit() == .exit(0))
    }

    @Test func `what a killed writer left is cleaned up by the next`() throws {
        let folder = try Folder()
        let answer = try folder.shell("touch .gptstep-1-1.partial && $G ops -o x")
        #expect(answer.status == 0)
        #expect(try folder.names == ["own", "x"])
    }
}
