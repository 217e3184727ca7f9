import ArgumentParser
import Foundation
import GPTEngine
import SystemPackage

struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Write every value of a pass to a safetensors file, under TransformerLens hook names.",
        discussion: "Python reads it with safetensors.numpy.load_file. Masked scores and cut logits are -inf.")

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var edits: EditOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    func validate() throws {
        try checkOutputFile(output)
        if output == "-" { throw ValidationError("A trace is a binary file: give -o a file's name.") }
    }

    func run() throws {
        let (model, weights) = try model.openWithWeights()
        let tokens = try prompt.tokens(for: model)
        let file = try outputFile(output)
        let (trace, edited) = try compute.trace(model, weights, tokens, edits)
        var sampling = model.sampling
        sampling.seed = self.model.seed
        let progress = Progress("tensors written")
        defer { progress.end() }
        try trace.file(model: model, sampling: sampling, edits: edited).write(to: file) {
            progress.report($0, of: $1)
            try weights.checkUnchanged()
        }
    }
}

/// A line on standard error that says how far a long job is; silent on jobs under a second and where nobody looks.
final class Progress {
    private let what: String
    private let start = ContinuousClock.now
    private let isSeen = isatty(STDERR_FILENO) == 1
    private var isShown = false

    init(_ what: String) { self.what = what }

    func report(_ done: Int, of all: Int) {
        guard isSeen, ContinuousClock.now - start > .seconds(1) else { return }
        isShown = true
        standardError(bytes: "\r\(what): \(done) of \(all) ")
    }

    func end() {
        if isShown { standardError(bytes: "\r\u{1B}[K") }
    }
}
