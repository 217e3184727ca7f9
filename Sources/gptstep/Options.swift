import ArgumentParser
import Foundation
import GPTEngine

/// Which model, with which numbers.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A preset (nano, gpt2, gpt2-medium, gpt2-large, gpt2-xl, gpt3), a .safetensors file or index with a config.json beside it, the folder of both, or ORG/NAME[@revision] in the Hugging Face cache.",
            valueName: "model"))
    var model = "nano"

    @Flag(help: "Give a preset seeded random weights: the mechanics are real, the numbers mean nothing.")
    var randomWeights = false

    @Option(help: ArgumentHelp("Fixes random weights and every draw.", valueName: "n"))
    var seed: UInt64 = 0

    /// Opens the model; a preset whose weights are not here has shapes only.
    func open() throws -> Model {
        guard !randomWeights || Preset.named(model) != nil || !FileManager.default.fileExists(atPath: model) else {
            throw UsageError("--random-weights goes with a preset; \(model) brings its own weights.")
        }
        return try .open(model, randomSeed: randomWeights ? seed : nil)
    }

    /// Opens a model that must have numbers.
    func openWithWeights() throws -> (model: Model, weights: Weights) {
        let model = try open()
        guard let weights = model.weights else {
            if Preset.named(self.model)?.fitsInMemory == true { throw ModelError.noWeights(model.name) }
            throw ModelError.shapesOnly(self.model, bytes: 4 * model.configuration.parameterCount)
        }
        return (model, weights)
    }
}

/// What the model reads.
struct PromptOptions: ParsableArguments {
    @Argument(help: "The text to read; - reads standard input. Without it, one that suits the model.")
    var prompt: String?

    @Option(help: ArgumentHelp("Token ids in place of a prompt.", valueName: "1,2,3"))
    var ids: String?

    @Flag(help: "Take <|endoftext|> and its like, written out in the prompt, for the tokens; plain text otherwise.")
    var specialTokens = false

    func validate() throws {
        if prompt != nil, ids != nil { throw ValidationError("Give a prompt or --ids, not both.") }
    }

    /// The token ids for a model; `unbounded` for more than its context holds.
    func tokens(for model: Model, unbounded: Bool = false) throws -> [Int] {
        if let ids {
            let parts = ids.split(separator: ",", omittingEmptySubsequences: false)
            return try model.check(
                parts.map { part in
                    guard let id = Int(part.trimmingCharacters(in: .whitespaces)) else {
                        throw UsageError(
                            "--ids takes whole numbers with commas between them, as in --ids 2,1,0; \"\(visible(String(part)))\" is none."
                        )
                    }
                    return id
                })
        }
        guard let prompt else {
            guard model.tokenizer != nil else {
                throw PromptError.needsIDs(model: model.name, fault: model.tokenizerFault)
            }
            return model.defaultTokens
        }
        let text = prompt == "-" ? try Self.standardInput(for: model) : Self.argument(prompt)
        if unbounded, let tokenizer = model.tokenizer {
            return try tokenizer.encode(text, allowingSpecial: specialTokens)
        }
        do {
            return try model.encode(text, allowingSpecial: specialTokens)
        } catch PromptError.notInVocabulary(let letter, let place, let letters)
            where FileManager.default.fileExists(atPath: prompt)
        {
            let error = PromptError.notInVocabulary(letter: letter, place: place, letters: letters)
            throw PromptMeantAsModel(error: error, path: prompt)
        }
    }

    /// The bytes of an argument as they were typed, which need not be text.
    private static func argument(_ text: String) -> [UInt8] {
        guard text.unicodeScalars.contains("\u{FFFD}") else { return Array(text.utf8) }
        let typed = CommandLine.unsafeArgv
        return (1..<Int(CommandLine.argc)).lazy.compactMap { typed[$0] }.first { String(cString: $0) == text }
            .map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? Array(text.utf8)
    }

    /// Standard input, without one trailing newline where the model reads letters.
    private static func standardInput(for model: Model) throws -> [UInt8] {
        do {
            var bytes = Array(try FileHandle.standardInput.readToEnd() ?? Data())
            if model.tokenizer is LetterTokenizer, bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            return bytes
        } catch {
            throw FileError.unreadable("standard input", reason: "it cannot be read to its end")
        }
    }
}

/// A prompt that the model cannot read, and that is the name of a file.
private struct PromptMeantAsModel: DescribedError {
    let error: PromptError
    let path: String

    var description: String { "\(error) To open a checkpoint: --model \(visible(path))" }
    var status: ExitStatus { error.status }
}

/// How the answer is written.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "text or json.")
    var format: Format = .text

    @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
    var output: String?

    /// Writes the answer in the form that was asked for.
    func write(text: @autoclosure () throws -> String, json: @autoclosure () throws -> JSON) throws {
        let answer = try format == .json ? json().text + "\n" : text()
        if let output {
            try writeFile(output) { write in try write(Data(answer.utf8)) }
        } else {
            try standardOutput(answer)
        }
    }
}

extension Prediction {
    /// Refuses an answer that was not computed from numbers.
    ///
    /// - Throws: ``PredictionError``.
    func check(_ model: Model) throws {
        if !sum.isFinite || sum <= 0 { throw PredictionError(model: model.name) }
    }
}

/// Weights that lead to no numbers.
struct PredictionError: DescribedError, CustomStringConvertible {
    let model: String
    var status: ExitStatus { .data }
    var description: String {
        "The logits of \(model) are not all numbers (NaN or infinite), so no token follows. `gptstep show ADDRESS` finds where they begin."
    }
}

/// Writes text to standard output, all of it.
///
/// - Throws: ``FileError/unwritable(_:reason:)``, on a full disk for example. A closed pipe ends the program quietly.
func standardOutput(_ text: String) throws(FileError) {
    var rest = ArraySlice(Array(text.utf8))
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if written < 0 {
            if errno == EINTR { continue }
            throw .unwritable("standard output", reason: String(cString: strerror(errno)))
        }
        rest = rest.dropFirst(written)
    }
}

/// Lines of columns: numbers to the right, words to the left.
func table(_ header: [String], _ rows: [[String]], left: Set<Int>) -> String {
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].unicodeScalars.count }.max() ?? 0 }
    let lines = ([header] + rows).map { row in
        var line = row.indices.map { column in
            let padding = String(repeating: " ", count: widths[column] - row[column].unicodeScalars.count)
            return left.contains(column) ? row[column] + padding : padding + row[column]
        }.joined(separator: "  ")
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }
    return lines.joined(separator: "\n") + "\n"
}
