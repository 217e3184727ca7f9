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
        ]
        for (name, make) in files where name != fuzzed && !leavingOut.contains(name) { make(folder + "/" + name) }
    }

    /// Puts bytes in the place of the fuzzed file and opens the folder as a model.
    ///
    /// A refusal must be one sentence; an accepted model must be able to run a token.
    public func open(_ bytes: UnsafeBufferPointer<UInt8>) {
        write(Data(buffer: bytes), to: folder + "/" + fuzzed)
        do {
            let model = try Model.open(folder)
            let ids = Array(model.defaultTokens.prefix(3))
            guard let weights = model.weights, !ids.isEmpty else { return }
            let program = Program.gpt2(model.configuration, tokenCount: ids.count)
            _ = try Trace(program: program, weights: weights, tokens: ids).logits(at: ids.count - 1)
            _ = ids.map(model.label)
        } catch {
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
