import Checkpoints
import ArgumentParser
import GPTEngine

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast passes run here, against what the BLAS and the memory of this machine give.",
        discussion: """
            prefill runs a pass over so many tokens and keeps every value; with all logits, and with the last position's \
            alone. decode adds one token to a context. Figures are medians after a run that is not counted.

              gptstep bench --model gpt2 --random-weights
              gptstep bench --model ./folder --tokens 128 --context 512 --runs 9 --format json
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var output: OutputOptions
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Lengths of passes (default: of 64, 256 and 1024 those that the context holds).", valueName: "64,256"),
        transform: positiveNumbers)
    var tokens: [Int]?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Contexts that a token is added to (default: of 64 and 512 those that leave room).", valueName: "64,512"),
        transform: positiveNumbers)
    var context: [Int]?
    @Option(
        parsing: .unconditional, help: "How often each is run; the median counts.",
        transform: wholeNumber(from: 1, to: 10_000))
    var runs = 5

    /// One line of the answer.
    private struct Run {
        let kind: String
        let count: Int
        let logits: String
        let seconds: Double
        let flops: Int
        let bytes: Int
    }

    func run() throws {
        threads.apply()
        let (model, weights) = try model.openWithWeights()
        let most = model.configuration.contextLength
        let lengths = try counts(tokens, "--tokens", usual: [64, 256, 1024], most: most)
        let contexts = try counts(context, "--context", usual: [64, 512], most: most - 1)
        let progress = Progress("runs")
        let all = 2 * lengths.count + contexts.count + 1
        progress.report(0, of: all)
        let (products, reading) = (Speed.products(), Speed.reading())

        var results: [Run] = []
        for length in lengths {
            for logits in ["all", "last"] {
                progress.report(results.count + 1, of: all)
                results.append(try prefill(length, logits, model, weights))
            }
        }
        for context in contexts {
            progress.report(results.count + 1, of: all)
            results.append(try decode(context, model, weights))
        }
        progress.end()
        try output.write(
            from: model, text: text(results, products, reading, model), json: json(results, products, reading))
    }

    private func prefill(_ length: Int, _ logits: String, _ model: Model, _ weights: Weights) throws -> Run {
        let program = Program.gpt2(model.configuration, tokenCount: length)
        let ids = (0..<length).map { $0 % model.configuration.vocabularySize }
        // Room for everything, whatever is usual.
        let memory = 2 * program.valueBytes + program.workingBytes
        guard memory < Machine.memory else {
            throw PassError.doesNotFit(bytes: memory, limit: Machine.memory, tokenCount: length)
        }
        var failure: (any Error)?
        let seconds = Speed.median(of: runs) {
            do {
                let trace = try Trace(program: program, weights: weights, tokens: ids, store: Store(budget: memory))
                _ = logits == "all" ? trace.allLogits : trace.logits(at: length - 1)
            } catch { failure = error }
        }
        if let failure { throw failure }
        let skipped = logits == "all" ? 0 : length - 1
        let perPosition = 2 * model.configuration.width * model.configuration.vocabularySize
        return Run(
            kind: "prefill", count: length, logits: logits, seconds: seconds,
            flops: program.nodes.reduce(0) { $0 + $1.flops } - skipped * perPosition,
            bytes: program.nodes.reduce(0) { $0 + $1.bytes } - 4 * skipped * model.configuration.vocabularySize)
    }

    private func decode(_ context: Int, _ model: Model, _ weights: Weights) throws -> Run {
        let program = Program.gpt2(model.configuration, tokenCount: context + 1)
        let trace = try Trace(
            program: program, weights: weights,
            tokens: (0..<context).map { $0 % model.configuration.vocabularySize },
            store: Store(budget: program.workingBytes + program.valueBytes))
        trace.complete([.answer(context - 1)])
        let seconds = Speed.median(of: max(5, runs)) {
            trace.append(0)
            _ = trace.logits(at: context)
            trace.truncate(to: context)
        }
        let shape = model.configuration
        let matrices = shape.census.reduce(0) { $0 + ($1.part == "attention" || $1.part == "MLP" ? $1.count : 0) }
        let unembedding = shape.vocabularySize * shape.width
        let attention = 2 * shape.layerCount * (context + 1) * shape.width
        let stored = weights.bytesPerNumber
        return Run(
            kind: "decode", count: context, logits: "last", seconds: seconds,
            flops: 2 * (matrices + unembedding + attention), bytes: stored * (matrices + unembedding) + 4 * attention)
    }

    private func counts(_ given: [Int]?, _ option: String, usual: [Int], most: Int) throws -> [Int] {
        guard let given else {
            let fitting = usual.filter { $0 <= most }
            return fitting.isEmpty && most > 0 ? [most] : fitting
        }
        if let large = given.first(where: { $0 > most }) {
            throw UsageError("\(option) \(large) is more than this model's context has room for: at most \(most).")
        }
        return given
    }

    private func text(_ runs: [Run], _ products: Double, _ reading: Double, _ model: Model) -> String {
        let head =
            "\(model.name), \(grouped(model.configuration.parameterCount)) parameters, \(model.state.rawValue), \(Threads.count) threads\n"
            + "this machine: \(rounded(products)) GFLOP/s in products, \(rounded(reading)) GB/s read from memory\n\n"
        return head
            + table(
                ["run", "tokens", "logits", "ms", "tokens/s", "GFLOP/s", "GB/s"],
                runs.map { run in
                    [
                        run.kind, run.kind == "decode" ? "\(run.count) + 1" : "\(run.count)", run.logits,
                        rounded(run.seconds * 1e3),
                        rounded(Double(run.kind == "decode" ? 1 : run.count) / run.seconds),
                        rounded(Double(run.flops) / run.seconds / 1e9), rounded(Double(run.bytes) / run.seconds / 1e9),
                    ]
                }, left: [0, 2])
    }

    private func rounded(_ value: Double) -> String {
        let factor = value >= 100 ? 1.0 : value >= 10 ? 10 : 1000
        let result = (value * factor).rounded() / factor
        return factor == 1 ? "\(Int(result))" : "\(result)"
    }

    private func json(_ runs: [Run], _ products: Double, _ reading: Double) -> JSON {
        .object([
            ("blas_gflops", .number(products)), ("memory_gbps", .number(reading)), ("threads", .integer(Threads.count)),
            (
                "runs",
                .array(
                    runs.map { run in
                        .object([
                            ("kind", .string(run.kind)),
                            (run.kind == "decode" ? "context" : "tokens", .integer(run.count)),
                            ("logits", .string(run.logits)), ("milliseconds", .number(run.seconds * 1e3)),
                            ("gflops", .number(Double(run.flops) / run.seconds / 1e9)),
                            ("gbps", .number(Double(run.bytes) / run.seconds / 1e9)),
                        ])
                    })
            ),
        ])
    }
}

/// Reads positive numbers with commas between them.
@Sendable private func positiveNumbers(_ text: String) throws -> [Int] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard numbers.allSatisfy({ $0 > 0 }) else {
        throw UsageError("numbers from 1 on with commas between them are expected.")
    }
    return numbers
}
