import GPTEngine
import GPTStepper

extension Tour {
    /// How austen guesses the next piece of a name that was there before. The heads that it speaks of are those that the
    /// atlas finds; a test holds the stops to it.
    static let language = Tour(
        name: "language", title: "how a small model of language guesses the next word", preset: "austen",
        stops: [
            Stop(id: "pieces", address: "tokens", region: .prompt) { app, _ in app.session.stepper.index > 0 },
            Stop(id: "gather", address: "blocks.0.resid_post", region: .timeline) { app, _ in
                (app.session.stepper.node.block ?? 0) > 0
            },
            Stop(id: "lookback", address: pattern(previous), region: .stage, isDone: sorts(by: .previous)),
            Stop(
                id: "previous", address: pattern(previous), region: .stage, focus: .stage,
                head: previous.head
            ) { app, _ in
                let selection = app.session.stepper.selection
                return selection.head == previous.head && selection.key == selection.position - 1
            },
            Stop(id: "search", address: pattern(induction), region: .stage, isDone: sorts(by: .induction)),
            Stop(
                id: "induction", address: pattern(induction), region: .stage, focus: .stage,
                head: induction.head
            ) { app, _ in
                let (selection, tokens) = (app.session.stepper.selection, app.session.stepper.tokens)
                let followed = tokens.indices.dropFirst().dropLast().last { tokens[$0 - 1] == tokens.last }
                return selection.position == tokens.count - 1 && selection.key == followed
            },
            Stop(id: "attribution", address: "logits", region: .stage, focus: .stage) { app, _ in
                (app.front as? TermsPanel)?.top.view == .parts
            },
            Stop(id: "lens", address: "blocks.\(induction.block).resid_post", region: .stage) { app, _ in
                app.front is LensPanel
            },
            Stop(
                id: "proof", address: pattern(induction), region: .stage, head: induction.head
            ) { app, _ in app.session.isEdited },
            Stop(id: "temperature", address: "probabilities", region: .stage) { app, _ in
                app.session.sampling.temperature <= 0.5
            },
            Stop(id: "draw", address: "next_token", region: .prompt) { app, begun in
                app.session.stepper.tokens.count > begun.tokens.count
            },
            Stop(id: "on", address: "tokens", region: .prompt) { app, begun in
                app.session.stepper.tokens.count >= begun.tokens.count + 8
            },
            Stop(id: "limits", address: "tokens", region: .prompt) { app, begun in
                !app.session.stepper.tokens.starts(with: begun.tokens.prefix(begun.promptCount))
            },
            Stop(id: "end", address: "tokens", region: .prompt) { _, _ in false },
        ])

    /// The head that looks at the token before, most of all.
    static let previous = (block: 4, head: 5)
    /// The head that looks at what followed this token earlier, most of all.
    static let induction = (block: 5, head: 0)

    private static func pattern(_ head: (block: Int, head: Int)) -> String { "blocks.\(head.block).attn.pattern" }

    /// Whether all heads are shown, sorted by a score.
    private static func sorts(by score: HeadScore) -> @Sendable (App, Stepper) -> Bool {
        { app, _ in (app.front as? HeadsPanel).map { $0.block == nil && $0.order == score } ?? false }
    }
}
