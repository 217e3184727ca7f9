import Foundation
public import GPTEngine

/// The prose: what an operation is called, what it does and why it is there. All words about operations live here.
public enum Narration {
    /// What an operation is called in a heading.
    public static func title(_ node: Node) -> String {
        switch node.operation {
        case .tokens: "Tokens"
        case .embed: "Token embedding"
        case .posEmbed: "Position embedding"
        case .residual(.pre): "Residual stream begins"
        case .residual(.mid), .residual(.post): "Residual addition"
        case .normalized(.ln1): "LayerNorm before attention"
        case .normalized(.ln2): "LayerNorm before the MLP"
        case .normalized(.final): "Final LayerNorm"
        case .normOut(.ln1), .normOut(.ln2), .normOut(.final): "LayerNorm, scale and shift"
        case .projection(.q): "Queries"
        case .projection(.k): "Keys"
        case .projection(.v): "Values"
        case .scores: "Attention scores"
        case .maskedScores: "Causal mask"
        case .pattern: "Attention pattern"
        case .z: "Values mixed by attention"
        case .attnOut: "Heads joined and projected"
        case .mlpPre: "MLP, up"
        case .mlpPost: "MLP, activation"
        case .mlpOut: "MLP, down"
        case .logits: "Logits"
        case .filteredLogits: "Temperature and cut"
        case .probabilities: "Probabilities"
        case .nextToken: "The draw"
        }
    }

    /// The operation as a line of mathematics.
    public static func formula(_ node: Node, _ shape: Configuration) -> String {
        switch node.operation {
        case .tokens: "text → ids"
        case .embed: "row id of wte"
        case .posEmbed: "row position of wpe"
        case .residual(.pre): "embed + pos_embed"
        case .residual(.mid): "stream + attn.out"
        case .residual(.post): "resid_mid + mlp.out"
        case .normalized: "(x − μ) / σ, σ = √(variance + ε)"
        case .normOut: "norm · γ + β"
        case .projection(let projection): "\(projection) = ln1.out · W_\(projection.name) + b_\(projection.name)"
        case .scores: "q · kᵀ\(shape.scoreDivisorFormula(width: "\(shape.headWidth)"))"
        case .maskedScores: "keys after the query → −∞"
        case .pattern: "softmax over the keys, one row per query"
        case .z: "pattern · v"
        case .attnOut: "z · W_O + b_O"
        case .mlpPre: "ln2.out · W_in + b_in"
        case .mlpPost: "\(shape.activation.name)(pre)"
        case .mlpOut: "post · W_out + b_out"
        case .logits: "ln_final.out · W_Uᵀ"
        case .filteredLogits: "÷ temperature, top-k, top-p"
        case .probabilities: "softmax over the vocabulary"
        case .nextToken: "one number picks a token"
        }
    }

    /// A few plain sentences: what happens here, and why.
    public static func sentences(_ scene: Scene) -> String {
        let shape = scene.configuration
        switch scene.node.operation {
        case .tokens:
            return
                "The text is cut into tokens and each becomes its number in the vocabulary of \(shape.vocabularySize). From here on the model sees only numbers."
        case .embed:
            return
                "Each token id picks one row of a table that was learned: \(shape.width) numbers that stand for the token. Equal tokens get equal rows, wherever they are."
        case .posEmbed:
            return
                "Each place picks a row of a second table. Attention alone could not tell first from last; with this the same token differs from place to place."
        case .residual(.pre):
            return
                "Token and place are added: the residual stream begins. Every later part reads a copy of this stream and adds what it found; nothing is ever overwritten."
        case .residual(.mid):
            return
                "What attention wrote is added to the stream. The sum keeps what was there, so a block only has to learn what to change."
        case .residual(.post):
            return "What the MLP wrote is added to the stream. The block is done; the next one reads this sum."
        case .normalized:
            return
                "Each position is shifted to mean 0 and scaled to size 1 over its \(shape.width) channels, so that what follows sees numbers of one size however large the stream has grown. μ and σ stand beside each row."
        case .normOut:
            return
                "Each channel gets a scale γ and a shift β that were learned: the model decides how loudly each channel is heard by the part that reads it."
        case .projection(.q):
            return
                "Each position asks a question: its query is what it looks for in the positions before it. Every head has its own \(shape.headWidth) columns of W_Q."
        case .projection(.k):
            return
                "Each position says what it can be found by: its key. A query that points the same way as a key will find it."
        case .projection(.v):
            return
                "Each position says what it hands over when it is found: its value. Keys decide where attention goes, values what it brings."
        case .scores:
            let scaling =
                shape.scalesScores
                ? "It is divided by √\(shape.headWidth), so that wider heads do not make the softmax harder."
                : "This model does not divide it by √D, as others do."
            return
                "Every query meets every key: their product is large when what is sought is what is offered. " + scaling
        case .maskedScores:
            return
                "A position may look at itself and back, never ahead: the answer must not be seen before it is given. Removed cells are not zero, they are gone: −∞."
        case .pattern:
            return pattern(scene)
        case .z:
            return
                "Each position takes the values of the keys it attends to, in the shares of its pattern row. This is the only place where information moves from one position to another."
        case .attnOut:
            return
                "The \(shape.headCount) heads' results stand side by side and are mixed by W_O into what attention writes to the stream."
        case .mlpPre:
            return
                "Each of \(shape.mlpWidth) neurons asks one question of the position: how far does the stream point in my direction? Positions do not meet here."
        case .mlpPost:
            return
                "\(shape.activation.name) \(bend(shape.activation)). Without a bend here the whole MLP would be one matrix."
        case .mlpOut:
            return
                "Each neuron that is on adds its own vector to what the MLP writes to the stream, as strongly as it is on."
        case .logits:
            return
                "The finished stream is compared with one vector for each token: a logit is how well they match. Any number is possible; only differences matter."
        case .filteredLogits:
            return filter(scene)
        case .probabilities:
            return
                "exp makes every kept logit positive, and their sum scales them to 1: what the model expects to come next."
        case .nextToken:
            return draw(scene)
        }
    }

    /// What a non-linearity does to a neuron's answer.
    private static func bend(_ activation: Activation) -> String {
        switch activation {
        case .relu: "lets positive answers through and makes negative ones zero"
        case .tanh: "presses every answer between −1 and 1"
        case .geluNew, .geluTanh, .geluFast, .gelu, .quickGELU, .silu, .swish:
            "lets positive answers through and holds negative ones near zero"
        }
    }

    private static func pattern(_ scene: Scene) -> String {
        let start = "Every query shares out one unit of attention over the keys it may see."
        let (position, key, head) = (scene.selection.position, scene.selection.key, scene.selection.head)
        guard let value = scene.value, key <= position else {
            return start + " What it would give to the future is removed by the mask, not made small by it."
        }
        let share = String(format: "%.1f", 100 * value[head, position, key])
        return start
            + " \(scene.name(position: position)) gives \(share) % to \(scene.name(position: key)) in head \(head)."
    }

    private static func filter(_ scene: Scene) -> String {
        let sampling = scene.sampling
        guard !sampling.isGreedy else {
            return "At temperature 0 nothing is divided or cut: the largest logit will win. o changes that."
        }
        let cut = scene.prediction.map { prediction in prediction.filtered.values.count { $0 == -.infinity } } ?? 0
        return
            "Dividing by a temperature below 1 makes the likely likelier, above 1 less so. Top-k and top-p then cut the tail: \(cut) tokens are cut here."
    }

    private static func draw(_ scene: Scene) -> String {
        guard let prediction = scene.prediction else { return "One random number between 0 and 1 picks the token." }
        let token = scene.model.label(prediction.token)
        let isFull = scene.stepper.tokens.count == scene.configuration.contextLength
        let next = isFull ? "The context is full: it is read and never fed." : "t takes it and goes on."
        guard let u = prediction.draw else {
            return "At temperature 0 no random number is needed: \(token) is the likeliest. \(next)"
        }
        return
            "The tokens lie on a line of length 1, each as long as its probability. The number \(String(format: "%.4f", u)), fixed by seed and position, falls on \(token). \(next)"
    }

    /// Why a step stayed where it was.
    public static func sentence(_ stop: Stepper.Stop, _ stepper: Stepper) -> String {
        switch stop {
        case .atFirst: "This is the first operation of the pass."
        case .atLast:
            "This is the last operation"
                + (stepper.tokens.count < stepper.program.configuration.contextLength
                    ? ": t takes the token and begins the next pass." : ", and the context is full.")
        case .noSuchOperation: "No block that way has this operation."
        case .contextFull:
            "The context is full: it holds \(stepper.program.configuration.contextLength) tokens. This answer is read, not fed."
        case .nothingTaken: "Nothing was taken that could be given back; e edits the prompt."
        }
    }
}

extension GPTEngine.Operation.Projection {
    /// Q, K or V.
    public var name: String {
        switch self {
        case .q: "Q"
        case .k: "K"
        case .v: "V"
        }
    }
}
