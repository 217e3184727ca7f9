public import Checkpoints
import Foundation

/// The values of a pass that was recorded in a trace file: read where they are, and never computed.
///
/// What the file lacks is absent as ``Absence/notRecorded``: whatever looks at a pass can look at a recorded one.
///
/// ```swift
/// let recording = try Recording(SafetensorsFile(path: "pass.safetensors"))
/// let pattern = try recording.program.quantity(at: "blocks.0.attn.pattern").node
/// try recording.peek(pattern)  // [head, query, key]
/// ```
///
/// Format: safetensors with TransformerLens hook names, as ``Trace/file(model:sampling:)`` writes it.
public final class Recording: Values {
    /// The operations that the file says were run.
    public let program: Program
    /// The token ids of the pass, [T].
    public let tokens: [Int]
    private let tensors: [String: StoredTensor]

    /// Reads what a trace file says of itself; its numbers are read as they are asked for.
    ///
    /// - Throws: ``CheckpointError`` where it is no trace, ``ConfigurationError`` where it tells of no model.
    public init(_ file: SafetensorsFile) throws {
        let facts = file.header.metadata
        func number(_ name: String) throws(CheckpointError) -> Int {
            guard let number = facts[name].flatMap(Int.init) else {
                throw .notConfiguration(path: file.path, reason: "its metadata has no whole number under \(name)")
            }
            return number
        }
        guard facts["format"] == "gpt-trace" else {
            throw CheckpointError.otherKind(path: file.path, reason: "its metadata does not say format=gpt-trace")
        }
        guard let activation = facts["act_fn"].flatMap(Activation.init(rawValue:)) else {
            throw CheckpointError.notConfiguration(
                path: file.path, reason: "its metadata has no activation that is known under act_fn")
        }
        let configuration = try Configuration(
            layerCount: number("n_layer"), headCount: number("n_head"), width: number("d_model"),
            contextLength: number("n_ctx"), vocabularySize: number("n_vocab"), mlpWidth: number("d_mlp"),
            activation: activation, layerNormEpsilon: facts["ln_eps"].flatMap(Float.init) ?? 1e-5,
            scalesScores: facts["scale_attn_weights"].flatMap(Bool.init) ?? true,
            scalesScoresByBlock: facts["scale_attn_by_inverse_layer_idx"].flatMap(Bool.init) ?? false)
        tensors = Dictionary(file.tensors.map { ($0.name, $0) }) { first, _ in first }
        guard let ids = tensors["tokens"] else {
            throw CheckpointError.missingTensor(path: file.path, name: "tokens", among: Array(tensors.keys.sorted()))
        }
        tokens = try Self.tokens(ids, configuration, file)
        program = .gpt2(configuration, tokenCount: tokens.count)
        for node in program.nodes {
            guard let tensor = tensors[node.hook ?? node.address], !node.isTokens, tensor.shape != node.shape else {
                continue
            }
            throw CheckpointError.wrongShape(
                path: file.path, name: tensor.name, expected: node.shape, found: tensor.shape)
        }
    }

    private static func tokens(
        _ tensor: StoredTensor, _ shape: Configuration, _ file: SafetensorsFile
    ) throws(CheckpointError) -> [Int] {
        let count = tensor.shape.count == 1 ? tensor.shape[0] : -1
        guard (1...shape.contextLength).contains(count) else {
            throw .wrongShape(path: file.path, name: "tokens", expected: [shape.contextLength], found: tensor.shape)
        }
        let bytes = tensor.bytes
        let ids: [Int]
        switch tensor.type {
        case .i64:
            ids = (0..<count).map {
                Int(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
            }
        case .i32: ids = (0..<count).map { Int(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
        default: throw .unreadableTensor(path: file.path, name: "tokens", reason: "ids are I64 or I32")
        }
        guard ids.allSatisfy((0..<shape.vocabularySize).contains) else {
            throw .unreadableTensor(path: file.path, name: "tokens", reason: "an id is outside the vocabulary")
        }
        return ids
    }

    /// All rows of an operation's value, with its scale beside them where that was recorded.
    ///
    /// - Throws: ``Absence/notRecorded``.
    public func peek(_ node: Int, rows: Range<Int>) throws(Absence) -> Rows {
        let place = program.nodes[node]
        guard node <= program.logitsIndex, let value = tensors[place.hook ?? place.address]?.numbers else {
            guard node == 0 else { throw .notRecorded }
            return Rows(
                positions: tokens.indices, outcome: Outcome(value: Tensor([tokens.count], tokens.map(Float.init))))
        }
        var outcome = Outcome(value: value)
        for statistic in place.statistics {
            let names = place.names(of: statistic)
            guard let kept = tensors[names.hook ?? names.address]?.numbers else { continue }
            let shape = place.extent(of: statistic).shape
            if kept.count == shape.reduce(1, *) { outcome.statistics[statistic] = kept.reshaped(shape) }
        }
        guard node == program.logitsIndex else { return Rows(positions: tokens.indices, outcome: outcome) }
        return Rows(positions: rows, outcome: Outcome(value: value.rows(rows)))
    }

    /// A trace holds no weights.
    ///
    /// - Throws: ``Absence/notRecorded``.
    public func weight(_ parameter: Parameter) throws(Absence) -> Tensor { throw .notRecorded }

    /// The answer itself after the last stream; those of others are not recorded.
    ///
    /// - Throws: ``Absence/notRecorded``.
    public func lens(after stream: Int, at position: Int) throws(Absence) -> Tensor {
        guard stream == program.streams.last else { throw .notRecorded }
        return try peekLogits(at: position)
    }

    /// What the recorded logits say comes after a position.
    ///
    /// - Throws: ``Absence/notRecorded``.
    public func prediction(at position: Int, sampling: Sampling) throws(Absence) -> Prediction {
        Prediction(position: position, logits: try peekLogits(at: position), sampling: sampling)
    }

    /// Nothing can be done about what is not there.
    public func work(toward wanted: [Wanted]) -> Bool { false }
}
