import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import SystemPackage

/// Which model, with which numbers.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A preset (\(Preset.all.map(\.name).joined(separator: ", "))), a checkpoint (.safetensors, .bin, .pt or .pth, an index of shards) or its folder, or ORG/NAME[@revision] in the Hugging Face cache.",
            valueName: "model"))
    var model = "nano"

    @Flag(help: "Give a preset seeded random weights: the mechanics are real, the numbers mean nothing.")
    var randomWeights = false

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Fixes random weights and what is sampled.", valueName: "n"),
        transform: wholeNumber(from: 0))
    var seed: UInt64 = 0

    /// Opens the model; a preset whose weights are not here has shapes only.
    func open() throws -> Model {
        guard !randomWeights || Preset.named(model) != nil || !FilePath(raw: model).exists else {
            throw UsageError("--random-weights goes with a preset; \(visible(model)) brings its own weights.")
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

/// Reads a whole number from `least` on, up to `most`; where it is none the range is named.
func wholeNumber<Number: FixedWidthInteger & Sendable>(
    from least: Number, to most: Number = .max
) -> @Sendable (String) throws -> Number {
    { text in
        if let number = Number(text), (least...most).contains(number) { return number }
        throw UsageError("a whole number from \(least) to \(most) is expected.")
    }
}

/// Reads a number of a range that `expected` names.
func number(_ expected: String, _ isRight: @escaping @Sendable (Float) -> Bool) -> @Sendable (String) throws -> Float {
    { text in
        if let number = Float(text), isRight(number) { return number }
        throw UsageError("\(expected) is expected.")
    }
}

/// Reads an index.
@Sendable func wholeIndex(_ text: String) throws -> Int {
    guard let index = Int(text) else {
        throw UsageError("a whole number is expected, from 0 on, or from -1 back for the last ones.")
    }
    return index
}

/// An index that may count from the end, as −1 for the last.
///
/// - Throws: ``UsageError`` where there is none of that number.
func index(_ given: Int, below count: Int, _ what: String, of whole: String) throws -> Int {
    let index = given < 0 && given >= -count ? given + count : given
    guard (0..<count).contains(index) else {
        throw UsageError(
            "There is no \(what) \(given): \(whole) has the \(what)s 0 to \(count - 1), or -1 to -\(count) from the end."
        )
    }
    return index
}

/// What the model reads.
struct PromptOptions: ParsableArguments {
    @Argument(help: "The text to read; - reads standard input. Without it, one that suits the model.")
    var prompt: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Token ids in place of a prompt.", valueName: "1,2,3"))
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
        let text = prompt == "-" ? try Self.standardInput(for: model) : RawText.bytes(prompt)
        if unbounded, let tokenizer = model.tokenizer {
            return try tokenizer.encode(text, allowingSpecial: specialTokens)
        }
        do {
            return try model.encode(text, allowingSpecial: specialTokens)
        } catch PromptError.notInVocabulary(let letter, let place, let letters)
            where FilePath(raw: prompt).exists
        {
            let error = PromptError.notInVocabulary(letter: letter, place: place, letters: letters)
            throw PromptMeantAsModel(error: error, path: prompt)
        }
    }

    /// Standard input, without one trailing newline where the model reads letters.
    private static func standardInput(for model: Model) throws -> [UInt8] {
        // A file that is read is not written over, however it came in.
        ByteSource.noteRead(STDIN_FILENO)
        do {
            var bytes: [UInt8] = []
            while let piece = try FileHandle.standardInput.read(upToCount: 1 << 20), !piece.isEmpty {
                bytes += piece
                if bytes.count > 1 << 26 {
                    throw FileError.unreadable(
                        "standard input", reason: "more than 64 MiB come, and no prompt is so long")
                }
            }
            if model.tokenizer is CharacterTokenizer, bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            return bytes
        } catch let error as FileError {
            throw error
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

extension Prediction {
    /// Refuses an answer that was not computed from numbers.
    ///
    /// - Returns: The chosen token.
    /// - Throws: ``PredictionError``.
    @discardableResult
    func check(_ model: Model) throws -> Int {
        try model.weights?.checkUnchanged()
        guard let token else { throw PredictionError(model: model.name) }
        return token
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
