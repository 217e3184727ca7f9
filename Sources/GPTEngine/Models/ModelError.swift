import Checkpoints
public import SystemPackage

/// Why a model cannot be opened.
public enum ModelError: Error, Hashable, CustomStringConvertible {
    /// Neither a preset nor a file, a folder or a name in the cache.
    case unknown(String, near: [String])
    /// A name of the hub that is not in the cache.
    case notInCache(String, cache: FilePath)
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
            "There is no model \"\(visible(name))\": neither a preset (\(Preset.all.map(\.name).joined(separator: ", "))), nor a file or folder, nor a name in the Hugging Face cache."
                + (near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?")
        case .notInCache(let name, let cache):
            "\(visible(name)) is neither a file or folder here nor in the Hugging Face cache at \(visible(cache))."
        case .doesNotFit(let name, let bytes):
            "\(name) needs \(byteCount(bytes)) for its weights, more than half of the \(byteCount(Machine.memory)) of memory here."
        case .noWeights(let name):
            "The weights of \(name) are not on this machine."
        case .shapesOnly(let name, let bytes):
            "\(name) has shapes only: its weights would take \(byteCount(bytes))."
        }
    }
}
