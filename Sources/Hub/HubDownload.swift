import Foundation
public import Checkpoints
public import SystemPackage

/// Fetches a model from a hub into the cache that Hugging Face's tools share, so that each finds what another fetched.
///
/// The contents are named by their hashes and checked; a model shows up under its name only when all of it is there, and
/// what an interrupted download leaves is gone on with by the next one.
///
/// Source: the hub's documentation of the local cache, and `huggingface_hub` 2.4.0.
public struct HubDownload {
    private let client: HubClient
    private let report: (PullEvent) -> Void

    /// A download that tells `report` how it goes.
    ///
    /// - Parameter goOn: is called at least four times a second while something is waited for, and throws
    ///   ``HubError/interrupted`` to end it.
    public init(
        _ settings: HubSettings, report: @escaping (PullEvent) -> Void = { _ in },
        goOn: @escaping () throws(HubError) -> Void = {}
    ) {
        client = HubClient(settings, report: report, goOn: goOn)
        self.report = report
    }

    /// A model in the cache.
    public struct Snapshot: Hashable, Sendable {
        /// What the name stood for.
        public let reference: HubReference
        /// The commit of all files.
        public let commit: String
        /// The folder with the files.
        public let path: FilePath
        /// The files with their sizes in bytes.
        public let files: [File]

        /// A file of a model.
        public struct File: Hashable, Sendable {
            /// Its name.
            public let name: String
            /// Its size.
            public let bytes: Int
        }
    }

    /// Fetches the first of the candidates that the hub knows, whatever of it is not here yet.
    ///
    /// - Throws: ``HubError``, and `FileError` when the cache cannot be written.
    public func fetch(_ candidates: [HubReference]) throws -> Snapshot {
        let settings = client.settings
        if let variable = settings.offlineVariable {
            if let known = candidates.lazy.compactMap(complete).first { return known }
            throw HubError.offline(
                variable: variable, names: candidates.map(\.description), folder: settings.cache.root)
        }
        let (reference, configuration) = try find(candidates)
        let folder = RepositoryFolder(reference, settings: settings)
        let files = try wanted(reference, configuration, folder)
        report(.found(name: "\(reference)", commit: configuration.commit, files: files.count))
        // The small ones come first, so that the configuration is here to say how large the weights can be.
        for file in files { try download(file, reference, folder, most: mostBytes(of: file, configuration, folder)) }
        for file in files { try folder.show(file) }
        try folder.note(reference, commit: configuration.commit)
        return snapshot(reference, at: folder.snapshot(configuration.commit), files: files.map(\.name))
    }

    /// What the cache has of a model, where that is all that a model needs.
    private func complete(_ reference: HubReference) -> Snapshot? {
        guard let path = client.settings.cache.snapshot(of: reference) else { return nil }
        let has = { (name: String) in RepositoryFolder.size(path.appending(name)) != nil }
        guard has("config.json"), TensorFiles.isThere(path) else { return nil }
        let files = ((try? path.names()) ?? []).map(\.string)
        return snapshot(reference, at: path, files: files.filter { !$0.hasPrefix(".") && has($0) }.sorted())
    }

    private func snapshot(_ reference: HubReference, at path: FilePath, files: [String]) -> Snapshot {
        Snapshot(
            reference: reference, commit: path.lastComponent?.string ?? "", path: path,
            files: files.map { .init(name: $0, bytes: RepositoryFolder.size(path.appending($0)) ?? 0) })
    }

    /// The first candidate that the hub knows, with its configuration.
    private func find(_ candidates: [HubReference]) throws(HubError) -> (HubReference, RemoteFile) {
        var failure: HubError?
        for reference in candidates {
            do throws(HubError) {
                guard let file = try client.metadata(of: "config.json", in: reference) else {
                    throw .missingFile(name: "\(reference)", file: "config.json")
                }
                return (reference, file)
            } catch let error {
                switch error {
                case .unknownModel: failure = failure ?? error
                // Without a token, a hub may say 401 for what it does not have.
                case .refused(_, _, status: 401, _, _): failure = error
                default: throw error
                }
            }
        }
        guard case .refused = failure else {
            throw .unknownModel(names: candidates.map(\.description), endpoint: client.endpoint)
        }
        throw failure ?? .unknownModel(names: [], endpoint: client.endpoint)
    }

    /// All files of a model, the small ones first.
    private func wanted(
        _ reference: HubReference, _ configuration: RemoteFile, _ folder: RepositoryFolder
    ) throws -> [RemoteFile] {
        let metadata = { (name: String) throws(HubError) in
            try client.metadata(of: name, in: reference, commit: configuration.commit)
        }
        var files = [configuration]
        var weights: RemoteFile?
        for name in TensorFiles.hubNames where weights == nil { weights = try metadata(name) }
        guard let weights else { throw HubError.missingFile(name: "\(reference)", file: TensorFiles.hubNames[0]) }
        for name in Self.smallNames {
            if let file = try metadata(name) { files.append(file) }
        }
        guard weights.name.hasSuffix(".json") else { return files + [weights] }
        // Which shards there are, only the index tells.
        try download(weights, reference, folder)
        let shards: [String]
        do { shards = try ShardIndex(path: folder.present(weights) ?? folder.blob(weights)).shards } catch {
            guard case CheckpointError.notIndex(_, let reason) = error else { throw error }
            throw HubError.badIndex(file: weights.name, reason: reason)
        }
        return try files + [weights]
            + shards.map { name throws(HubError) in
                guard let file = try metadata(name) else {
                    throw .missingFile(name: "\(reference)", file: visible(name))
                }
                return file
            }
    }

    /// What a model may have besides its configuration.
    private static let smallNames = [
        "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt", "tokenizer.json",
    ]

    private func mostBytes(of file: RemoteFile, _ configuration: RemoteFile, _ folder: RepositoryFolder) -> Int {
        guard TensorFiles.endings.contains(where: file.name.hasSuffix), let path = folder.present(configuration),
            let keys = try? ConfigurationKeys(path: path)
        else { return MostBytes.small }
        return MostBytes.weights(keys)
    }

    private func download(
        _ file: RemoteFile, _ reference: HubReference, _ folder: RepositoryFolder, most: Int = MostBytes.small
    ) throws {
        try BlobDownload(
            client: client, reference: reference, folder: folder, file: file, most: most, report: report
        ).run()
    }
}
