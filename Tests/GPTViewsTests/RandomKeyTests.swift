import Foundation
import SystemPackage
import Testing

@testable import Checkpoints
@testable import GPTEngine
@testable import GPTStepper
@testable import GPTViews
@testable import TerminalKit

/// Thousands of random keys on models of odd shapes and screens of odd sizes: nothing traps, and every screen is whole.
@Suite struct RandomKeyTests {
    /// Blocks, heads, width, context, vocabulary, MLP width.
    private static let shapes = [
        [1, 1, 1, 1, 1, 1], [1, 1, 4, 3, 1, 4], [2, 5, 40, 13, 29, 72], [4, 2, 6, 40, 300, 7], [7, 3, 9, 5, 2, 400],
    ]
    private static let keys: [Key] =
        KeyBindings.all.flatMap { $0.keys.map(\.key) } + "0123456789ABZ,-é".unicodeScalars.map { .character($0) }
        + [.backspace, .delete, .control("u"), .function(5), .enter, .escape, .tab]

    /// Weights that lead to NaN, to infinity, and to numbers near the largest there are.
    @Test(arguments: [
        ("ln_f.weight", Float.nan), ("h.0.mlp.c_fc.bias", .nan), ("wte.weight", .infinity),
        ("h.1.attn.c_attn.weight", 1e38),
    ])
    func `weights that are no numbers are shown as such on every screen`(name: String, value: Float) throws {
        let configuration = try Configuration(
            layerCount: 2, headCount: 2, width: 8, contextLength: 6, vocabularySize: 30)
        var file = SafetensorsWriter()
        for parameter in configuration.parameters {
            let tensor = Weights.random(parameter, seed: 3)
            let values =
                parameter.name == name ? tensor.values.map { value.isFinite ? $0 * value : value } : tensor.values
            file.add(parameter.name, Tensor(parameter.shape, values))
        }
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: place) }
        let path = FilePath(place)
        try file.write(to: path)
        let checkpoint = try Checkpoint(TensorFiles(path: path), configuration: configuration)
        let model = Model(
            name: "broken", configuration: configuration, weights: Weights(.checkpoint(checkpoint)), tokenizer: nil,
            sampling: .plain, defaultPrompt: "", remark: nil)
        var app = App(try Session(model: model, tokens: [1, 5, 2], sampling: .plain))
        var seen = 0
        for step in 0..<app.stepper.program.nodes.count {
            app.finish()
            let bad = try notFinite(app.session.scene)
            if bad { seen += 1 }
            for size in [Size(80, 24), Size(120, 40), Size(200, 60)] {
                let text = try whole(app, size)
                // What is no number is said and named by its name, and the title says where it began.
                #expect(!bad || text.contains("NaN") || text.contains("∞"), "step \(step)\n\(text)")
                if app.session.faults.first != nil {
                    #expect(text.prefix { $0 != "\n" }.contains(/(NaN|∞) from .* on/), "step \(step)\n\(text)")
                }
            }
            // Every view of this operation, too.
            for keys in ["a", "aas", "p", "pp", "+", "vzu"] {
                for key in keys.unicodeScalars { _ = app.handle(.key(.character(key)), on: .small) }
                app.finish()
                _ = try whole(app, Size(80, 24))
                app.panels = []
            }
            app.open(TermsPanel.self, on: .small)
            for key in ["w", "s"] as [Unicode.Scalar] {
                app.finish()
                _ = app.handle(.key(.character(key)), on: .small)
                _ = try whole(app, Size(80, 24))
            }
            (app.panels, app.view) = ([], StageView())
            _ = app.handle(.key(.right), on: .small)
        }
        #expect(seen > 0, "these weights lead to what is no number")
        #expect(app.session.scene.prediction?.token == nil, "nothing is sampled from it")
        _ = app.handle(.key(.character("!")), on: .small)
        app.finish()
        #expect(app.stepper.index == app.session.faults.first?.node && app.stepper.index < 40)
        #expect(try notFinite(app.session.scene), "! leads to the first")
        if app.stepper.index > 0 {
            app.session.perform(.goto(app.stepper.index - 1))
            app.finish()
            #expect(try !notFinite(app.session.scene), "and none comes before it")
        }
        _ = app.handle(.key(.character("o")), on: .small)
        _ = try whole(app, Size(80, 24))
    }

    /// The text of a screen that says where it is, and nothing that a formatter made of what is no number.
    private func whole(_ app: App, _ size: Size) throws -> String {
        let text = lines(app.draw(on: Screen(size))).joined(separator: "\n")
        #expect(text.contains("gptstep") && !text.contains("nan ") && !text.contains("-nan"), "\(text)")
        if size.width >= 80, size.height >= 24 {
            #expect(text.contains("step \(app.stepper.index + 1) of \(app.stepper.program.nodes.count)"), "\(text)")
        }
        return text
    }

    /// Whether what is at the cursor holds a NaN or an infinity that no mask left.
    private func notFinite(_ scene: Scene) throws -> Bool {
        if scene.node.isAnswer { return try #require(scene.prediction).notFinite > 0 }
        let value = try #require(scene.value)
        let T = scene.stepper.tokens.count
        return value.values.enumerated().contains { place, number in
            !number.isFinite && !(scene.node.isCausal && place % T > place / T % T)
        }
    }

    @Test(arguments: shapes, [true, false]) func `random keys never trap`(shape: [Int], hasWeights: Bool) throws {
        let configuration = try Configuration(
            layerCount: shape[0], headCount: shape[1], width: shape[2], contextLength: shape[3],
            vocabularySize: shape[4], mlpWidth: shape[5], tiesEmbeddings: shape[0].isMultiple(of: 2))
        let model = Model(
            name: "odd", configuration: configuration, weights: hasWeights ? Weights(.random(seed: 1)) : nil,
            tokenizer: nil, sampling: .plain, defaultPrompt: "", remark: nil)
        var generator = SplitMix(seed: UInt64(shape.reduce(0, +)))
        var app = App(try Session(model: model, tokens: model.defaultTokens, sampling: model.sampling))
        let sizes = [Size(80, 24), Size(120, 40), Size(81, 25), Size(100, 24), Size(200, 60), Size(3, 2)]
        let capabilities = [Capabilities(), Capabilities(colorCount: 0, unicode: false), Capabilities(colorCount: 8)]
        for step in 0..<1000 {
            let key = Self.keys.randomElement(using: &generator) ?? .escape
            switch KeyBindings.action(for: key, in: app.focus) {
            case .gesture(.suspend), .gesture(.quit): continue
            default: break
            }
            // Other presets are larger than a test should compute.
            if app.front == nil, key == .character("m") { continue }
            // The tours open the built-in models, whose contexts are others.
            if app.front is HelpPanel, Tour.all.contains(where: { key == .character($0.key) }) { continue }
            _ = app.handle(.key(key), on: .small)
            if step.isMultiple(of: 7) { _ = app.handle(.timeout, on: .small) }
            app.finish()
            let size = sizes[step % sizes.count]
            let canvas = app.draw(on: Screen(size, capabilities[step % capabilities.count]))
            let text = lines(canvas).joined(separator: "\n")
            // A screen of three columns has room for nothing.
            let step = "step \(app.stepper.index + 1) of"
            #expect(size.width < 80 || text.contains(step), "\(text)")
        }
        #expect(app.stepper.tokens.count <= configuration.contextLength)
    }
}
