import Checkpoints
import Foundation
import GPTEngine
import SystemPackage

/// A folder with a tiny checkpoint in it, one file of which is replaced by what the fuzzer made up.
///
/// Everything goes through the same door as a user's files: `Model.checkpoint`.
public struct Workbench: Sendable {
    /// The folder.
    public let folder: String
    private let fuzzed: String

    /// Makes the folder; the file called `fuzzed` is left to the fuzzer, those in `leavingOut` out.
    public init(fuzzed: String, leavingOut: Set<String> = []) {
        folder = NSTemporaryDirectory() + "/checkpoint-\(ProcessInfo.processInfo.processIdentifier)"
        self.fuzzed = fuzzed
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let files: [String: (String) -> Void] = [
            "config.json": { path in write(Data(Self.configuration.utf8), to: path) },
            "model.safetensors": Self.writeCheckpoint, "shard.safetensors": Self.writeCheckpoint,
            "vocab.json": { path in write(Data(#"{"a": 0, "b": 1, "ab": 2}"#.utf8), to: path) },
            "merges.txt": { path in write(Data("a b\n".utf8), to: path) },
        ]
        for (name, make) in files where name != fuzzed && !leavingOut.contains(name) { make(folder + "/" + name) }
    }

    /// Puts bytes in the place of the fuzzed file and opens the folder as a model.
    ///
    /// A refusal must be one sentence; an accepted model must be able to run a token.
    public func open(_ bytes: UnsafeBufferPointer<UInt8>) {
        write(Data(buffer: bytes), to: folder + "/" + fuzzed)
        sentence {
            let model = try Model.open(folder)
            let ids = Array(model.defaultTokens.prefix(3))
            guard let weights = model.weights, !ids.isEmpty else { return }
            let program = Program.gpt2(model.configuration, tokenCount: ids.count)
            _ = try Trace(program: program, weights: weights, tokens: ids).logits(at: ids.count - 1)
            _ = ids.map(model.label)
            if let fault = model.tokenizerFault { throw fault }
        }
    }

    /// Opens bytes as a weights file of whatever format, and reads the numbers of every tensor that is small.
    public func openWeights(_ bytes: [UInt8]) {
        let path = folder + "/" + fuzzed
        write(Data(bytes), to: path)
        sentence {
            for tensor in try TensorFiles(path: FilePath(raw: path)).tensors where tensor.byteCount < 1 << 16 {
                precondition(tensor.numbers.map { $0.values.count <= 1 << 16 } ?? true)
            }
        }
    }

    /// Opens bytes as the `meta.pkl` of a model with a small vocabulary.
    public func openCharacters(_ bytes: [UInt8]) {
        let path = folder + "/" + fuzzed
        write(Data(bytes), to: path)
        sentence {
            let tokenizer = try CharacterTokenizer(metadata: FilePath(raw: path), vocabularySize: 3)
            for id in 0..<3 {
                guard let bytes = tokenizer.bytes(of: id) else { continue }
                let ids = try tokenizer.encode(bytes)
                precondition(ids == [id], "\(bytes) is another token than \(id)")
            }
        }
    }

    private func sentence(_ body: () throws -> Void) {
        do { try body() } catch {
            let sentence = "\(error)"
            precondition(sentence.hasSuffix(".") && !sentence.contains("\n"), "no sentence: \(sentence)")
        }
    }

    /// One block, two heads, four channels, five tokens.
    private static let configuration =
        #"{"model_type": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 4, "n_positions": 6, "vocab_size": 5}"#

    private static func writeCheckpoint(to path: String) {
        do {
            let shape = try Configuration(
                layerCount: 1, headCount: 2, width: 4, contextLength: 6, vocabularySize: 5)
            var file = SafetensorsWriter()
            let weights = Weights(.random(seed: 1))
            for parameter in shape.parameters {
                file.add(parameter.name, shape: parameter.shape) { weights[parameter] }
            }
            try file.write(to: FilePath(raw: path))
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

private func write(_ data: Data, to path: String) {
    precondition(FileManager.default.createFile(atPath: path, contents: data), "\(path) cannot be written")
}
