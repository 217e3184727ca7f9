import ArgumentParser
import GPTEngine

/// How many threads compute.
struct ThreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many threads compute (default: one for each processor).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...Threads.most).contains(threads) {
            throw ValidationError("--threads takes a number from 1 to \(Threads.most).")
        }
    }

    /// Puts the number into force.
    func apply() { if let threads { Threads.use(threads) } }
}

/// With what a pass is computed.
struct ComputeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Memory for the values of a pass, as 256M or 4G; what does not fit is computed again when it is looked at (default: 768M, or a quarter of the memory if that is less).",
            valueName: "size"))
    var memory: ByteSize?
    @OptionGroup var threads: ThreadOptions

    /// Puts the threads into force, and gives the memory for values.
    func apply() -> Int {
        threads.apply()
        return memory?.bytes ?? Machine.activationMemory
    }

    /// The pass of a model over some tokens.
    func trace(_ model: Model, _ weights: Weights, _ tokens: [Int]) throws -> Trace {
        let program = Program.gpt2(model.configuration, tokenCount: tokens.count)
        return try Trace(program: program, weights: weights, tokens: tokens, memory: apply())
    }
}

/// A number of bytes as it is typed: K, M and G are powers of 1024.
struct ByteSize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let units = ["K": 10, "M": 20, "G": 30, "T": 40]
        let shift = argument.last.flatMap { units[$0.uppercased()] }
        guard let number = Int(shift == nil ? argument : String(argument.dropLast())), number > 0,
            number <= Int.max >> (shift ?? 0)
        else { return nil }
        bytes = number << (shift ?? 0)
    }
}
