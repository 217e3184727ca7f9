public import Checkpoints

/// A GPT-2 checkpoint: every parameter of its configuration, found, of the right shape, and ready to be read.
///
/// Names may carry prefixes; causal-mask buffers and other extras are
/// ignored. Tensors that a model does without are implied: no biases at all are zeros, as nanoGPT's `bias=False` leaves
/// them, and an unembedding alone is the token table too, as safetensors' `save_model` writes shared tensors. Linear
/// weights may be stored [in, out] (Conv1D, as GPT-2 itself) or [out, in] (nn.Linear, as nanoGPT): the
/// whole checkpoint's `c_attn`, which is never square, tells which.
public struct Checkpoint: Sendable {
    /// The shape of the model.
    public let configuration: Configuration
    /// The files the tensors are in.
    public let files: TensorFiles
    /// Whether the model has no biases, which are zeros then.
    public let impliesBiases: Bool
    /// Whether the token table is stored as the unembedding that is tied to it.
    public let impliesTable: Bool
    private let names: TensorNames
    private let stored: [[UInt8]: StoredTensor]
    /// Whether linear weights are stored [out, in].
    public let isTransposed: Bool

    /// Checks that the files hold a model of this configuration.
    ///
    /// - Throws: ``CheckpointError`` that names the tensor.
    public init(_ files: TensorFiles, configuration: Configuration) throws(CheckpointError) {
        names = TensorNames(files.tensors.map(\.name))
        var stored: [[UInt8]: StoredTensor] = [:]
        for tensor in files.tensors {
            let name = names.plain(tensor.name)
            guard stored.updateValue(tensor, forKey: Array(name.utf8)) == nil else {
                throw .ambiguous(path: files.path, name: name)
            }
        }
        self.configuration = configuration
        self.files = files
        let table = Array(configuration.tokenTable.name.utf8)
        let head = stored[Self.head]
        impliesTable = configuration.tiesEmbeddings && stored[table] == nil && head != nil
        if impliesTable { stored[table] = head }
        let unreadable = Set(files.unreadable.keys.map(names.plain))
        let biases = configuration.parameters.filter(\.isBias)
        // What is there and cannot be read is not absent.
        let missing = biases.filter { stored[Array($0.name.utf8)] == nil && !unreadable.contains($0.name) }
        impliesBiases = missing.count == biases.count
        self.stored = stored
        let probe = configuration.attentionIn(block: 0).weight
        isTransposed = stored[Array(probe.name.utf8)]?.shape == probe.shape.reversed()
        for parameter in configuration.parameters where !parameter.isBias { try check(parameter) }
        if !impliesBiases {
            guard missing.isEmpty else {
                throw .someBiasesMissing(path: files.path, names: missing.map(\.name), of: biases.count)
            }
            for bias in biases { try check(bias) }
        }
        // Blocks beyond the configured ones would be left out without a word.
        let surplus = configuration.norm(1, block: configuration.layerCount).gamma.name
        guard stored[Array(surplus.utf8)] == nil, !unreadable.contains(surplus) else {
            throw .surplusBlock(path: files.path, name: surplus)
        }
    }

    private func check(_ parameter: Parameter) throws(CheckpointError) {
        guard let entry = stored[Array(parameter.name.utf8)] else {
            if let (name, reason) = files.unreadable.first(where: { names.plain($0.key) == parameter.name }) {
                throw .unreadableTensor(path: files.path, name: name, reason: reason)
            }
            throw .missingTensor(path: files.path, name: parameter.name, among: files.tensors.map(\.name))
        }
        let expected = isStoredTransposed(parameter) ? parameter.shape.reversed() : parameter.shape
        guard entry.shape == expected else {
            throw .wrongShape(path: files.path, name: entry.name, expected: expected, found: entry.shape)
        }
        switch entry.type {
        case .f32, .f16, .bf16, .f64: return
        default: throw .wrongType(path: files.path, name: entry.name, found: entry.type)
        }
    }

    /// Linear weights are all `c_…`; tables and the unembedding are stored alike in both layouts.
    private func isStoredTransposed(_ parameter: Parameter) -> Bool {
        isTransposed && parameter.shape.count == 2 && parameter.name.contains(".c_")
    }

    /// The numbers of a parameter of this configuration, matrices [in, out].
    func tensor(_ parameter: Parameter) -> Tensor {
        if impliesBiases, parameter.isBias { return Tensor(parameter.shape) { $0.update(repeating: 0) } }
        guard let stored = stored[Array(parameter.name.utf8)]?.numbers else {
            preconditionFailure("\(parameter.name) was checked when the file was opened")
        }
        guard isStoredTransposed(parameter) else { return stored }
        let (rows, columns) = (parameter.shape[0], parameter.shape[1])
        return Tensor(parameter.shape) { out in
            stored.withValues { stored in
                // Square by square, since either side is far apart in memory when the other is not.
                for top in stride(from: 0, to: rows, by: 32) {
                    for left in stride(from: 0, to: columns, by: 32) {
                        for row in top..<min(rows, top + 32) {
                            for column in left..<min(columns, left + 32) {
                                out[row * columns + column] = stored[column * rows + row]
                            }
                        }
                    }
                }
            }
        }
    }

    /// A matrix as it is stored, where that is [in, out] in 16 bits.
    func halves(_ parameter: Parameter) -> RowOperand? {
        guard parameter.shape.count == 2, !isStoredTransposed(parameter) else { return nil }
        return stored[Array(parameter.name.utf8)]?.halves
    }

    private static let head = Array("lm_head.weight".utf8)

    /// The tensors of the file that are no part of the model, as those of an adapter or of another head, by name; masks
    /// that every GPT-2 may carry are not among them.
    public var unread: [String] {
        let read = Set(configuration.parameters.map(\.name) + ["lm_head.weight"])
        return (files.tensors.map(\.name) + files.unreadable.keys.sorted()).filter { name in
            let plain = names.plain(name)
            return !read.contains(plain) && !Self.masks.contains { plain.hasSuffix($0) }
        }
    }

    private static let masks = [".attn.bias", ".attn.masked_bias"]

    /// Whether a stored unembedding differs from the token table that the configuration ties it to.
    var storesOtherUnembedding: Bool {
        guard configuration.tiesEmbeddings, let head = stored[Self.head],
            let table = stored[Array(configuration.tokenTable.name.utf8)]
        else { return false }
        return !head.hasSameBytes(as: table)
    }
}
