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
    public init(_ settings: HubSettings, report: @escaping (PullEvent) -> Void = { _ in }) {
        client = HubClient(settings, report: report)
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
        for file in files { try download(file, reference, folder) }
        for file in files { try folder.show(file) }
        try folder.note(reference, commit: configuration.commit)
        return snapshot(reference, at: folder.snapshot(configuration.commit), files: files.map(\.name))
    }

    /// What the cache has of a model, where that is all that a model needs.
    private func complete(_ reference: HubReference) -> Snapshot? {
        guard let path = client.settings.cache.snapshot(of: reference) else { return nil }
        let has = { (name: String) in RepositoryFolder.size(path.appending(name)) != nil }
        let shards = try? ShardIndex.shards(of: path.appending(ShardIndex.name), name: ShardIndex.name)
        guard has("config.json"), has("model.safetensors") || shards?.allSatisfy(has) == true else { return nil }
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
        let weights = try metadata("model.safetensors")
        let index = weights == nil ? try metadata(ShardIndex.name) : nil
        if weights == nil, index == nil {
            for name in ["pytorch_model.bin", "pytorch_model.bin.index.json"] where try metadata(name) != nil {
                throw HubError.pickleOnly(name: "\(reference)")
            }
            throw HubError.missingFile(name: "\(reference)", file: "model.safetensors")
        }
        for name in [
            "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt",
            "tokenizer.json",
        ] {
            if let file = try metadata(name) { files.append(file) }
        }
        if let weights { return files + [weights] }
        guard let index else { return files }
        // Which shards there are, only the index tells.
        try download(index, reference, folder)
        let shards = try ShardIndex.shards(of: folder.present(index) ?? folder.blob(index), name: index.name)
        return try files + [index]
            + shards.map { name throws(HubError) in
                guard let file = try metadata(name) else {
                    throw .missingFile(name: "\(reference)", file: visible(name))
                }
                return file
            }
    }

    private func download(_ file: RemoteFile, _ reference: HubReference, _ folder: RepositoryFolder) throws {
        try BlobDownload(client: client, reference: reference, folder: folder, file: file, report: report).run()
    }
}
