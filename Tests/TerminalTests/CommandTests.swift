import Foundation
import Testing

/// The commands that print, run as a user runs them.
@Suite struct CommandTests {
    private func run(_ arguments: String..., input: String = "") throws -> Answer {
        try Answer.of(Built.path("gptstep"), arguments, input: input)
    }

    @Test(arguments: [
        ("nano", 61, 85_728, "loaded"), ("gpt2", 214, 124_439_808, "shapes"),
        ("gpt2-medium", 418, 354_823_168, "shapes"),
        ("gpt2-large", 622, 774_030_080, "shapes"), ("gpt2-xl", 826, 1_557_611_200, "shapes"),
        ("gpt3", 1642, 174_604_259_328, "shapes"),
    ])
    func `ops lists every operation, and their parameters add up`(
        model: String, count: Int, parameters: Int, state: String
    ) throws {
        let answer = try run("ops", "--model", model, "--format", "json")
        let json = try answer.json()
        let operations = try #require(json["operations"] as? [[String: Any]])
        #expect(operations.count == count)
        #expect(operations.compactMap { $0["parameters"] as? Int }.reduce(0, +) == parameters)
        #expect(json["parameters"] as? Int == parameters)
        #expect(json["state"] as? String == state)
        #expect(operations.map { $0["step"] as? Int } == Array(1...count))
        let text = try run("ops", "--model", model)
        #expect(text.output.split(separator: "\n").count == count + 2, "a heading and a total")
        #expect(text.errors.isEmpty)
    }

    @Test(arguments: [
        ("blocks.0.attn.pattern", "1,4,2", 1), ("blocks.0.attn.scores", "2,5,0", 16), ("blocks.1.mlp.out", "3,7", 193),
        ("blocks.2.attn.z", "4,0,3", 5), ("ln_final.normalized", "5,1", 2), ("logits", "5,2", 48),
        ("blocks.0.attn.pattern", "0,1,3", 0),
    ])
    func `show --cell lists terms that add up to the value`(address: String, cell: String, count: Int) throws {
        let json = try run("show", address, "--cell", cell, "--format", "json").json()
        let terms = try #require(json["terms"] as? [[String: Any]]).compactMap { $0["term"] as? Double }
        #expect(terms.count == count)
        guard count > 0 else {
            #expect(json["value"] is NSNull)
            return
        }
        let value = try #require(json["value"] as? Double)
        #expect(abs(terms.reduce(0, +) - value) <= 1e-5 * terms.reduce(0) { $0 + abs($1) })
        if address == "logits" {
            let parts = try #require((json["attribution"] as? [String: Any])?["parts"] as? [[String: Any]])
            #expect(abs(parts.compactMap { $0["value"] as? Double }.reduce(0, +) - value) < 1e-3)
            #expect(parts.count == 9)
        }
        #expect(try run("show", address, "--cell", cell).output.contains(address))
    }

    @Test func `show --cell refuses what is no cell, and --lens what is no stream`() throws {
        #expect(try run("show", "logits", "--cell", "9,0").status == 64)
        #expect(try run("show", "logits", "--cell", "5").errors.contains("position 0 to 5, vocabulary 0 to 2"))
        #expect(try run("show", "logits", "--cell", "5,0", "--head", "1").status == 64)
        #expect(try run("show", "blocks.0.ln1.mean", "--cell", "0").status == 64)
        #expect(try run("show", "blocks.0.mlp.out", "--lens").errors.contains("residual stream"))
    }

    @Test(arguments: [
        ("blocks.0.attn.pattern", [], 108), ("blocks.0.attn.pattern", ["--head", "1", "--position", "-1"], 6),
        ("blocks.2.mlp.post", ["--position", "3"], 192), ("probabilities", [], 3), ("probabilities.max", [], 1),
        ("blocks.0.attn.row_max", ["--head", "2"], 6), ("tokens", [], 6),
    ])
    func `show draws every number that it prints, as a picture and as tables`(
        address: String, options: [String], count: Int
    ) throws {
        let svg = try Answer.of(Built.path("gptstep"), ["show", address] + options + ["--format", "svg"])
        #expect(svg.output.components(separatedBy: "<title>\(address)[").count - 1 == count)
        let json = try Answer.of(Built.path("gptstep"), ["show", address] + options + ["--format", "json"]).json()
        let values = try #require(json["values"] as? [Any])
        #expect(values.count == count)
        let tables = try Answer.of(Built.path("gptstep"), ["show", address] + options + ["--format", "md"]).output
        for case let value as Double in values {
            #expect(svg.output.contains("] = \(Float(value))</title>") || address == "tokens", "\(value)")
            #expect(tables.contains(address == "tokens" ? "| \(Int(value)) |" : "| \(Float(value)) |"), "\(value)")
        }
        #expect(try run("show", address, "--format", "svg", "--cell", "0,0").status == 64)
    }

    @Test func `the lens after the last write is the model's own answer`() throws {
        let lens = try run("show", "blocks.2.resid_post", "--lens", "--format", "json").json()
        let logits = try run("show", "logits", "--format", "json").json()
        #expect(lens["logits"] as? [Double] == logits["values"] as? [Double])
    }

    @Test func `an interrupted trace leaves nothing behind, and a broken standard error ends nothing`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let target = folder.appendingPathComponent("t")
        let ids = (1...300).map(String.init).joined(separator: ",")
        let files = { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
        func interrupted() throws -> Int32 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try Built.path("gptstep"))
            process.arguments = ["trace", "--model", "gpt2", "--random-weights", "--ids", ids, "-o", target.path]
            process.environment = Built.environment()
            try process.run()
            while process.isRunning, try files().isEmpty { usleep(1000) }
            process.interrupt()
            process.waitUntilExit()
            return process.terminationStatus
        }
        // On a busy machine the signal may come when all is written: then the file is whole, and it is tried again.
        var status = try interrupted()
        for _ in 0..<9 where status == 0 {
            #expect(try files() == ["t"])
            try FileManager.default.removeItem(at: target)
            status = try interrupted()
        }
        #expect(status == 130)
        #expect(try files() == [])

        let deaf = Process()
        deaf.executableURL = URL(fileURLWithPath: "/bin/sh")
        deaf.arguments = ["-c", "exec \"$0\" tensors nowhere 2>&-", try Built.path("gptstep")]
        try deaf.run()
        deaf.waitUntilExit()
        #expect(deaf.terminationStatus == 66)
    }

    @Test func `show gives values, axes and the canonical address, by head and by position`() throws {
        let whole = try run("show", "blocks.0.attn.hook_pattern", "--format", "json").json()
        #expect(whole["address"] as? String == "blocks.0.attn.pattern")
        #expect(whole["shape"] as? [Int] == [3, 6, 6])
        #expect(whole["axes"] as? [String] == ["head", "query", "key"])
        let row = try run("show", "blocks.0.attn.pattern", "--head", "1", "--position", "4", "--format", "json").json()
        let shares = try #require(row["values"] as? [Double])
        #expect(row["axes"] as? [String] == ["key"])
        #expect(abs(shares.reduce(0, +) - 1) < 1e-5)
        let masked = try run(
            "show", "blocks.0.attn.masked_scores", "--head", "0", "--position", "0", "--format", "json"
        ).json()
        let scores = try #require(masked["values"] as? [Any])
        #expect(scores[0] is Double)
        #expect(scores[1] is NSNull)
        let alias = try run("show", "blocks.1.resid_pre", "--format", "json").json()
        #expect(alias["address"] as? String == "blocks.0.resid_post")
    }

    @Test func `generate sorts, as text and as JSON`() throws {
        #expect(try run("generate", "CBABBC").output == "ABBBCC\n")
        let json = try run("generate", "CBABBC", "--format", "json", "--temperature", "1", "--seed", "3").json()
        let steps = try #require(json["steps"] as? [[String: Any]])
        #expect(json["prompt_ids"] as? [Int] == [2, 1, 0, 1, 1, 2])
        #expect((json["ids"] as? [Int])?.count == 6)
        #expect(steps.allSatisfy { $0["draw"] is Double })
        let greedy = try run("generate", "CBABBC", "--format", "json").json()
        let first = try #require((greedy["steps"] as? [[String: Any]])?.first)
        #expect(first["draw"] is NSNull)
        #expect(try run("generate", "-", input: "BBA\n").status == 0, "one newline at the end is no letter")
        #expect(try run("generate", "-n", "99", "ABCABC").output.count == 7, "the context ends it")
    }

    @Test func `tokenize gives ids and bytes`() throws {
        let json = try run("tokenize", "BA", "--format", "json").json()
        let tokens = try #require(json["tokens"] as? [[String: Any]])
        #expect(tokens.compactMap { $0["id"] as? Int } == [1, 0])
        #expect(tokens.compactMap { $0["text"] as? String } == ["B", "A"])
        #expect(tokens.compactMap { $0["bytes"] as? [Int] } == [[66], [65]])
        let bytes = try run("tokenize", "--model", "gpt2", "A\u{E9}", "--format", "json")
        #expect((try bytes.json()["tokens"] as? [[String: Any]])?.compactMap { $0["id"] as? Int } == [32, 2634])
    }

    @Test func `heads are scored, and what cannot be scored is null`() throws {
        let all = try run("heads", "CBABBC", "--format", "json").json()
        let heads = try #require(all["heads"] as? [[String: Any]])
        #expect(heads.count == 9)
        #expect(heads.compactMap { $0["head"] as? Int } == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        // Of the block's pattern, by hand: the share of each query but the first on the position before it.
        let shown = try run("show", "blocks.1.attn.pattern", "CBABBC", "--head", "2", "--format", "json").json()
        let pattern = try #require(shown["values"] as? [Double])
        func mean(_ cells: [(query: Int, key: Int)], of queries: Int) -> Double {
            cells.reduce(0) { $0 + pattern[$1.query * 6 + $1.key] } / Double(queries)
        }
        // B stands at 1, 3 and 4: at 3 it was followed by A at 2; at 4 by A at 2 and by itself, which does not count.
        // C stands at 0 and 5, and was followed by B at 1.
        for (score, expected) in [
            ("previous", mean((1..<6).map { ($0, $0 - 1) }, of: 5)),
            ("induction", mean([(3, 2), (4, 2), (5, 1)], of: 3)),
            ("duplicate", mean([(3, 1), (4, 1), (4, 3), (5, 0)], of: 3)),
        ] {
            #expect(abs(try #require(heads[5][score] as? Double) - expected) < 1e-6, "\(score)")
        }
        let once = try run("heads", "CBA", "--format", "json").json()
        let first = try #require((once["heads"] as? [[String: Any]])?.first)
        #expect(first["induction"] is NSNull && first["duplicate"] is NSNull && first["previous"] is Double)
        let twice = try run("heads", "--repeat", "5", "--seed", "3", "--format", "json").json()
        let tokens = try #require(twice["tokens"] as? [Int])
        #expect(tokens.count == 10 && tokens[..<5] == tokens[5...] && twice["second_copy"] is Double)
        #expect(try run("heads", "--repeat", "6").status == 64)
        #expect(try run("heads", "--repeat", "3", "CBA").status == 64)
    }

    @Test func `the lens says at the last write what the model says`() throws {
        let lens = try run("lens", "CBABBC", "--token", "B", "--top", "3", "--format", "json").json()
        #expect((lens["writes"] as? [String])?.last == "blocks.2.resid_post")
        #expect(lens["positions"] as? [Int] == [0, 1, 2, 3, 4, 5])
        let top = try #require(lens["top"] as? [[[[String: Any]]]])
        #expect(top.count == 7 && top.allSatisfy { $0.count == 6 })
        let followed = try #require(lens["followed"] as? [String: Any])
        let mine = try #require((followed["probability"] as? [[Double]])?.last?.last)
        let logits = try #require(try run("show", "logits", "CBABBC", "--format", "json").json()["values"] as? [Double])
        #expect(abs(mine - exp(logits[1]) / logits.map(exp).reduce(0, +)) < 1e-6)
        let names = try #require(top.last?.last).compactMap { $0["text"] as? String }
        let rank = try #require((followed["rank"] as? [[Int]])?.last?.last)
        #expect(names[rank - 1] == "B")
        #expect(try run("lens", "--token", "D").status == 64)
        #expect(try run("lens", "--position", "-1").output.split(separator: "\n").count == 9)
    }

    @Test func `models and tensors answer in JSON`() throws {
        let bare = try Answer.of(
            Built.path("gptstep"), ["models", "--format", "json"], environment: ["HF_HUB_CACHE": "/none"])
        let models = try #require(try bare.json()["models"] as? [[String: Any]])
        #expect(
            models.compactMap { $0["name"] as? String } == [
                "nano", "austen", "gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "gpt3",
            ])
        #expect(models.compactMap { $0["flops_per_token"] as? Int }.count == models.count)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("trace.safetensors").path
        #expect(try run("trace", "AB", "-o", path).status == 0)
        let tensors = try run("tensors", path, "--format", "json").json()
        #expect((tensors["metadata"] as? [String: String])?["format"] == "gpt-trace")
        #expect(
            (tensors["tensors"] as? [[String: Any]])?.contains { $0["name"] as? String == "blocks.2.attn.hook_pattern" }
                == true)
        #expect(try run("tensors", path, "logits").output.contains("largest"))
    }

    @Test func `checkpoints of any program are described, with what was implied`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("GPTEngineTests/Fixtures/checkpoints")
        let paths = ["nanogpt", "hub", "llmc/gpt2_124M.bin"].map { folder.appendingPathComponent($0).path }
        let answer = try Answer.of(Built.path("gptstep"), ["models"] + paths + ["--format", "json"]).json()
        let models = try #require(answer["models"] as? [[String: Any]])
        #expect(models.map { $0["format"] as? String } == ["pytorch", "pytorch", "llm.c"])
        #expect(models.map { $0["activation"] as? String } == ["gelu", "gelu_new", "gelu_new"])
        #expect(models.map { $0["linear_weights"] as? String } == ["[out, in]", "[in, out]", "[out, in]"])
        #expect(models.map { $0["tokenizer"] as? String } == ["characters", nil, nil])
        #expect((models[0]["remark"] as? String)?.contains("no biases: zeros") == true)
        let tensors = try run("tensors", paths[0], "--format", "json").json()
        #expect((tensors["tensors"] as? [[String: Any]])?.count == 16)
        #expect(try run("tensors", paths[2], "h.1.mlp.c_fc.weight").output.contains("[32, 8]"))
        #expect(try run("show", "embed", "--model", paths[0], "abx").errors.contains("\"x\" at place 3"))
    }

    @Test(arguments: [
        (["generate", "ABZ"], 65, "\"Z\" at place 3"), (["generate", ""], 65, "prompt is empty"),
        (["generate", "ABCABCABCABC"], 65, "12 tokens"),
        (["show", "blocks.0.attn.patern"], 64, "Did you mean blocks.0.attn.pattern"),
        (["show", "blocks.0.attn.pattern", "--head", "7"], 64, "heads 0 to 2"),
        (["show", "embed", "--head", "0"], 64, "no heads"),
        (["show", "embed", "--position", "6"], 64, "positions 0 to 5"), (["ops", "AB", "--ids", "1"], 64, "not both"),
        (["ops", "--ids", "1,9"], 65, "from 0 to 2"), (["ops", "--ids", "1,x"], 64, "whole numbers"),
        (["ops", "--model", "gpt5"], 64, "Did you mean gpt2 or gpt3"),
        (["ops", "--model", "./none/x.safetensors"], 66, "no file"),
        (["show", "embed", "--model", "gpt2"], 69, "not on this machine"),
        (["show", "embed", "--model", "gpt3"], 69, "shapes only"),
        (["show", "embed", "--model", "gpt3", "--random-weights"], 69, "698 GB"),
        (["sohw"], 64, "did you mean `gptstep show`"),
        (["generate", "--top-p", "2"], 64, "top-p"), (["trace", "-o", "/none/x"], 74, "cannot be written"),
        (["ops", "--bad"], 64, "--bad"),
    ])
    func `bad input gets a sentence and its exit status`(arguments: [String], status: Int, sentence: String) throws {
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: try Built.path("gptstep"))
        process.arguments = arguments
        process.environment = Built.environment()
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == Int32(status), "\(arguments): \(text)")
        #expect(text.contains(sentence), "\(arguments): \(text)")
    }

    @Test func `errors come as JSON where JSON was asked for`() throws {
        for arguments in [["show", "none", "--format", "json"], ["ops", "--bad", "--format=json"]] {
            let answer = try run(
                arguments[0], arguments[1], arguments[2], arguments.count > 3 ? arguments[3] : "--seed=1")
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(answer.errors.utf8)) as? [String: [String: String]])
            #expect(json["error"]?["kind"] == "usage")
            #expect(answer.output.isEmpty)
            #expect(answer.status == 64)
        }
    }

    @Test func `a link stays a link, and what it points to is replaced`() throws {
        let manager = FileManager.default
        let folder = manager.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)")
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: folder) }
        let (real, link) = (folder.appendingPathComponent("real").path, folder.appendingPathComponent("link").path)
        try Data("old".utf8).write(to: URL(fileURLWithPath: real))
        try manager.createSymbolicLink(atPath: link, withDestinationPath: "real")
        #expect(try run("ops", "-o", link).status == 0)
        #expect(try manager.destinationOfSymbolicLink(atPath: link) == "real")
        #expect(try String(contentsOfFile: real, encoding: .utf8).contains("blocks.0.attn.pattern"))
        #expect(try manager.contentsOfDirectory(atPath: folder.path).count == 2, "nothing is left behind")
    }

    @Test func `a position that was asked for is the one that is named`() throws {
        #expect(try run("show", "tokens", "--position", "2").output.contains("2   0  A"))
        #expect(try run("show", "next_token", "CBABBC").output.contains("5   0  A"))
    }

    @Test func `the full screen refuses to draw into a pipe`() throws {
        let answer = try run("run")
        #expect(answer.status == 69)
        #expect(answer.errors.contains("needs a terminal"))
    }

    @Test func `a full disk is noticed, and a closed pipe ends it quietly`() throws {
        let shell = { (line: String) throws -> (Int32, String) in
            let process = Process()
            let errors = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", line]
            process.environment = Built.environment()
            process.standardError = errors
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
        }
        let program = try Built.path("gptstep")
        let full = try shell("\(program) ops > /dev/full")
        #expect(full.0 == 74)
        #expect(full.1.contains("standard output cannot be written"))
        let closed = try shell("\(program) ops --model gpt3 | head -n 1 > /dev/null")
        #expect(closed == (0, ""))
    }
}
