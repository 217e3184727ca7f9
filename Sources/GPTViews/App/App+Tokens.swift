import Checkpoints
import GPTEngine
import GPTStepper

/// Tokens that are taken, given back and edited, and the models that can be opened.
extension App {
    /// Takes the token that was predicted; with the context full shows it, since it is read and never fed.
    mutating func take() {
        guard let trace else {
            pendingTakes = 0
            return message = "There are no weights, so no token is predicted."
        }
        var next = stepper
        guard
            let token = (try? trace.prediction(at: stepper.tokens.count - 1, sampling: sampling))?.token
        else {
            pendingTakes = 0
            return message = "The logits are not all numbers, so no token can be chosen."
        }
        if let stop = next.take(token) {
            pendingTakes = 0
            stepper.go(to: stepper.program.nodes.count - 1)
            return say(stop)
        }
        adopt(next)
    }

    mutating func giveBack(_ count: Int) {
        var next = stepper
        if let stop = next.giveBack(count) { return say(stop) }
        adopt(next)
    }

    /// Runs another prompt.
    mutating func edit(_ tokens: [Int]) {
        var next = stepper
        next.edit(tokens)
        adopt(next)
    }

    /// Moves on to a stepper over other tokens, and to their pass.
    mutating func adopt(_ next: Stepper) {
        do {
            trace = try pass(next)
            stepper = next
            atlas = HeadAtlas(stepper.program)
            ahead = -1
            view.reset()
            positionNames = Scene.positionNames(stepper.tokens, model)
        } catch {
            message = error.description
        }
    }

    /// Chooses how the next token is drawn.
    mutating func choose(_ sampling: Sampling) { self.sampling = sampling }

    /// What can be switched to: the presets, and the checkpoint that the session was opened with.
    var choices: [Preset] {
        Preset.all + [checkpoint.map { Preset(name: $0.name, configuration: $0.configuration) }].compactMap(\.self)
    }

    /// Switches to another model: a preset with its weights, with random ones or as shapes only, or the checkpoint.
    ///
    /// - Parameter keepsText: whether a text of one's own stays where the other model can read it.
    mutating func open(_ choice: Preset, keepsText: Bool = false) {
        do {
            let model =
                if let checkpoint, choice.name == checkpoint.name { checkpoint } else if choice.name == "nano" {
                    try Model.nano()
                } else if choice.fitsInMemory, let folder = Model.snapshot(of: choice.name, in: HubCache()) {
                    try Model.checkpoint(folder, name: choice.name)
                } else { try Model.preset(choice, randomSeed: choice.fitsInMemory ? weightSeed : nil) }
            var sampling = model.sampling
            sampling.seed = self.sampling.seed
            var app = try App(
                model, keepsText ? tokens(for: model) : model.defaultTokens, sampling, weightSeed, memory,
                checkpoint: checkpoint)
            (app.size, app.capabilities, app.language) = (size, capabilities, language)
            self = app
            Machine.releaseMemory()
        } catch {
            message = "\(error)"
        }
    }

    /// The tokens that another model has for the text of this one; its default where it cannot read it.
    private func tokens(for other: Model) -> [Int] {
        let tokens = stepper.tokens
        guard tokens != model.defaultTokens else { return other.defaultTokens }
        if model.tokenizer == nil, other.tokenizer == nil { return (try? other.check(tokens)) ?? other.defaultTokens }
        guard model.tokenizer != nil else { return other.defaultTokens }
        return (try? other.encode(model.promptBytes(tokens))) ?? other.defaultTokens
    }
}
