import CEmbedded
import Foundation

/// A model that is open: its shape, its weights if there are any, and how it reads text.
public struct Model {
    /// How much of a model is there.
    public enum State: String, Hashable, Sendable {
        /// Real weights.
        case loaded
        /// Seeded random weights: the mechanics are real, the numbers mean nothing.
        case random
        /// Shapes and costs, no numbers.
        case shapes
        /// Known by name, but its weights are not on this machine.
        case absent
    }

    /// What it is called.
    public let name: String
    /// Its shape.
    public let configuration: Configuration
    /// The weights; nil when it is walked by shapes only.
    public let weights: Weights?
    /// How it reads text; nil when it takes ids only.
    public let tokenizer: (any Tokenizer)?
    /// How it chooses the next token unless told otherwise.
    public let sampling: Sampling
    /// A prompt that suits it.
    public let defaultPrompt: String
    /// What should be said about how it reads text or why it has no numbers.
    public let remark: String?

    /// How much of it is there.
    public var state: State {
        switch weights?.source {
        case .checkpoint: .loaded
        case .random: .random
        case nil: .shapes
        }
    }

    /// The token that ends a text, for models with GPT-2's vocabulary.
    public var endOfText: Int? { configuration.vocabularySize == 50257 ? 50256 : nil }

    /// The built-in nano-GPT, which sorts letters.
    ///
    /// - Throws: ``CheckpointError`` if the bytes inside the program were damaged.
    public static func nano() throws -> Model {
        guard let preset = Preset.named("nano") else { throw ModelError.unknown("nano", near: []) }
        var count = 0
        let bytes = UnsafeRawBufferPointer(start: embedded_nano(&count), count: count)
        let file = try SafetensorsFile(ByteSource(permanent: bytes), path: "the built-in model")
        let checkpoint = try Checkpoint(file, configuration: preset.configuration)
        return Model(
            name: "nano", configuration: preset.configuration, weights: Weights(.checkpoint(checkpoint)),
            tokenizer: LetterTokenizer("ABC"), sampling: .greedy, defaultPrompt: "CBABBC", remark: nil)
    }

    /// A preset, with random weights of a seed or, without one, as shapes only.
    ///
    /// - Throws: ``ModelError/doesNotFit(_:bytes:)`` when random weights are wanted and there is no room for them.
    public static func preset(_ preset: Preset, randomSeed: UInt64?) throws -> Model {
        if randomSeed != nil, !preset.fitsInMemory {
            throw ModelError.doesNotFit(preset.name, bytes: preset.weightBytes)
        }
        let isNano = preset.name == "nano"
        return Model(
            name: preset.name, configuration: preset.configuration,
            weights: randomSeed.map { Weights(.random(seed: $0)) },
            tokenizer: isNano ? LetterTokenizer("ABC") : ByteTokenizer(), sampling: isNano ? .greedy : .plain,
            defaultPrompt: isNano ? "CBABBC" : "The trees", remark: isNano ? nil : "1 token/byte")
    }

    /// A checkpoint: a `.safetensors` file with a `config.json` beside it, or the folder of both.
    ///
    /// One whose weights do not fit in memory has shapes only. With fewer tokens than GPT-2 it is a small model as nano is, and the likeliest token is taken unless told
    /// otherwise.
    ///
    /// - Throws: ``FileError`` or ``CheckpointError``.
    public static func checkpoint(_ path: String) throws -> Model {
        let file = try weightsFile(path)
        let folder = (file as NSString).deletingLastPathComponent
        let configPath = (folder as NSString).appendingPathComponent("config.json")
        let safetensors = try SafetensorsFile(path: file)
        let configuration = try ConfigurationFile(path: configPath).configuration()
        let bytes = 4 * configuration.parameterCount
        let name = ((isFolder(path) ? path : file) as NSString).lastPathComponent
        let checkpoint = try Checkpoint(safetensors, configuration: configuration)
        return Model(
            name: visible(name), configuration: configuration,
            weights: bytes <= Machine.memory / 2 ? Weights(.checkpoint(checkpoint)) : nil,
            tokenizer: nil, sampling: configuration.vocabularySize < 50257 ? .greedy : .plain, defaultPrompt: "",
            remark: "tokens by id")
    }

    private static func weightsFile(_ path: String) throws -> String {
        guard isFolder(path) else { return path }
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
        if files.contains("model.safetensors") { return (path as NSString).appendingPathComponent("model.safetensors") }
        if let pickle = files.first(where: { $0.hasPrefix("pytorch_model") && $0.hasSuffix(".bin") }) {
            throw CheckpointError.pickle(path: (path as NSString).appendingPathComponent(pickle))
        }
        throw CheckpointError.noWeights(folder: path)
    }
}

extension Model {
    /// The ids of a prompt.
    ///
    /// - Throws: ``PromptError``.
    public func encode(_ text: [UInt8]) throws(PromptError) -> [Int] {
        guard let tokenizer else { throw .needsIDs(model: name) }
        return try check(try tokenizer.encode(text))
    }

    /// The ids themselves, if a pass can be run over them.
    ///
    /// - Throws: ``PromptError``.
    public func check(_ ids: [Int]) throws(PromptError) -> [Int] {
        guard !ids.isEmpty else { throw .empty }
        if let id = ids.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw .idOutOfRange(id: id, vocabulary: configuration.vocabularySize)
        }
        guard ids.count <= configuration.contextLength else {
            throw .tooLong(count: ids.count, context: configuration.contextLength)
        }
        return ids
    }

    /// The ids of the prompt it opens on: its own default, or the first few ids where it reads no text.
    public var defaultTokens: [Int] {
        (try? encode(Array(defaultPrompt.utf8)))
            ?? Array(0..<min(6, configuration.vocabularySize, configuration.contextLength))
    }

    /// A token as it is shown: its text in display form, or its id where it has none.
    public func label(_ id: Int) -> String { tokenizer?.bytes(of: id).map(displayForm) ?? "#\(id)" }

    /// The bytes of several tokens; an id that has none is written as `#id `.
    public func bytes(_ ids: [Int]) -> [UInt8] { ids.flatMap { tokenizer?.bytes(of: $0) ?? Array("#\($0) ".utf8) } }

    /// The text of several tokens, bytes that are no text replaced.
    public func text(_ ids: [Int]) -> String { String(decoding: bytes(ids), as: UTF8.self) }
}

/// Why a model cannot be opened.
public enum ModelError: Error, Hashable, CustomStringConvertible {
    /// Neither a preset nor a file or folder.
    case unknown(String, near: [String])
    /// There is no room for its weights.
    case doesNotFit(String, bytes: Int)
    /// Numbers were asked for and there are no weights.
    case noWeights(String)
    /// Numbers were asked for of a model that has shapes only.
    case shapesOnly(String, bytes: Int)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .unknown(let name, let near):
            "There is no model \"\(visible(name))\": neither a preset (\(Preset.all.map(\.name).joined(separator: ", "))) nor a file or folder."
                + (near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?")
        case .doesNotFit(let name, let bytes):
            "\(name) needs \(byteCount(bytes)) for its weights, more than half of the \(byteCount(Machine.memory)) of memory here. `gptstep ops --model \(name)` lists its operations without them."
        case .noWeights(let name):
            "The weights of \(name) are not on this machine. Download its model.safetensors and config.json from Hugging Face and give the folder to --model, or use --random-weights to see the mechanics with numbers that mean nothing."
        case .shapesOnly(let name, let bytes):
            "\(name) has shapes only: its weights would take \(byteCount(bytes)). `gptstep ops --model \(name)` lists its operations, and the full screen steps through them."
        }
    }
}
