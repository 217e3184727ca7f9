import Checkpoints
import Foundation
import SystemPackage
import Testing

@testable import GPTEngine
@testable import GPTStepper

/// The language, spoken to a session.
@Suite struct LanguageTests {
    private func session() throws -> Session {
        let model = try Model.nano()
        return try Session(model: model, tokens: model.defaultTokens, sampling: model.sampling)
    }

    /// What a script answers.
    @discardableResult
    private func answers(_ text: String, _ session: inout Session) throws -> [Answer] {
        try session.run(text)
        while session.act() {}
        return session.takeAnswers()
    }

    private func error(_ answers: [Answer]) -> LanguageError? {
        for answer in answers { if case .error(let error) = answer.content { return error } }
        return nil
    }

    private func datum(_ text: String, after script: String = "") throws -> Datum {
        var session = try session()
        let all = try answers("\(script)\nprint \(text)", &session)
        #expect(error(all) == nil, "\(text)")
        guard case .values(let values)? = all.last?.content else { throw LanguageError("no value", at: .init()) }
        return values[0]
    }

    @Test func `every command's example works`() throws {
        for verb in Verb.all where !verb.example.isEmpty {
            var session = try session()
            let all = try answers(verb.example, &session)
            #expect(error(all) == nil, "\(verb.name): \(error(all)?.description ?? "")")
            let help = try answers("help \(verb.name)", &session)
            #expect(help.first.map { $0.text(session.model).contains(verb.form) } == true)
        }
    }

    /// A model with blocks, heads and words enough for what people ask of GPT-2.
    private static func wordModel() throws -> Model {
        let shape = try Configuration(
            layerCount: 12, headCount: 12, width: 48, contextLength: 64, vocabularySize: 8192)
        return Model(
            name: "words", configuration: shape, weights: Weights(.random(seed: 1)),
            tokenizer: try BytePairTokenizer.gpt2(count: 8192), sampling: .greedy,
            defaultPrompt: "When Mary and John went, John gave it to")
    }

    @Test func `the examples of the language's page work`() throws {
        let lines = [
            "let $ld = logits[-1, \" Mary\"] - logits[-1, \" John\"]; sweep patch blocks.*.resid_pre[*] from other measure ($ld - unedited($ld)) / (other($ld) - unedited($ld))",
            "let $ld = logits[-1, \" Mary\"] - logits[-1, \" John\"]; sweep patch L*.H* from other via L10.H7.q measure $ld",
            "set L3:7.scores[:, 5, tokens == \" John\"] = -inf",
            "prompt random 10 seed 1; heads by induction; set $h = heads.induction > 0.1; zero L*.H*[$h]; print mean(unedited(losses[10:])), mean(losses[10:])",
            "set $v = over(\"A\", L6.resid_pre[-1]) - over(\"B\", L6.resid_pre[-1]); prompt \"C\"; set L6.resid_pre = L6.resid_pre + 4 * $v; 20 take; print text",
            "last; watch argmax(lens(stream)[-1]); reverse-continue",
            "first; until rank(lens(stream)[-1])[\" Mary\"] < 10",
            "break * if norm(it) > 100; continue",
            "let $ov = L9.H9.W_V @ L9.H9.W_O; print W_E[\" Mary\"] @ L9.H9.W_Q @ T(L9.H9.W_K) @ W_E[\" John\"], sum(diag($ov @ W_U @ W_E))",
            "top 10 lens(blocks.*.mlp.post)[:, -1, :, \" Mary\"]",
        ]
        let model = try Self.wordModel()
        for line in lines {
            var session = try Session(model: model, tokens: model.defaultTokens, sampling: .greedy)
            var all: [Answer] = []
            if !line.hasPrefix("prompt"), line.contains("Ma") {
                all = try answers(
                    "sampling temperature=0; prompt \"When Mary and John went, John gave it to\"", &session)
            }
            if line.contains("other") {
                all += try answers("other prompt \"When Mary and John went, Mary gave it to\"", &session)
            }
            all += try answers(line, &session)
            #expect(error(all) == nil, "\(line): \(error(all)?.description ?? "")")
        }
        for line in [
            "round weights to bf16; over all: all(answer == unedited(answer))",
            "zero L1.H2; over all: all(answer == unedited(answer)); undo; sweep token * = * measure all(answer == unedited(answer))",
            "find over(all, any(blocks.*.mlp.post > 0, over=position)) == 0",
        ] {
            var session = try session()
            let all = try answers(line, &session)
            #expect(error(all) == nil, "\(line): \(error(all)?.description ?? "")")
        }
    }

    @Test(arguments: [
        ("1 + 2 * 3 - 4 / 2", 5.0), ("-2 * -3", 6), ("(1 + 2) * 3", 9), ("1 < 2 and not 3 < 2", 1),
        ("1 == 1 or 1 / 0 > 2", 1),
        ("L1.pattern[0, 0, 0]", 1), ("sum(L1.pattern[0, 5])", 1), ("mean(diag(L0.H0.pattern, 0)) <= 1", 1),
        ("blocks.1.attn.hook_pattern[0, 0, 0]", 1), ("max(L1.pattern[head=2, query=-1]) <= 1", 1),
        ("sum(tokens == \"B\")", 3), ("rank(logits[-1])[argmax(logits[-1])]", 0), ("all(isnan(L1.z) == false)", 1),
        ("norm(embed) > 0", 1), ("sum(abs(attribution(logits[-1, 0]))) > 0", 1), ("loss >= 0", 1), ("accuracy", 1),
        ("sum(L1.pattern[:, 1:3, [0, 1]]) > 0", 1), ("entropy(probabilities) >= 0", 1),
        ("W_E[\"B\"] @ W_E[\"B\"] > 0", 1),
    ])
    func `values are what Python would make of them`(text: String, expected: Double) throws {
        #expect(try datum(text).number == expected)
    }

    @Test(arguments: [
        ("print L1.patern", "L1.pattern", 7), ("print L9.z", "they are 0 to 2", 7), ("prnt 1", "print", 1),
        ("print logits[-1, \"AB\"]", "2 tokens", 18), ("print L1.z[9]", "they are 0 to 5", 7),
        ("print L1.z + L1.pattern", "do not go together", 12), ("print $v", "set $v", 7), ("zero", "a value", 5),
        ("set L1.z = L2.z", "keep it first", 12), ("print 1 +", "a value", 10), ("step 0", "A count from", 6),
        ("print \"a", "closing quote", 7), ("print tokens + 1", "Token ids", 14), ("assert L1.z > 0", "One truth", 13),
        ("patch L1.H2 from other", "no second run", 1), ("zero probabilities", "cannot be changed", 6),
        ("sweep zero L1.H2 measure 1", "`*`", 12), ("print fooo(1)", "no function", 7), ("goto L1", "is a block", 6),
    ])
    func `an error says where it is and what is expected, and changes nothing`(
        line: String, word: String, column: Int
    ) throws {
        var session = try session()
        try answers("zero L0.H1; set $k = 3; break L1.z", &session)
        let (edits, stops, names, stepper) = (session.edits, session.stops, session.names, session.stepper)
        var found: LanguageError?
        do { found = error(try answers(line, &session)) } catch let error as LanguageError { found = error }
        let error = try #require(found, "\(line) is no error")
        #expect(error.message.contains(word), "\(line): \(error)")
        if column > 1 { #expect(error.place.column == column, "\(line): \(error)") }
        #expect(session.edits == edits && session.stops == stops && session.names == names, "\(line)")
        #expect(session.stepper == stepper, "\(line)")
    }

    // MARK: Stops

    private func stops(_ text: String) throws -> [StopReport] {
        var session = try session()
        let all = try answers(text, &session)
        #expect(error(all) == nil, "\(text): \(error(all)?.description ?? "")")
        return all.compactMap { if case .stop(let stop) = $0.content { stop } else { nil } }
    }

    @Test func `one stops where a condition is so, forward and backward, over taken tokens`() throws {
        var all = try stops("break L*.pattern; tbreak L0.mlp; continue; continue; continue; continue")
        #expect(
            all.map(\.address) == [
                "blocks.0.attn.pattern", "blocks.0.mlp.out", "blocks.1.attn.pattern", "blocks.2.attn.pattern",
            ])
        #expect(all.map(\.reason) == [.breakpoint, .breakpoint, .breakpoint, .breakpoint])
        all = try stops("2 take; break L1.z; reverse-continue; reverse-continue; reverse-continue; reverse-continue")
        #expect(all.map(\.token) == [2, 1, 0, 0, 0].map { $0 } || all.map(\.token) == [2, 1, 0, 0])
        #expect(all.dropFirst().prefix(2).allSatisfy { $0.address == "blocks.1.attn.z" })
        #expect(all.last?.reason == .start)
        // A stop on the way to a token ends it there, and nothing is taken.
        all = try stops("break L2.z; 3 take")
        #expect(all.last?.address == "blocks.2.attn.z" && all.last?.taken == [] && all.last?.token == 0)
        all = try stops("until L1.mlp; 3 step; reverse-step 3; until norm(it) > 4")
        #expect(all[0].address == all[2].address)
        all = try stops("7 take")
        #expect(all.last?.reason == .end && all.last?.taken.count == 5)
    }

    @Test func `a watch tells what changed where, the same both ways`() throws {
        let forward = try stops("watch argmax(lens(stream)[-2]); continue; continue; continue; continue")
        let backward = try stops(
            "last; watch argmax(lens(stream)[-2]); reverse-continue; reverse-continue; reverse-continue; reverse-continue"
        )
        let changes = forward.filter { $0.reason == .watch }
        #expect(!changes.isEmpty)
        #expect(changes.map(\.step).reversed() == backward.filter { $0.reason == .watch }.map(\.step))
        #expect(changes.first?.old == nil && changes.dropFirst().allSatisfy { $0.old != nil })
    }

    @Test func `the second run gets the tokens of the first, and gives them back with it`() throws {
        var session = try session()
        let text = "other prompt \"AABBC\"; 2 take; print other(tokens); reverse-take; print other(tokens), tokens"
        let all = try answers(text, &session)
        #expect(error(all) == nil)
        let shown = all.compactMap { if case .values(let values) = $0.content { values } else { nil } }
        let taken = session.stepper.tokens.dropFirst(6).map(Double.init)
        #expect(shown[0][0].numbers.count == 7 && Array(shown[0][0].numbers[5..<6]) == taken)
        #expect(shown[1][0].numbers == [0, 0, 1, 1, 2] + taken && shown[1][1].numbers.count == 7)
        // Without edits it is the first one's text, whatever that becomes.
        let same = try answers("other unedited; prompt \"BBACAC\"; take; print all(other(tokens) == tokens)", &session)
        guard case .values(let values)? = same.last?.content else { throw LanguageError("no value", at: .init()) }
        #expect(values[0].number == 1)
    }

    // MARK: Exactness

    /// All logits and one inner value, bit by bit.
    private func state(_ session: Session) throws -> [UInt32] {
        let trace = try #require(session.trace)
        let inner = try #require(trace.program.index("mlp.out", block: 1))
        return trace.value(of: inner).values.map(\.bitPattern)
            + trace.tokens.indices.flatMap { trace.logits(at: $0).values.map(\.bitPattern) }
    }

    /// Random commands, then the same prompt, edits and tokens in a fresh session.
    func walk(seed: UInt64, commands count: Int) throws {
        var random = SplitMix(seed: seed)
        var session = try session()
        let edits = [
            "zero L1.H2", "zero L0.z[3, 1]", "scale L0.mlp by 0.5", "set L1.scores[0, -1, 2] = -3", "mean L2.H0",
            "set L1.resid_mid[2:] = 0.25", "zero L0.H1.W_Q", "set ln_final.scale = 2 * ln_final.scale",
            "freeze L2.pattern",
            "set L1.pattern[2, 4] = 0.2", "scale logits by 0.9", "token 1 = \"C\"", "zero L1.H0 via L2.mlp",
        ]
        let others = [
            "step", "3 step", "reverse-step", "next", "reverse-next", "finish", "continue", "reverse-continue", "take",
            "reverse-take", "undo", "redo", "enable edit all", "disable edit 1", "delete edit 2", "print logits[-1]",
            "goto L1.pattern", "last", "first", "cell", "head 2", "print L1.mlp[0]", "until L2.z", "position 0",
            "disable edit 3", "break L1.z", "delete all",
        ]
        for _ in 0..<count {
            let isEdit = random.next() % 6 == 0 && session.edits.entries.count < 8
            let list = isEdit ? edits : others
            // What is refused changes nothing.
            _ = try answers(list[Int(random.next() % UInt64(list.count))], &session)
        }
        var fresh = try Session(
            model: session.model, tokens: Array(session.stepper.tokens.prefix(session.stepper.promptCount)),
            sampling: session.sampling)
        for (place, entry) in session.edits.entries.enumerated() {
            _ = try answers(entry.form.text, &fresh)
            if !entry.isActive { _ = try answers("disable edit \(place + 1)", &fresh) }
        }
        for token in session.stepper.tokens.dropFirst(session.stepper.promptCount) {
            #expect(error(try answers("take \(token)", &fresh)) == nil)
        }
        #expect(fresh.stepper.tokens == session.stepper.tokens)
        #expect(try state(session) == state(fresh), "seed \(seed): \(session.edits.entries.map(\.form.text))")
    }

    @Test(arguments: [1, 2, 3, 4]) func `any walk ends in the state of a fresh session`(seed: UInt64) throws {
        try walk(seed: seed, commands: Self.count("GPTSTEP_WALK") ?? 150)
    }

    /// A count for a longer run by hand, as `GPTSTEP_WALK=10000 swift test --filter LanguageTests`.
    private static func count(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    @Test func `whatever is typed is answered`() throws {
        var random = SplitMix(seed: 7)
        let seeds =
            Verb.all.map(\.example) + [
                "let $ld = logits[-1, \"A\"] - logits[-1, \"B\"]; print $ld",
                "set L0:2.scores[:, 5, tokens == \"B\"] = -inf",
                "print softmax(L1.masked_scores)[0], entropy(L1.pattern, over=key), T(W_U) @ W_E[\"A\"]",
            ]
        let letters = Array("LH*.[]():,-+@/=<> \"$#;ABCabcz0123456789\n_eE".unicodeScalars)
        var session = try session()
        for _ in 0..<(Self.count("GPTSTEP_LINES") ?? 1500) {
            var line = Array(seeds[Int(random.next() % UInt64(seeds.count))].unicodeScalars)
            for _ in 0..<Int(random.next() % 5) where !line.isEmpty {
                let place = Int(random.next() % UInt64(line.count))
                switch random.next() % 3 {
                case 0: line[place] = letters[Int(random.next() % UInt64(letters.count))]
                case 1: line.remove(at: place)
                default: line.insert(letters[Int(random.next() % UInt64(letters.count))], at: place)
                }
            }
            let text = String(String.UnicodeScalarView(line))
            // Nothing is written, no other model opened, and nothing asked of hundreds of inputs.
            guard let statements = try? Statement.parse(text),
                !statements.contains(where: { Self.reaches($0.command) || text.contains("over") })
            else { continue }
            do { _ = try answers(text, &session) } catch is LanguageError {}
            if session.edits.entries.count > 6 || session.stops.all.count > 6 {
                _ = try? answers("delete edit all; delete all", &session)
            }
        }
    }

    /// Whether a command writes, opens or runs what a test should not.
    private static func reaches(_ command: Command) -> Bool {
        switch command {
        case .export, .save, .record, .source, .modelNamed, .other, .sweep, .over, .overSweep, .promptRandom: true
        default: false
        }
    }

    // MARK: Sessions

    @Test func `a saved session comes back as it was`() throws {
        let folder = FilePath(
            FileManager.default.temporaryDirectory.appendingPathComponent("language-\(UUID().uuidString)").path)
        try folder.createFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let file = folder.appending("session.gpt").string
        var session = try session()
        try answers(
            """
            prompt "BBACAC"; zero L1.H2; set $v = L1.z[0]; set $k = 3; let $m = logits[-1, "A"]; scale L0.mlp by 0.5
            disable edit 2; 2 take; other prompt "AABBCC"; break L1.z if max(it) > 0; display $m; goto L1.pattern
            save "\(file)"
            """, &session)
        var other = try self.session()
        let all = try answers("source \"\(file)\"", &other)
        #expect(error(all) == nil, "\(error(all)?.description ?? "")")
        #expect(other.stepper.tokens == session.stepper.tokens && other.stepper.index == session.stepper.index)
        #expect(other.edits.entries.map(\.form.text) == session.edits.entries.map(\.form.text))
        #expect(other.edits.entries.map(\.isActive) == session.edits.entries.map(\.isActive))
        #expect(
            other.names.kept["v"]?.numbers == session.names.kept["v"]?.numbers && other.names.kept["k"]?.number == 3)
        #expect(other.stops.all.map(\.text) == session.stops.all.map(\.text))
        #expect(try state(other) == state(session))
    }
}
