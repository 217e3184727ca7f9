import ArgumentParser
import Checkpoints
import GPTEngine
import SystemPackage

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the presets, what is on this machine, and what any checkpoint holds.",
        discussion: """
            loaded: trained weights are here, built in or in the Hugging Face cache. absent: they are not; \
            `gptstep pull NAME` fetches them, and the full screen opens with random ones. \
            shapes: the weights would not fit in memory, so there are shapes and costs only. Other GPT-2s in the cache \
            follow. Below the table stands where each is, and what was implied or left unread when it was opened.
            """)

    @Argument(help: "Checkpoints to describe instead: files, folders, or ORG/NAME from the cache.")
    var names: [String] = []
    @OptionGroup var output: OutputOptions

    /// One model with what is known of it.
    private struct Row {
        let preset: Preset
        var state: Model.State
        var path: FilePath?
        var model: Model?
        /// Why weights that are there cannot be used.
        var fault: String?

        /// What should be known about it.
        var remark: String? { fault ?? model?.remark }
    }

    func run() throws {
        let rows = names.isEmpty ? Self.all() : try names.map(Self.row)
        let notes = rows.compactMap { row -> String? in
            guard let path = row.path else { return nil }
            return "\(visible(row.preset.name)): \(visible(path))" + (row.remark.map { " (\($0))" } ?? "") + "\n"
        }
        try output.write(
            text: table(
                [
                    "name", "state", "blocks", "heads", "width", "context", "vocabulary", "parameters", "FLOPs/token",
                    "weights",
                ],
                rows.map { row in
                    let shape = row.preset.configuration
                    return [
                        visible(row.preset.name), row.state.rawValue, "\(shape.layerCount)", "\(shape.headCount)",
                        "\(shape.width)", "\(shape.contextLength)", "\(shape.vocabularySize)",
                        grouped(shape.parameterCount), grouped(shape.flopsPerToken), byteCount(row.preset.weightBytes),
                    ]
                }, left: [0, 1]) + notes.joined(),
            json: .object([("models", .array(rows.map(Self.object)))]))
    }

    private static func row(_ name: String) throws -> Row {
        let model = try Model.open(name)
        let path = FilePath(raw: name)
        return Row(
            preset: Preset(name: model.name, configuration: model.configuration), state: model.state,
            path: model.files?.path ?? (path.exists ? path : nil), model: model)
    }

    /// The presets, and what else is in the cache.
    private static func all() -> [Row] {
        let cache = HubCache()
        var rows = Preset.all.map { preset -> Row in
            var row = Row(preset: preset, state: preset.availability)
            guard preset.origin == .hub, let path = Model.snapshot(of: preset.name, in: cache) else { return row }
            row.path = path
            do {
                row.model = try Model.checkpoint(path, name: preset.name, preset: preset)
                row.state = row.model?.state ?? row.state
            } catch {
                row.fault = "\(error)"
            }
            return row
        }
        let shown = Set(rows.compactMap(\.path))
        for reference in cache.references {
            // Only what says that it is a GPT-2 and has weights is opened.
            guard let path = cache.snapshot(of: reference), !shown.contains(path), TensorFiles.isThere(path),
                let keys = try? ConfigurationKeys(path: path.appending("config.json")),
                (try? keys.string("model_type")) == "gpt2", let configuration = try? Configuration(keys)
            else { continue }
            var row = Row(
                preset: Preset(name: "\(reference)", configuration: configuration), state: .absent, path: path)
            do {
                row.model = try Model.checkpoint(path, name: "\(reference)")
                row.state = row.model?.state ?? row.state
            } catch {
                row.fault = "\(error)"
            }
            rows.append(row)
        }
        return rows
    }

    private static func object(_ row: Row) -> JSON {
        let shape = row.preset.configuration
        return .object([
            ("name", .string(row.preset.name)), ("state", .string(row.state.rawValue)),
            ("blocks", .integer(shape.layerCount)), ("heads", .integer(shape.headCount)),
            ("width", .integer(shape.width)),
            ("context", .integer(shape.contextLength)), ("vocabulary", .integer(shape.vocabularySize)),
            ("parameters", .integer(shape.parameterCount)), ("flops_per_token", .integer(shape.flopsPerToken)),
            ("bytes", .integer(row.preset.weightBytes)), ("path", .string(orNull: row.path?.string)),
            ("format", .string(orNull: row.model?.files?.format.rawValue)),
            ("activation", .string(shape.activation.rawValue)),
            (
                "tokenizer",
                .string(orNull: row.model?.tokenizer.map { $0 is CharacterTokenizer ? "characters" : "byte pairs" })
            ),
            ("linear_weights", .string(orNull: row.model?.isTransposed.map { $0 ? "[out, in]" : "[in, out]" })),
            ("remark", .string(orNull: row.remark)),
            ("unread", .array((row.model?.unread ?? []).map(JSON.string))),
        ])
    }
}
