import ArgumentParser
import Checkpoints
import Foundation
import GPTEngine
import GPTStepper
import SystemPackage

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Run commands of the language from a file, standard input or -e.",
        discussion: """
            The language stops, changes and compares passes; it is the same as on the : line of the full screen. \
            `gptstep batch -e help` lists its commands.

              gptstep batch -e 'zero L1.H2; print answer'
              gptstep batch -e 'sweep zero L*.H* measure logits[-1, "A"]'
              gptstep batch -e 'over all: accuracy'
              gptstep batch --model austen script.gpt --format json

            All of a script is read before any of it runs. The first error ends with 65, a failed assert or a difference \
            beyond its tolerance with 1, unless --keep-going.
            """)

    @Argument(help: "The script; - or nothing reads standard input.")
    var script: String?
    @Option(
        name: .customShort("e"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A command, or several with ; between them; may be repeated.", valueName: "command"))
    var commands: [String] = []
    @OptionGroup var model: ModelOptions
    @Option(help: "The text to begin with. Without it, one that suits the model.")
    var prompt: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Token ids in place of a text.", valueName: "1,2,3"))
    var ids: String?
    @OptionGroup var compute: ComputeOptions
    @Option(help: "text, or json: one object for every answer.")
    var format: OutputOptions.Format = .text
    @Flag(help: "Go on after an error; the first one's status is the last word.")
    var keepGoing = false

    func validate() throws {
        if script != nil, !commands.isEmpty { throw ValidationError("Give a script or -e, not both.") }
        if prompt != nil, ids != nil { throw ValidationError("Give --prompt or --ids, not both.") }
    }

    func run() throws {
        let text = try source()
        var session = try openSession()
        session.keepsGoing = keepGoing
        do { try session.run(text) } catch let error as LanguageError {
            try report(error)
            Foundation.exit(Self.status(error).rawValue)
        }
        var first: ExitStatus?
        let progress = Progress("runs")
        while session.act() {
            if let state = session.actProgress, state.all > 0 { progress.report(state.done, of: state.all) }
            for answer in session.takeAnswers() {
                progress.end()
                if case .error(let error) = answer.content {
                    first = first ?? Self.status(error)
                    standardError("gptstep: \(answer.text(session.model))")
                    if format == .json, let json = answer.json(session.model) { try standardOutput(json.text + "\n") }
                    continue
                }
                switch format {
                case .json: if let json = answer.json(session.model) { try standardOutput(json.text + "\n") }
                case .text:
                    let text = answer.text(session.model)
                    try standardOutput((isatty(STDOUT_FILENO) == 1 ? withoutControls(text) : text) + "\n")
                }
            }
        }
        try session.model.checkUnchanged()
        if let first { Foundation.exit(first.rawValue) }
    }

    private func openSession() throws -> Session {
        let model = try model.open()
        if model.weights == nil, Preset.named(self.model.model)?.fitsInMemory == true {
            throw ModelError.noWeights(model.name)
        }
        var options = PromptOptions()
        (options.prompt, options.ids, options.specialTokens) = (prompt, ids, false)
        let tokens = prompt == nil && ids == nil ? model.defaultTokens : try options.tokens(for: model)
        var sampling = model.sampling
        sampling.seed = self.model.seed
        var session = try Session(
            model: model, tokens: tokens, sampling: sampling, weightSeed: self.model.seed, memory: compute.apply())
        session.allowsRandomWeights = self.model.randomWeights
        return session
    }

    private func source() throws -> String {
        guard commands.isEmpty else { return commands.joined(separator: "\n") }
        let bytes: [UInt8]
        if let script, script != "-" {
            bytes = try readFile(FilePath(raw: script), most: 1 << 26)
        } else {
            bytes = Array(try FileHandle.standardInput.readToEnd() ?? Data())
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw LanguageError("The script is not UTF-8.", at: LanguageError.Place())
        }
        return text
    }

    private func report(_ error: LanguageError) throws {
        standardError("gptstep: \(error)")
        guard format == .json else { return }
        try standardOutput(
            JSON.object([
                ("line", .integer(error.place.line)), ("command", .null),
                (
                    "error",
                    .object([
                        ("message", .string(error.message)), ("kind", .string(error.kind.rawValue)),
                        ("line", .integer(error.place.line)), ("column", .integer(error.place.column)),
                    ])
                ),
            ]).text + "\n")
    }

    /// The exit status that a fault leads to.
    static func status(_ error: LanguageError) -> ExitStatus {
        switch error.kind {
        case .data: .data
        case .missingFile: .noInput
        case .unavailable: .unavailable
        case .file: .inputOutput
        case .failedAssertion, .tolerance: .failure
        case .interrupted: .interrupted
        }
    }
}
