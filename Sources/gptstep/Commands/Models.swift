import Checkpoints
import ArgumentParser
import GPTEngine
import SystemPackage

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the presets and what of them is on this machine.",
        discussion: """
            loaded: trained weights are here, built in or in the Hugging Face cache. absent: they are not; \
            `gptstep pull NAME` fetches them, and the full screen opens with random ones. \
            shapes: the weights would not fit in memory, so there are shapes and costs only.
            """)

    @OptionGroup var output: OutputOptions

    func run() throws {
        let cache = HubCache()
        let rows = Preset.all.map { preset -> (preset: Preset, state: Model.State, path: FilePath?) in
            let path = preset.name == "nano" ? nil : Model.snapshot(of: preset.name, in: cache)
            let isHere = path != nil && preset.fitsInMemory
            return (preset, isHere ? .loaded : preset.availability, path)
        }
        let paths = rows.compactMap { row in row.path.map { "\(row.preset.name): \(visible($0))\n" } }.joined()
        try output.write(
            text: table(
                [
                    "name", "state", "blocks", "heads", "width", "context", "vocabulary", "parameters", "FLOPs/token",
                    "weights",
                ],
                rows.map { preset, state, _ in
                    let shape = preset.configuration
                    return [
                        preset.name, state.rawValue, "\(shape.layerCount)", "\(shape.headCount)", "\(shape.width)",
                        "\(shape.contextLength)", "\(shape.vocabularySize)", grouped(shape.parameterCount),
                        grouped(shape.flopsPerToken), byteCount(preset.weightBytes),
                    ]
                }, left: [0, 1]) + paths,
            json: .object([("models", .array(rows.map(Self.object)))]))
    }

    private static func object(_ preset: Preset, _ state: Model.State, _ path: FilePath?) -> JSON {
        let shape = preset.configuration
        return .object([
            ("name", .string(preset.name)), ("state", .string(state.rawValue)), ("blocks", .integer(shape.layerCount)),
            ("heads", .integer(shape.headCount)), ("width", .integer(shape.width)),
            ("context", .integer(shape.contextLength)), ("vocabulary", .integer(shape.vocabularySize)),
            ("parameters", .integer(shape.parameterCount)), ("flops_per_token", .integer(shape.flopsPerToken)),
            ("bytes", .integer(preset.weightBytes)), ("path", .string(orNull: path?.string)),
        ])
    }
}
