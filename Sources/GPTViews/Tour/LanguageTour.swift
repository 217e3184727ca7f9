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
            Stop(id: "lookback", address: "blocks.\(previous.block).attn.pattern", region: .stage) { app, _ in
                (app.front as? HeadsPanel).map { $0.block == nil && $0.order == .previous } ?? false
            },
            Stop(
                id: "previous", address: "blocks.\(previous.block).attn.pattern", region: .stage, focus: .stage,
                head: previous.head
            ) { app, _ in
                let selection = app.session.stepper.selection
                return selection.head == previous.head && selection.key == selection.position - 1
            },
            Stop(id: "search", address: "blocks.\(induction.block).attn.pattern", region: .stage) { app, _ in
                (app.front as? HeadsPanel).map { $0.block == nil && $0.order == .induction } ?? false
            },
            Stop(
                id: "induction", address: "blocks.\(induction.block).attn.pattern", region: .stage, focus: .stage,
                head: induction.head
            ) { app, _ in
                let (selection, tokens) = (app.session.stepper.selection, app.session.stepper.tokens)
                let followed = (1..<tokens.count - 1).last { tokens[$0 - 1] == tokens.last }
                return selection.position == tokens.count - 1 && selection.key == followed
            },
            Stop(id: "attribution", address: "logits", region: .stage, focus: .stage) { app, _ in
                (app.front as? TermsPanel)?.top.view == .parts
            },
            Stop(id: "lens", address: "blocks.5.resid_post", region: .stage) { app, _ in app.front is LensPanel },
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
    /// The head that looks at what followed the token before, most of all.
    static let induction = (block: 5, head: 0)
}
