extension Tour {
    /// One pass of nano, from letters to the answer. Where a head or a masked cell was chosen before, a task would be done
    /// before it is read: such stops choose their own.
    static let sorting = Tour(
        name: "sorting", title: "one pass of a GPT that sorts letters", preset: "nano",
        stops: [
            Stop(id: "start", address: "tokens", region: .timeline) { app, _ in app.session.stepper.index > 0 },
            Stop(id: "embedding", address: "embed", region: .stage) { app, _ in app.session.stepper.index >= 3 },
            Stop(id: "normalize", address: "blocks.0.ln1.normalized", region: .stage) { app, begun in
                app.session.stepper.index > begun.index
            },
            Stop(id: "queries", address: "blocks.0.attn.q", region: .stage, head: 0) { app, begun in
                app.session.stepper.selection.head != begun.selection.head
            },
            Stop(id: "scores", address: "blocks.0.attn.scores", region: .stage, position: 3) { app, begun in
                app.focus == .stage && app.session.stepper.cell != begun.cell
            },
            Stop(id: "mask", address: "blocks.0.attn.masked_scores", region: .stage, focus: .stage, position: 3) {
                app, _ in app.session.stepper.selection.key > app.session.stepper.selection.position
            },
            Stop(id: "pattern", address: "blocks.0.attn.pattern", region: .stage, head: 0, position: 3) { app, _ in
                app.session.stepper.selection.head == 2
            },
            Stop(id: "terms", address: "blocks.0.attn.pattern", region: .stage, focus: .stage, position: 3) {
                app, _ in app.front is TermsPanel
            },
            Stop(id: "source", address: "blocks.0.attn.z", region: .stage, focus: .stage) { app, _ in
                ((app.front as? TermsPanel)?.frames.count ?? 0) > 1
            },
            Stop(id: "stream", address: "blocks.0.resid_mid", region: .stage, focus: .stage) { app, _ in
                (app.front as? TermsPanel)?.top.view == .parts
            },
            Stop(id: "mlp", address: "blocks.0.mlp.pre", region: .stage) { app, begun in
                app.session.stepper.index > begun.index
            },
            Stop(id: "blocks", address: "blocks.0.mlp.post", region: .timeline) { app, _ in
                (app.session.stepper.node.block ?? 0) > 0
            },
            Stop(id: "lens", address: "blocks.1.resid_post", region: .stage) { app, _ in app.front is LensPanel },
            Stop(id: "heads", address: "blocks.1.attn.pattern", region: .stage) { app, _ in
                (app.front as? HeadsPanel).map { $0.block == nil } ?? false
            },
            Stop(id: "choice", address: "probabilities", region: .stage) { app, _ in
                app.session.stepper.node.isChoice
            },
            Stop(id: "generate", address: "next_token", region: .prompt) { app, begun in
                app.session.stepper.tokens.count > begun.tokens.count
            },
            Stop(id: "end", address: "tokens", region: .prompt) { _, _ in false },
        ])
}
