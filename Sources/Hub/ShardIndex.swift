import Foundation
import Checkpoints
import SystemPackage

/// The file that says which tensor is in which of many files.
///
/// Source: transformers' sharded checkpoints: `{"metadata": {…}, "weight_map": {"tensor": "file"}}`.
enum ShardIndex {
    /// How the names of such files end.
    static let ending = ".index.json"

    /// The names of the shards, in order.
    ///
    /// - Throws: ``HubError/badIndex(file:reason:)``, ``HubError/unsafeName(kind:name:)``.
    static func shards(of path: FilePath, name: String) throws(HubError) -> [String] {
        guard let size = RepositoryFolder.size(path), size <= 100_000_000 else {
            throw .badIndex(file: name, reason: "it has more than 100 MB")
        }
        guard let data = ByteSource.text(path).map({ Data($0.utf8) }),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let map = object["weight_map"] as? [String: String], !map.isEmpty
        else { throw .badIndex(file: name, reason: "a weight_map from tensors to files is expected") }
        let shards = Set(map.values).sorted()
        for shard in shards where !isShardName(shard) { throw .unsafeName(kind: "a shard", name: visible(shard)) }
        return shards
    }
}
