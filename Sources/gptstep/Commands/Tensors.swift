import ArgumentParser
import Foundation
import GPTEngine

struct Tensors: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what a safetensors file or a checkpoint folder holds, or one tensor's statistics.",
        discussion: "The header is checked strictly, so this also tells whether a file is whole.")

    @Argument(help: "A .safetensors file, or a folder with model.safetensors.")
    var file: String
    @Argument(help: "A tensor's name, for its statistics.")
    var name: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
        let path = exists && isFolder.boolValue ? (file as NSString).appendingPathComponent("model.safetensors") : file
        let safetensors = try SafetensorsFile(path: path)
        if let name { return try describe(name, in: safetensors) }
        try output.write(
            text: table(
                ["name", "type", "shape", "bytes"],
                safetensors.header.entries.map {
                    [visible($0.name), $0.type.rawValue, "\($0.shape)", grouped($0.range.count)]
                }, left: [0, 1, 2]),
            json: .object([
                ("file", .string(path)),
                ("metadata", .object(safetensors.header.metadata.sorted { $0.key < $1.key }.map { ($0, .string($1)) })),
                ("tensors", .array(safetensors.header.entries.map { .object(Self.fields($0)) })),
            ]))
    }

    private static func fields(_ entry: SafetensorsHeader.Entry) -> [(String, JSON)] {
        [
            ("name", .string(entry.name)), ("dtype", .string(entry.type.rawValue)), ("shape", .integers(entry.shape)),
            ("bytes", .integer(entry.range.count)),
        ]
    }

    private func describe(_ name: String, in file: SafetensorsFile) throws {
        guard let entry = file.header.entries.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            let near = nearest(to: name, among: file.header.entries.map(\.name)).map(visible)
            let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
            throw UsageError("\(file.path) has no tensor \"\(visible(name))\".\(hint)")
        }
        guard let tensor = file.tensor(entry) else {
            throw UsageError(
                "\(visible(name)) holds \(entry.type.rawValue); statistics are for floating-point numbers.")
        }
        let statistics = tensor.statistics
        try output.write(
            text: table(
                ["tensor", visible(name)],
                [
                    ["type", entry.type.rawValue], ["shape", "\(entry.shape)"], ["numbers", grouped(tensor.count)],
                    ["not finite", grouped(tensor.count - statistics.count)],
                    ["smallest", "\(statistics.minimum)"], ["largest", "\(statistics.maximum)"],
                    ["mean", String(format: "%.9g", statistics.mean)],
                    ["deviation", String(format: "%.9g", statistics.deviation)],
                ], left: [0, 1]),
            json: .object([
                ("file", .string(file.path)),
                (
                    "tensors",
                    .array([
                        .object(
                            Self.fields(entry) + [
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
