public import SystemPackage

/// Why files do not make a checkpoint.
public enum CheckpointError: Error, Hashable, CustomStringConvertible {
    /// The bytes break the rules of the format.
    case notSafetensors(path: FilePath, reason: SafetensorsError)
    /// Something else stands in its place.
    case otherKind(path: FilePath, reason: String)
    /// What looks like a file of PyTorch is none that can be read.
    case notPyTorch(path: FilePath, reason: String)
    /// The bytes break the rules of llm.c's format.
    case notLlmC(path: FilePath, reason: String)
    /// The configuration is broken, or asks for what is not understood.
    case notConfiguration(path: FilePath, reason: String)
    /// A parameter that the configuration needs is not there.
    case missingTensor(path: FilePath, name: String, among: [String])
    /// Some biases are there and others are not: which would be zeros, nobody has said.
    case someBiasesMissing(path: FilePath, names: [String], of: Int)
    /// A parameter is there in a form that is not read.
    case unreadableTensor(path: FilePath, name: String, reason: String)
    /// A parameter has another shape than the configuration says.
    case wrongShape(path: FilePath, name: String, expected: [Int], found: [Int])
    /// A parameter is not made of floating-point numbers of 16 bits or more.
    case wrongType(path: FilePath, name: String, found: ElementType)
    /// Two tensors would be the same parameter.
    case ambiguous(path: FilePath, name: String)
    /// The file has more blocks than the configuration.
    case surplusBlock(path: FilePath, name: String)
    /// An index that names no shards that could be opened.
    case notIndex(path: FilePath, reason: String)
    /// A folder without weights, or with several that might be meant.
    case noWeights(folder: FilePath, candidates: [String], hint: String?)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .notSafetensors(let path, let reason):
            "\(visible(path)) is not a whole safetensors file: \(reason.description)."
        case .otherKind(let path, let reason): "\(visible(path)) is not a weights file: \(reason)."
        case .notPyTorch(let path, let reason):
            "\(visible(path)) is no checkpoint of PyTorch that can be read: \(reason)."
        case .notLlmC(let path, let reason): "\(visible(path)) is no checkpoint of llm.c that can be read: \(reason)."
        case .notConfiguration(let path, let reason):
            "\(visible(path)) does not describe a GPT-2 that can be run: \(reason)."
        case .missingTensor(let path, let name, let others):
            "\(visible(path)) has no tensor \(name), which is needed"
                + (others.isEmpty ? "." : "; it has \(listed(others)).")
        case .unreadableTensor(let path, let name, let reason):
            "In \(visible(path)) the tensor \(visible(name)) cannot be read: \(reason)."
        case .someBiasesMissing(let path, let names, let count):
            "\(visible(path)) has some biases and lacks \(names.count) of \(count): \(listed(names)). Without any they would be zeros."
        case .wrongShape(let path, let name, let expected, let found):
            "In \(visible(path)) the tensor \(visible(name)) has the shape \(visible(found)); its configuration needs \(expected)."
        case .wrongType(let path, let name, let found):
            "In \(visible(path)) the tensor \(visible(name)) holds \(found.rawValue); F32, F16, BF16 or F64 is expected."
        case .ambiguous(let path, let name):
            "\(visible(path)) holds the tensor \(visible(name)) twice, under different prefixes."
        case .surplusBlock(let path, let name):
            "\(visible(path)) holds \(name), a block beyond the n_layer of its configuration."
        case .notIndex(let path, let reason): "\(visible(path)) is not an index of weights files: \(reason)."
        case .noWeights(let folder, let candidates, let hint):
            candidates.isEmpty
                ? "The folder \(visible(folder)) holds no weights: neither model.safetensors, pytorch_model.bin, ckpt.pt nor another .safetensors, .bin, .pt, .pth or .ckpt file."
                    + (hint.map { " \($0)." } ?? "")
                : "The folder \(visible(folder)) holds several weights files (\(listed(candidates))); name one of them."
        }
    }
}
