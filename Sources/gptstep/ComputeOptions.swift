import ArgumentParser
import GPTEngine

/// How many threads compute.
struct ThreadOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many threads compute (default: one for each processor).", valueName: "n"),
        transform: wholeNumber(from: 1, to: Threads.most))
    var threads: Int?

    /// Puts the number into force.
    func apply() { if let threads { Threads.use(threads) } }
}

/// With what a pass is computed.
struct ComputeOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Memory for the values of a pass, as 256M or 4G; what does not fit is computed again when it is looked at (default: 768M, or a quarter of the memory if that is less).",
            valueName: "size"),
        transform: byteSize)
    var memory: Int?
    @OptionGroup var threads: ThreadOptions

    /// Puts the threads into force, and gives the memory for values.
    func apply() -> Int {
        threads.apply()
        return memory ?? Machine.activationMemory
    }

    /// The pass of a model over some tokens, with what is changed in it.
    func trace(
        _ model: Model, _ weights: Weights, _ tokens: [Int], _ edits: EditOptions
    ) throws -> (trace: Trace, edits: [String]) {
        guard edits.edits.isEmpty else { return try edits.pass(model, tokens, memory: apply()) }
        return (try trace(model, weights, tokens), [])
    }

    /// The pass of a model over some tokens.
    func trace(_ model: Model, _ weights: Weights, _ tokens: [Int]) throws -> Trace {
        let program = Program.gpt2(model.configuration, tokenCount: tokens.count)
        return try Trace(program: program, weights: weights, tokens: tokens, store: Store(budget: apply()))
    }
}

/// Reads a number of bytes as it is typed: K, M, G and T are powers of 1024.
@Sendable private func byteSize(_ text: String) throws -> Int {
    let units = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = text.last.flatMap { units[$0.uppercased()] }
    guard let number = Int(shift == nil ? text : String(text.dropLast())), number > 0,
        number <= (1 << 50) >> (shift ?? 0)
    else { throw UsageError("a size up to 1024T is expected, as 256M or 4G.") }
    return number << (shift ?? 0)
}
