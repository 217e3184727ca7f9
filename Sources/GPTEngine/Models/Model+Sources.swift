public import Checkpoints
import Foundation
public import SystemPackage

/// Where models come from: what is built in, presets, files, and the Hugging Face cache.
extension Model {
    /// The model of a name: a preset, a file or a folder, or a name of the hub that is in the cache.
    ///
    /// A preset whose weights are not in the cache has shapes only, unless a seed for random ones is given.
    ///
    /// - Throws: ``ModelError``, ``FileError``, ``CheckpointError`` or ``TokenizerError``.
    public static func open(_ name: String, randomSeed: UInt64? = nil, cache: HubCache = HubCache()) throws -> Model {
        if let preset = Preset.named(name) {
            if randomSeed == nil, preset.origin == .builtIn { return try builtIn(name) }
            if randomSeed == nil, let folder = snapshot(of: name, in: cache) {
                return try .checkpoint(folder, name: name, preset: preset)
            }
            return try .preset(preset, randomSeed: randomSeed)
        }
        let path = FilePath(raw: name)
        if try path.status() != nil { return try .checkpoint(path) }
        if let folder = snapshot(of: name, in: cache) { return try .checkpoint(folder, name: name) }
        let isPath =
            ["/", "."].contains { name.hasPrefix($0) }
            || (["/"] + TensorFiles.endings).contains { name.hasSuffix($0) }
        if isPath { throw FileError.missing(path) }
        if name.contains("/") || name == "distilgpt2", let reference = HubReference(name) {
            // A cache that may not be looked into is no cache without the model.
            _ = try cache.folder(of: reference).appending("snapshots").status()
            throw ModelError.notInCache(name, cache: cache.root)
        }
        throw ModelError.unknown(name, near: nearest(to: name, among: Preset.all.map(\.name) + ["distilgpt2"]))
    }

    /// The folder in the cache of the first model that a name may stand for and whose weights are there: a cache may hold a
    /// tokenizer alone, or an older folder that is whole beside a newer one that is not.
    public static func snapshot(of name: String, in cache: HubCache) -> FilePath? {
        HubReference.candidates(for: name).lazy.compactMap(cache.snapshot).first(where: TensorFiles.isThere)
    }

    /// The built-in nano-GPT, which sorts letters.
    ///
    /// - Throws: ``CheckpointError`` if the bytes inside the program were damaged.
    public static func nano() throws -> Model { try builtIn("nano") }

    /// The built-in model of language, trained on Jane Austen's six novels, with GPT-2's first 4,096 tokens.
    ///
    /// - Throws: ``CheckpointError`` if the bytes inside the program were damaged.
    public static func austen() throws -> Model { try builtIn("austen") }

    private static func builtIn(_ name: String) throws -> Model {
        guard let preset = Preset.named(name), let bytes = Embedded.weights(of: name) else {
            throw ModelError.unknown(name, near: [])
        }
        let file = try SafetensorsFile(ByteSource(permanent: bytes), path: "the built-in model")
        let checkpoint = try Checkpoint(TensorFiles(file), configuration: preset.configuration)
        return try Model(preset, Weights(.checkpoint(checkpoint)))
    }

    /// A preset with its own weights where they are on this machine, else with random ones of a seed where there is room
    /// for them, else as shapes only.
    ///
    /// - Throws: ``ModelError``, ``FileError``, ``CheckpointError`` or ``TokenizerError``.
    public static func open(_ preset: Preset, orRandom seed: UInt64, cache: HubCache = HubCache()) throws -> Model {
        let model = try open(preset.name, cache: cache)
        return model.state == .shapes && preset.fitsInMemory ? try .preset(preset, randomSeed: seed) : model
    }

    /// A preset, with random weights of a seed or, without one, as shapes only.
    ///
    /// - Throws: ``ModelError/doesNotFit(_:bytes:)`` when random weights are wanted and there is no room for them.
    public static func preset(_ preset: Preset, randomSeed: UInt64?) throws -> Model {
        if randomSeed != nil, !preset.fitsInMemory {
            throw ModelError.doesNotFit(preset.name, bytes: preset.weightBytes)
        }
        return try Model(preset, randomSeed.map { Weights(.random(seed: $0)) })
    }

    /// A preset with weights of its own, random ones or none.
    private init(_ preset: Preset, _ weights: Weights?) throws {
        let tokenizer: any Tokenizer =
            try preset.letters.map(CharacterTokenizer.init)
            ?? BytePairTokenizer.gpt2(count: preset.configuration.vocabularySize)
        self.init(
            name: preset.name, preset: preset, configuration: preset.configuration, weights: weights,
            tokenizer: tokenizer, sampling: preset.letters == nil ? .plain : .greedy, defaultPrompt: preset.prompt,
            endOfText: Set([tokenizer.endOfText].compactMap(\.self)))
    }

    /// A checkpoint: a weights file of any format, an index of shards, or the folder of either. Its shape is what the file
    /// says itself, or the `config.json` beside it.
    ///
    /// - Parameters:
    ///   - name: what it is called; nil for what its file or folder is called.
    ///   - preset: the preset whose weights these are.
    ///
    /// Its tokenizer is the one beside it; without one it takes ids only. One whose weights do not fit in memory has
    /// shapes only. With fewer tokens than GPT-2 it is a small model as nano is, and the likeliest token is taken unless
    /// told otherwise.
    ///
    /// - Throws: ``FileError``, ``CheckpointError`` or ``TokenizerError``.
    public static func checkpoint(_ path: FilePath, name: String? = nil, preset: Preset? = nil) throws -> Model {
        let files = try TensorFiles(path: path)
        let folder = files.path.removingLastComponent()
        let keys = try files.keys ?? ConfigurationKeys(path: folder.appending("config.json"))
        var configuration = try Configuration(keys, tensors: files.tensors)
        var checkpoint = try Checkpoint(files, configuration: configuration)
        // As transformers does: an unembedding of its own is used, whatever the configuration ties.
        let hasOwnUnembedding = checkpoint.storesOtherUnembedding
        if hasOwnUnembedding {
            configuration.tiesEmbeddings = false
            checkpoint = try Checkpoint(files, configuration: configuration)
        }
        let fits = 4 * configuration.parameterCount <= Machine.memory / 2
        // Ids need no tokenizer, so one that is of no use is no reason not to open the model.
        let (tokenizer, fault): ((any Tokenizer)?, TokenizerError?)
        do {
            (tokenizer, fault) = (
                try Checkpoints.tokenizer(
                    in: folder, of: keys.program, vocabularySize: configuration.vocabularySize), nil
            )
        } catch let error as TokenizerError {
            (tokenizer, fault) = (nil, error)
        } catch let error as FileError {
            (tokenizer, fault) = (nil, .unreadable(error))
        }
        let remarks = [
            tokenizer == nil ? "tokens by id" : nil,
            keys.program == .nanoGPT ? "as nanoGPT: GELU by erf" : nil,
            hasOwnUnembedding && keys.program == .transformers ? "its own lm_head, though the config ties it" : nil,
            checkpoint.impliesBiases ? "no biases: zeros" : nil,
            checkpoint.impliesTable ? "token table stored as lm_head.weight" : nil,
            checkpoint.isTransposed ? "linear weights [out, in]" : nil,
            checkpoint.unread.isEmpty ? nil : "unread: \(listed(checkpoint.unread))",
        ].compactMap(\.self)
        let end = try files.keys == nil ? Self.endOfText(keys, in: folder) : nil
        let prompt = "The trees"
        let isReadable = (try? tokenizer?.encode(Array(prompt.utf8), allowingSpecial: false)) != nil
        return Model(
            name: name ?? Self.name(of: path.isFolder ? path : files.path), preset: preset,
            configuration: configuration,
            weights: fits ? Weights(.checkpoint(checkpoint)) : nil, tokenizer: tokenizer, tokenizerFault: fault,
            sampling: configuration.vocabularySize < 50257 ? .greedy : .plain,
            defaultPrompt: isReadable ? prompt : "",
            endOfText: (end ?? Set([tokenizer?.endOfText].compactMap(\.self))).filter {
                (0..<configuration.vocabularySize).contains($0)
            },
            remark: remarks.isEmpty ? nil : remarks.joined(separator: " · "))
    }

    /// The tokens that end a text (`eos_token_id`: one or a list), as the files of transformers name them.
    private static func endOfText(_ keys: ConfigurationKeys, in folder: FilePath) throws -> Set<Int>? {
        let path = folder.appending("generation_config.json")
        let settings = try path.status() != nil ? ConfigurationKeys(path: path) : keys
        return try (settings.integers("eos_token_id") ?? keys.integers("eos_token_id")).map(Set.init)
    }

    /// What a checkpoint is called: by its folder where the file has a name that many have.
    private static func name(of path: FilePath) -> String {
        var path = path.lexicallyNormalized()
        if TensorFiles.usualNames.contains(path.lastComponent?.string ?? "") { _ = path.removeLastComponent() }
        // Of a path such as . or .. the folder has a name all the same.
        if path.isEmpty { path = "." }
        if path.lastComponent?.kind != .regular, let whole = path.withPlatformString({ realpath($0, nil) }) {
            path = FilePath(platformString: whole)
            free(whole)
        }
        return path.lastComponent.map { visible(FilePath(root: nil, [$0])) } ?? visible(path)
    }
}
