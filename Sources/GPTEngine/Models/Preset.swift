/// A model that is known by name.
public struct Preset: Hashable, Sendable {
    /// What `--model` calls it.
    public let name: String
    /// Its shape.
    public let configuration: Configuration

    /// The built-in nano-GPT and the published sizes of the family, smallest first.
    ///
    /// Sources: the GPT-2 release (Radford et al., 2019); Brown et al., "Language Models are Few-Shot Learners" (2020),
    /// table 2.1, for gpt3. nano is trained by `Modules/CEmbedded/data/train_nano.py`.
    public static let all: [Preset] = [
        Preset("nano", 3, 3, 48, context: 11, vocabulary: 3, tied: false),
        Preset("gpt2", 12, 12, 768),
        Preset("gpt2-medium", 24, 16, 1024),
        Preset("gpt2-large", 36, 20, 1280),
        Preset("gpt2-xl", 48, 25, 1600),
        Preset("gpt3", 96, 96, 12288, context: 2048),
    ].compactMap(\.self)

    /// The preset of that name.
    public static func named(_ name: String) -> Preset? { all.first { $0.name == name } }

    /// A model that is to be listed beside the presets.
    public init(name: String, configuration: Configuration) {
        self.name = name
        self.configuration = configuration
    }

    /// Nil for numbers that make no model, which a test rules out.
    private init?(
        _ name: String, _ layers: Int, _ heads: Int, _ width: Int, context: Int = 1024, vocabulary: Int = 50257,
        tied: Bool = true
    ) {
        guard
            let configuration = try? Configuration(
                layerCount: layers, headCount: heads, width: width, contextLength: context, vocabularySize: vocabulary,
                tiesEmbeddings: tied)
        else { return nil }
        self.name = name
        self.configuration = configuration
    }

    /// Bytes that the weights take as 32-bit floats.
    public var weightBytes: Int { 4 * configuration.parameterCount }
    /// Whether numbers can be had at all: the weights take at most half of this machine's memory, and it is not gpt3,
    /// whose weights were never published.
    public var fitsInMemory: Bool { name != "gpt3" && weightBytes <= Machine.memory / 2 }
    /// What can be had of it here without a download.
    public var availability: Model.State { name == "nano" ? .loaded : fitsInMemory ? .absent : .shapes }
}
