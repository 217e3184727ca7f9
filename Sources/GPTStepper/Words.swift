public import GPTEngine

/// What an operation is called in a heading, and a few plain sentences: what happens there, and why.
///
/// The one table of words that belong to a place in GPT-2, by the name of its operations. The mathematics is beside the
/// operations themselves.
public struct Words: Sendable {
    /// What it is called.
    public let title: String
    /// What happens there, and why.
    let sentences: @Sendable (Scene) -> String

    private init(_ title: String, _ sentences: @escaping @Sendable (Scene) -> String) {
        (self.title, self.sentences) = (title, sentences)
    }

    private init(_ title: String, _ sentence: String) { self.init(title) { _ in sentence } }

    /// The words of an operation; its name alone where there are none.
    public static func of(_ node: Node) -> Words { table[node.name] ?? Words(node.shortName, "") }

    /// A few plain sentences about the operation at the cursor.
    public static func sentences(_ scene: Scene) -> String { of(scene.node).sentences(scene) }

    private static let table: [String: Words] = [
        "tokens": Words("Tokens") { scene in
            "The text is cut into tokens and each becomes its number in the vocabulary of \(scene.configuration.vocabularySize). From here on the model sees only numbers."
        },
        "embed": Words("Token embedding") { scene in
            "Each token id picks one row of a table that was learned: \(scene.configuration.width) numbers that stand for the token. Equal tokens get equal rows, wherever they are."
        },
        "pos_embed": Words(
            "Position embedding",
            "Each place picks a row of a second table. Attention alone could not tell first from last; with this the same token differs from place to place."
        ),
        "resid_pre": Words(
            "Residual stream begins",
            "Token and place are added: the residual stream begins. Every later part reads a copy of this stream and adds what it found; nothing is ever overwritten."
        ),
        "resid_mid": Words(
            "Residual addition",
            "What attention wrote is added to the stream. The sum keeps what was there, so a block only has to learn what to change."
        ),
        "resid_post": Words(
            "Residual addition",
            "What the MLP wrote is added to the stream. The block is done; the next one reads this sum."),
        "ln1.normalized": Words("LayerNorm before attention", normalized),
        "ln2.normalized": Words("LayerNorm before the MLP", normalized),
        "ln_final.normalized": Words("Final LayerNorm", normalized),
        "ln1.out": scaled, "ln2.out": scaled, "ln_final.out": scaled,
        "attn.q": Words("Queries") { scene in
            "Each position asks a question: its query is what it looks for in the positions before it. Every head has its own \(scene.configuration.headWidth) columns of W_Q."
        },
        "attn.k": Words(
            "Keys",
            "Each position says what it can be found by: its key. A query that points the same way as a key will find it."
        ),
        "attn.v": Words(
            "Values",
            "Each position says what it hands over when it is found: its value. Keys decide where attention goes, values what it brings."
        ),
        "attn.scores": Words("Attention scores") { scene in
            "Every query meets every key: their product is large when what is sought is what is offered. "
                + (scene.configuration.scalesScores
                    ? "It is divided by √\(scene.configuration.headWidth), so that wider heads do not make the softmax harder."
                    : "This model does not divide it by √D, as others do.")
        },
        "attn.masked_scores": Words(
            "Causal mask",
            "A position may look at itself and back, never ahead: the answer must not be seen before it is given. Removed cells are not zero, they are gone: −∞."
        ),
        "attn.pattern": Words("Attention pattern", pattern),
        "attn.z": Words(
            "Values mixed by attention",
            "Each position takes the values of the keys it attends to, in the shares of its pattern row. This is the only place where information moves from one position to another."
        ),
        "attn.out": Words("Heads joined and projected") { scene in
            "The \(scene.configuration.headCount) heads' results stand side by side and are mixed by W_O into what attention writes to the stream."
        },
        "mlp.pre": Words("MLP, up") { scene in
            "Each of \(scene.configuration.mlpWidth) neurons asks one question of the position: how far does the stream point in my direction? Positions do not meet here."
        },
        "mlp.post": Words("MLP, activation") { scene in
            let activation = scene.configuration.activation
            return
                "\(activation.name) \(effect(activation)). Without a non-linearity here the whole MLP would be one matrix."
        },
        "mlp.out": Words(
            "MLP, down",
            "Each neuron that is on adds its own vector to what the MLP writes to the stream, as strongly as it is on."),
        "logits": Words(
            "Logits",
            "The finished stream is compared with one vector for each token: a logit is how well they match. Any number is possible; only differences matter."
        ),
        "filtered_logits": Words("Temperature, top-k and top-p", filter),
        "probabilities": Words(
            "Probabilities",
            "exp makes every kept logit positive, and their sum scales them to 1: what the model expects to come next."),
        "next_token": Words("Sampling", sample),
    ]

    private static let scaled = Words(
        "LayerNorm, scale and shift",
        "Each channel gets a scale γ and a shift β that were learned: the model decides how loudly each channel is heard by the part that reads it."
    )

    @Sendable private static func normalized(_ scene: Scene) -> String {
        "Each position is shifted to mean 0 and scaled to size 1 over its \(scene.configuration.width) channels, so that what follows sees numbers of one size however large the stream has grown. μ and σ stand beside each row."
    }

    /// What a non-linearity does to a neuron's answer.
    private static func effect(_ activation: Activation) -> String {
        switch activation {
        case .relu: "lets positive answers through and makes negative ones zero"
        case .tanh: "presses every answer between −1 and 1"
        case .geluNew, .geluTanh, .geluFast, .gelu, .quickGELU, .silu, .swish:
            "lets positive answers through and holds negative ones near zero"
        }
    }

    @Sendable private static func pattern(_ scene: Scene) -> String {
        let start = "Every query shares out one unit of attention over the keys it may see."
        let (position, key, head) = (scene.selection.position, scene.selection.key, scene.selection.head)
        guard let value = scene.value, key <= position else {
            return start + " What it would give to the future is removed by the mask, not made small by it."
        }
        let share = Digits.percent(Double(value[head, position, key]))
        return start
            + " \(scene.name(position: position)) gives \(share) to \(scene.name(position: key)) in head \(head)."
    }

    @Sendable private static func filter(_ scene: Scene) -> String {
        guard !scene.sampling.isGreedy else {
            return "At temperature 0 nothing is divided or filtered out: the largest logit will win."
        }
        let count =
            scene.prediction.map { prediction in prediction.logits.values.indices.count(where: prediction.isCut) } ?? 0
        return
            "Dividing by a temperature below 1 makes the likely likelier, above 1 less so. Top-k and top-p then leave out the tail: \(count) tokens are filtered out here."
    }

    @Sendable private static func sample(_ scene: Scene) -> String {
        guard let prediction = scene.prediction else { return "One random number between 0 and 1 picks the token." }
        guard let token = prediction.token.map(scene.model.label) else {
            return
                "\(prediction.notFinite) of \(prediction.logits.count) logits are NaN or infinite, so no token can be chosen."
        }
        let isFull = scene.stepper.tokens.count == scene.configuration.contextLength
        let next =
            isFull
            ? "The context is full: it is read and never fed."
            : "Taken, it goes to the end of the text, and the next pass reads it."
        guard let u = prediction.draw else {
            return "At temperature 0 no random number is needed: \(token) is the likeliest. \(next)"
        }
        return
            "The tokens lie on a line of length 1, each as long as its probability. The number \(Digits.fixed(u, 4)), fixed by seed and position, falls on \(token). \(next)"
    }

    /// Why a step stayed where it was.
    public static func sentence(_ stop: Stepper.Stop, _ stepper: Stepper) -> String {
        switch stop {
        case .atFirst: "This is the first operation of the pass."
        case .atLast:
            "This is the last operation"
                + (stepper.tokens.count < stepper.program.configuration.contextLength
                    ? ": with the token taken the next pass begins." : ", and the context is full.")
        case .noSuchOperation: "No block that way has this operation."
        case .contextFull:
            "The context is full: it holds \(stepper.program.configuration.contextLength) tokens. This answer is read, not fed."
        case .nothingTaken: "Nothing was taken that could be given back."
        }
    }
}
