/// A model that is known by name.
public struct Preset: Hashable, Sendable {
    /// What `--model` calls it.
    public let name: String
    /// Its shape.
    public let configuration: Configuration
    /// Where its weights come from.
    public let origin: Origin
    /// The letters that its vocabulary is made of; nil where it has GPT-2's byte pairs.
    public let letters: String?
    /// A prompt that suits it.
    public let prompt: String

    /// Where weights come from.
    public enum Origin: Hashable, Sendable {
        /// They are inside the program.
        case builtIn
        /// They are published on the hub.
        case hub
        /// They were never published.
        case nowhere
        /// They are in a file that was opened.
        case file
    }

    /// The built-in models and the published sizes of the family, smallest first.
    ///
    /// Sources: the GPT-2 release (Radford et al., 2019); Brown et al., "Language Models are Few-Shot Learners" (2020),
    /// table 2.1, for gpt3. The built-in ones are trained by `train_nano.py` and
    /// `train_austen.py` in `Modules/CEmbedded/data`.
    public static let all: [Preset] = [
        Preset(
            "nano", 3, 3, 48, context: 11, vocabulary: 3, tied: false, from: .builtIn, letters: "ABC", prompt: "CBABBC"),
        Preset("austen", 6, 6, 144, context: 256, vocabulary: 4096, from: .builtIn, prompt: Self.sentence),
        Preset("gpt2", 12, 12, 768),
        Preset("gpt2-medium", 24, 16, 1024),
        Preset("gpt2-large", 36, 20, 1280),
        Preset("gpt2-xl", 48, 25, 1600),
        Preset("gpt3", 96, 96, 12288, context: 2048, from: .nowhere),
    ].compactMap(\.self)

    /// A name returns in it, one that is in none of the novels: how it goes on can only be copied.
    private static let sentence = "Mr. Pemberton came in, and all the ladies looked at Mr. P"

    /// The preset of that name.
    public static func named(_ name: String) -> Preset? { all.first { $0.name == name } }

    /// How many letters it was trained to sort; nil for one that continues texts.
    public var sortedCount: Int? { origin == .builtIn && letters != nil ? (configuration.contextLength + 1) / 2 : nil }

    /// A model that is to be listed beside the presets.
    public init(name: String, configuration: Configuration) {
        (self.name, self.configuration, origin, letters, prompt) = (name, configuration, .file, nil, "")
    }

    /// Nil for numbers that make no model, which a test rules out.
    private init?(
        _ name: String, _ layers: Int, _ heads: Int, _ width: Int, context: Int = 1024, vocabulary: Int = 50257,
        tied: Bool = true, from origin: Origin = .hub, letters: String? = nil, prompt: String = "The trees"
    ) {
        guard
            let configuration = try? Configuration(
                layerCount: layers, headCount: heads, width: width, contextLength: context, vocabularySize: vocabulary,
                tiesEmbeddings: tied)
        else { return nil }
        (self.name, self.configuration, self.origin, self.letters, self.prompt) = (
            name, configuration, origin, letters, prompt
        )
    }

    /// Bytes that the weights take as 32-bit floats.
    public var weightBytes: Int { 4 * configuration.parameterCount }
    /// Whether numbers can be had at all: the weights take at most half of this machine's memory, and were published.
    public var fitsInMemory: Bool { origin != .nowhere && weightBytes <= Machine.memory / 2 }
    /// What can be had of it here without a download.
    public var availability: Model.State {
        switch origin {
        case .builtIn, .file: .loaded
        case .hub, .nowhere: fitsInMemory ? .absent : .shapes
        }
    }
}
