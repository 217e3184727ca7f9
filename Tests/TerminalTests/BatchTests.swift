import Foundation
import Testing

/// The language from a shell: what the README shows, JSON lines, and exit statuses.
@Suite struct BatchTests {
    private func run(_ arguments: String..., input: String = "") throws -> Answer {
        try Answer.of(Built.path("gptstep"), ["batch"] + arguments, input: input)
    }

    private func lines(_ answer: Answer) throws -> [[String: Any]] {
        try answer.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// A line as words, numbers apart: their last digits depend on the processor.
    private func isSame(_ a: Substring, _ b: Substring) -> Bool {
        let (a, b) = (a.split(separator: " "), b.split(separator: " "))
        return a.count == b.count
            && zip(a, b).allSatisfy { a, b in
                if a == b { return true }
                func number(_ word: Substring) -> Double? { Double(word.hasSuffix(",") ? word.dropLast() : word) }
                guard let x = number(a), let y = number(b) else { return false }
                return abs(x - y) <= 2e-3 * max(1, abs(x))
            }
    }

    @Test(arguments: ["README.md", "Sources/GPTViews/Documentation.docc/ActingOnAPass.md"])
    func `every dialogue in the documentation is what the program answers`(file: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
        var (found, isDialogue, command, expected) = (0, false, "", [Substring]())
        let program = try Built.path("gptstep")
        func check() throws {
            guard !command.isEmpty else { return }
            found += 1
            let shell = "gptstep() { \"\(program)\" \"$@\"; }; \(command)"
            let answer = try Answer.of("/bin/sh", ["-c", shell])
            let given = answer.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(
                given.count == expected.count && zip(given, expected).allSatisfy(isSame),
                "\(command)\nanswers\n\(answer.output)\(answer.errors)")
            (command, expected) = ("", [])
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                try check()
                isDialogue = line == "```console"
            } else if isDialogue, line.hasPrefix("$ ") {
                try check()
                command = String(line.dropFirst(2))
            } else if isDialogue {
                expected.append(line)
            }
        }
        #expect(found > 4)
    }

    @Test func `JSON has one object for every answer`() throws {
        let all = try lines(
            run(
                "--format", "json", "-e",
                "print 1 + 2, L1.H2[-1, 3]; zero L1.H2; edits; step 3; display 7; step; heads by entropy; over all: accuracy == 1"
            ))
        #expect(all.count == 9, "\(all)")
        let values = try #require(all[0]["values"] as? [Any])
        #expect(values[0] as? Double == 3 && values.count == 2 && all[0]["line"] as? Int == 1)
        #expect(all[1]["edit"] as? Int == 1 && all[1]["command"] as? String == "zero L1.H2")
        let edits = try #require(all[2]["table"] as? [String: Any])
        #expect(edits["columns"] as? [String] == ["number", "edit", "active", "fits"])
        let stop = try #require(all[3]["stop"] as? [String: Any])
        #expect(stop["step"] as? Int == 4 && stop["reason"] as? String == "step" && stop["number"] is NSNull)
        #expect(all[4]["display"] as? Int == 1 && all[6]["display"] as? Int == 1 && all[6]["value"] as? Int == 7)
        let over = try #require(all.last?["table"] as? [String: Any])
        #expect(over["columns"] as? [String] == ["true", "false", "failing"])
        #expect((over["rows"] as? [[Any]])?[0][0] as? Int == 729)
        let error = try lines(run("--format", "json", "-e", "print 1; print L1.patern"))
        #expect((error.last?["error"] as? [String: Any])?["column"] as? Int == 16)
    }

    @Test(arguments: [
        ("print 1", 0), ("print nothing", 65), ("assert 1 > 2 \"no\"", 1), ("assert 1 < 2", 0),
        ("source /nowhere/at/all", 66),
        ("print other(logits)", 69), ("export /nowhere/at/all/x.svg", 74),
        ("other prompt \"AABBCC\"; diff tolerance 0.1", 1),
        ("print 1 +", 65), ("", 0), ("# only a comment", 0), ("over /nowhere/at/all: accuracy", 66),
    ])
    func `the exit status says how it ended`(script: String, status: Int32) throws {
        let answer = try run(input: script)
        #expect(answer.status == status, "\(script): \(answer.errors)")
        #expect(answer.errors.isEmpty == (status == 0))
    }

    @Test func `a script is read whole before it runs, stops at an error, or goes on if that is asked for`() throws {
        #expect(try run(input: "print 1\nprint (").output.isEmpty)
        #expect(try run(input: "print 1\nprint nothing\nprint 2").output == "1\n")
        let answer = try run("--keep-going", input: "print 1\nassert false\nprint nothing\nprint 2")
        #expect(answer.output == "1\n2\n" && answer.status == 1)
        #expect(answer.errors.contains("line 3, column 7"))
    }

    @Test func `an edit is made before other commands look`() throws {
        let program = try Built.path("gptstep")
        let edited = try Answer.of(
            program, ["show", "logits", "--edit", "zero L0.H0", "--edit", "zero L0.H1", "--format", "json"]
        ).json()
        #expect(edited["edits"] as? [String] == ["zero L0.H0", "zero L0.H1"])
        let plain = try Answer.of(program, ["show", "logits", "--format", "json"]).json()
        #expect(edited["values"] as? [Double] != plain["values"] as? [Double])
        #expect(try Answer.of(program, ["show", "logits", "--edit", "print 1"]).status == 64)
        #expect(try Answer.of(program, ["show", "sum(L1.pattern[0])"]).output.hasPrefix("6\n"))
        let text = try Answer.of(program, ["generate", "ABBABB", "--edit", "zero L0.H0"]).output
        #expect(text != (try Answer.of(program, ["generate", "ABBABB"]).output))
    }
}
