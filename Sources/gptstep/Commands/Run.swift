import Checkpoints
import ArgumentParser
import CursesTerminal
import Foundation
import GPTEngine
import GPTStepper
import GPTViews

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Step through a pass on the full screen (the default).",
        discussion: """
            → runs the next operation, ← goes back, ? lists all keys. A preset whose weights are not on this machine \
            opens with random ones, and says so all the time.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var edits: EditOptions
    @Option(help: ArgumentHelp("Begin with a file of commands, as `save` writes them.", valueName: "file"))
    var session: String?
    @Flag(help: "Use no glyphs beyond ASCII.")
    var ascii = false
    @Option(
        help: ArgumentHelp(
            "The language of the guided tour (default: the locale's).", valueName: App.languages.joined(separator: "|"))
    )
    var lang: String?
    @Flag(name: .customLong("no-mouse"), help: "Leave the mouse to the terminal, so that it selects text.")
    var leavesMouse = false

    func validate() throws {
        if let lang, !App.languages.contains(lang) {
            throw ValidationError("--lang takes \(App.languages.joined(separator: " or ")).")
        }
    }

    func run() throws {
        try refuseMistypedCommand()
        let model = try openOrImitate()
        let usesDefault = prompt.prompt == nil && prompt.ids == nil
        let tokens = usesDefault ? model.defaultTokens : try prompt.tokens(for: model)
        var sampling = model.sampling
        sampling.seed = self.model.seed
        var app = App(
            try Session(
                model: model, tokens: tokens, sampling: sampling, weightSeed: self.model.seed, memory: compute.apply()))

        let environment = RawText.environment
        try edits.apply(to: &app.session)
        if let session { try app.session.run("source \(Expression.quoted(session))") }
        app.session.history = StateFolder.history(environment)
        if StateFolder.isFirstStart(environment) { app.session.notice = "New here? ? and then t begin a guided tour." }
        // A prompt that came through a pipe leaves the keys to the terminal itself.
        let keys = prompt.prompt == "-" ? Foundation.open("/dev/tty", O_RDWR | O_CLOEXEC) : STDIN_FILENO
        guard keys >= 0 else { throw TerminalError.notATerminal }
        if let lost = StateFolder.recover(environment), session == nil {
            app.session.notice = "The last session ended unexpectedly: \":source \(lost)\" brings it back."
        }
        var terminal = try CursesTerminal.open(
            input: keys, output: STDOUT_FILENO, ascii: ascii, mouse: !leavesMouse,
            environment: environment)
        StateFolder.rememberStart(environment)
        let status: Int32
        do {
            defer { terminal.close() }
            var fetcher = HubFetcher()
            status = try GPTViews.run(
                &app, on: &terminal, language: lang ?? App.language(environment), fetcher: &fetcher
            ) { StateFolder.keep($0, environment) }
        }
        StateFolder.endKeeping(environment)
        StateFolder.remember(app.session.history, environment)
        if let note = terminal.note { standardError("gptstep: \(note)") }
        if status != 0 { Foundation.exit(status) }
    }

    /// The model; a preset whose weights are not here with random ones, if there is room for them.
    private func openOrImitate() throws -> Model {
        guard !model.randomWeights, let preset = Preset.named(model.model) else { return try model.open() }
        return try .open(preset, orRandom: model.seed)
    }

    /// `gptstep sohw` is a slip of the finger sooner than a prompt; `gptstep run sohw` says that it is none.
    private func refuseMistypedCommand() throws {
        guard let text = prompt.prompt, !CommandLine.arguments.contains("run") else { return }
        let commands = GPTStep.configuration.subcommands.compactMap { $0._commandName }
        guard let command = nearest(to: text, among: commands).first, text.allSatisfy({ $0.isLowercase }) else {
            return
        }
        if command == text { throw UsageError("Options follow the command, as in `gptstep \(text) --model gpt2`.") }
        throw UsageError(
            "There is no command \"\(text)\": did you mean `gptstep \(command)`? As a prompt it is `gptstep run \(text)`."
        )
    }
}
