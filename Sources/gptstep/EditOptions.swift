import ArgumentParser
import GPTEngine
import GPTStepper

/// What is changed in the pass before it is looked at.
struct EditOptions: ParsableArguments {
    @Option(
        name: .customLong("edit"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Change numbers of the pass first: an edit of the language, as 'zero L1.H2'; may be repeated.",
            valueName: "command"))
    var edits: [String] = []

    /// Makes the changes in a session.
    ///
    /// - Throws: `LanguageError`, where one cannot be made or is no edit.
    func apply(to session: inout Session) throws {
        for text in edits {
            let statements = try Statement.parse(text)
            for statement in statements {
                switch statement.command {
                case .edit, .define, .keep, .source, .other: continue
                default:
                    throw UsageError(
                        "--edit takes edits, set $v, let, other and source, and \"\(statement.command.verb.name)\" is none of them."
                    )
                }
            }
            try session.run(text)
            while session.act() {}
            for answer in session.takeAnswers() { if case .error(let error) = answer.content { throw error } }
        }
    }

    /// What text says above an answer of an edited pass.
    static func heading(_ edits: [String]) -> String {
        edits.isEmpty ? "" : "EDITED: \(edits.joined(separator: "; "))\n"
    }

    /// The pass of a model over some tokens, changed; with the edits that it has.
    func pass(_ model: Model, _ tokens: [Int], memory: Int) throws -> (trace: Trace, edits: [String]) {
        var session = try Session(model: model, tokens: tokens, sampling: model.sampling, memory: memory)
        try apply(to: &session)
        guard let trace = session.pass else { throw ModelError.noWeights(model.name) }
        return (trace, session.edits.active.map(\.form.text))
    }
}
