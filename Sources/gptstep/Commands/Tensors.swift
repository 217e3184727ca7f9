import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import SystemPackage

struct Tensors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what a weights file or a checkpoint folder holds, or one tensor's statistics.",
        discussion: """
            Of safetensors, of what torch.save writes (pytorch_model.bin, nanoGPT's ckpt.pt) and of llm.c's .bin. What a \
            file says of itself is checked strictly, so this also tells whether it is whole. Of a PyTorch file it lists \
            the state_dict; nothing in it is run.
            """)

    @Argument(help: "A weights file, an index of shards, or the folder of either.")
    var file: String
    @Argument(help: "A tensor's name, for its statistics.")
    var name: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let files = try TensorFiles(path: FilePath(raw: file))
        if let name { return try describe(name, in: files) }
        try output.write(
            text: table(
                ["name", "type", "shape", "bytes"],
                files.tensors.map {
                    [visible($0.name), $0.type.rawValue, visible($0.shape), grouped($0.byteCount)]
                }, left: [0, 1, 2])
                + files.unreadable.sorted { $0.key < $1.key }.map { "\(visible($0.key)): \($0.value)\n" }.joined(),
            json: .object([
                ("file", .string(files.path.string)), ("format", .string(files.format.rawValue)),
                ("metadata", .object(files.metadata.sorted { $0.key < $1.key }.map { ($0, .string($1)) })),
                ("tensors", .array(files.tensors.map { .object(Self.fields($0)) })),
                (
                    "unreadable",
                    .array(
                        files.unreadable.sorted { $0.key < $1.key }.map {
                            .object([("name", .string($0.key)), ("reason", .string($0.value))])
                        })
                ),
            ]))
    }

    private static func fields(_ tensor: StoredTensor) -> [(String, JSON)] {
        [
            ("name", .string(tensor.name)), ("dtype", .string(tensor.type.rawValue)),
            ("shape", .array(tensor.shape.map { .unsigned(UInt(bitPattern: $0)) })),
            ("bytes", .integer(tensor.byteCount)),
        ]
    }

    private func describe(_ name: String, in files: TensorFiles) throws {
        guard let stored = files.tensors.first(where: { $0.name.utf8.elementsEqual(RawText.bytes(name)) }) else {
            if let reason = files.unreadable[name] {
                throw UsageError("\(visible(name)) has no statistics: \(reason).")
            }
            let near = nearest(to: name, among: files.tensors.map(\.name)).map(visible)
            let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
            throw UsageError("\(visible(files.path)) has no tensor \"\(visible(name))\".\(hint)")
        }
        guard let tensor = stored.numbers else {
            throw UsageError(
                "\(visible(name)) holds \(stored.type.rawValue); statistics are for floating-point numbers.")
        }
        let statistics = tensor.statistics
        try output.write(
            text: table(
                ["tensor", visible(name)],
                [
                    ["type", stored.type.rawValue], ["shape", visible(stored.shape)],
                    ["numbers", grouped(tensor.count)],
                    ["not finite", grouped(tensor.count - statistics.count)],
                    ["smallest", "\(statistics.minimum)"], ["largest", "\(statistics.maximum)"],
                    ["mean", String(format: "%.9g", statistics.mean)],
                    ["deviation", String(format: "%.9g", statistics.deviation)],
                ], left: [0, 1]),
            json: .object([
                ("file", .string(files.path.string)),
                (
                    "tensors",
                    .array([
                        .object(
                            Self.fields(stored) + [
                                ("not_finite", .integer(tensor.count - statistics.count)),
                                ("min", .number(Double(statistics.minimum))),
                                ("max", .number(Double(statistics.maximum))),
                                ("mean", .number(statistics.mean)), ("std", .number(statistics.deviation)),
                            ])
                    ])
                ),
            ]))
    }
}
