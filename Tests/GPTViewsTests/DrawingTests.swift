import Testing

@testable import GPTEngine
@testable import GPTStepper
@testable import GPTViews
@testable import TerminalKit

/// Asking never computes: whatever is drawn, no value and no weight comes to be there by it.
@Suite struct DrawingTests {
    private static let sizes = [Size(80, 24), Size(120, 40), Size(200, 60)]

    private func app() throws -> App {
        let configuration = try Configuration(
            layerCount: 3, headCount: 2, width: 16, contextLength: 20, vocabularySize: 70)
        let model = Model(
            name: "small", configuration: configuration, weights: Weights(.random(seed: 3)), tokenizer: nil,
            sampling: .plain, defaultPrompt: "")
        return App(try Session(model: model, tokens: Array(0..<12), sampling: .plain))
    }

    /// What is there of a pass: values, weights, bytes.
    private func state(_ app: App) throws -> [Int] {
        let trace = try #require(app.session.trace)
        let program = trace.program
        let weights = program.configuration.parameters.map { (try? trace.weight($0)) == nil ? 0 : 1 }
        let lens = program.streams.map { (try? trace.lens(after: $0, at: 3)) == nil ? 0 : 1 }
        return program.nodes.indices.map { trace.isComputed($0) ? 1 : 0 } + weights + lens + [trace.store.byteCount]
    }

    private func expectNothingComputed(_ app: inout App, _ what: String, _ act: (inout App) -> Void = { _ in }) throws {
        let before = try state(app)
        for size in Self.sizes { _ = app.draw(on: Screen(size)) }
        act(&app)
        for size in Self.sizes { _ = app.draw(on: Screen(size)) }
        #expect(try state(app) == before, "\(what)")
    }

    @Test func `no stage, no panel, no zoom and no click computes`() throws {
        var app = try app()
        let count = app.stepper.program.nodes.count
        // Nothing is there, then a part of it, then all of it.
        for pieces in [0, 25, 10_000] {
            for _ in 0..<pieces where app.isBusy { _ = app.work(on: .small) }
            for step in 0..<count {
                try expectNothingComputed(&app, "step \(step)") { $0.session.perform(.goto(step)) }
                try expectNothingComputed(&app, "a click at step \(step)") { app in
                    for y in stride(from: 3, to: 20, by: 4) {
                        _ = app.handle(.mouse(MouseEvent(x: 3 * y, y: y, kind: .press)), on: Screen(Size(120, 40)))
                    }
                    app.panels = []
                    app.session.perform(.goto(step))
                }
                for keys in ["+", "v", "vv", "zz", "uu", "a", "aa", "p", "pp", "o", "m", "e", "?"]
                where step % 7 == pieces % 7 {
                    try expectNothingComputed(&app, "\(keys) at step \(step)") { app in
                        for key in keys.unicodeScalars { _ = app.handle(.key(.character(key)), on: .small) }
                    }
                    app.panels = []
                    app.view = StageView()
                }
                try expectNothingComputed(&app, "the terms at step \(step)") { $0.open(TermsPanel.self, on: .small) }
                app.panels = []
            }
            app.session.perform(.goto(count - 1))
        }
        #expect(try state(app).contains(1), "all was there in the end")
    }

    @Test func `a key is answered while something is computed, and the work goes on after it`() throws {
        var app = try app()
        app.session.perform(.last)
        var keys = 0
        while app.isBusy {
            _ = app.work(on: .small)
            _ = app.handle(.key(.character(keys.isMultiple(of: 2) ? "[" : "]")), on: .small)
            keys += 1
        }
        #expect(keys > 40 && app.stepper.node.isChoice)
        #expect(app.session.scene.prediction?.token != nil)
    }
}
