import ArgumentParser
import GPTEngine

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the presets and what of them is on this machine.",
        discussion: """
            loaded: trained weights are here. absent: they are not; the full screen then opens with random ones. \
            shapes: the weights would not fit in memory, so there are shapes and costs only.
            """)

    @OptionGroup var output: OutputOptions

    func run() throws {
        try output.write(
            text: table(
                [
                    "name", "state", "blocks", "heads", "width", "context", "vocabulary", "parameters", "FLOPs/token",
                    "weights",
                ],
                Preset.all.map { preset in
                    let shape = preset.configuration
                    return [
                        preset.name, preset.availability.rawValue, "\(shape.layerCount)", "\(shape.headCount)",
                        "\(shape.width)", "\(shape.contextLength)", "\(shape.vocabularySize)",
                        grouped(shape.parameterCount), grouped(shape.flopsPerToken), byteCount(preset.weightBytes),
                    ]
                }, left: [0, 1]),
            json: .object([
                (
                    "models",
                    .array(
                        Preset.all.map { preset in
                            let shape = preset.configuration
                            return .object([
                                ("name", .string(preset.name)), ("state", .string(preset.availability.rawValue)),
                                ("blocks", .integer(shape.layerCount)), ("heads", .integer(shape.headCount)),
                                ("width", .integer(shape.width)), ("context", .integer(shape.contextLength)),
                                ("vocabulary", .integer(shape.vocabularySize)),
                                ("parameters", .integer(shape.parameterCount)),
                                ("flops_per_token", .integer(shape.flopsPerToken)),
                                ("bytes", .integer(preset.weightBytes)), ("path", .null),
                            ])
                        })
                )
            ]))
    }
}
