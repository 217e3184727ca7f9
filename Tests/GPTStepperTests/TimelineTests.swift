import GPTEngine
import Testing

@testable import GPTStepper

@Suite struct TimelineTests {
    @Test(arguments: Preset.all) func `sections and sub-layers cover a program without gap or overlap`(preset: Preset) {
        let program = Program.gpt2(preset.configuration, tokenCount: 3)
        let timeline = Timeline(program)
        let ranges = timeline.sections.flatMap { $0.subLayers.map(\.range) }
        #expect(ranges.first?.lowerBound == 0)
        #expect(ranges.last?.upperBound == program.nodes.count)
        for (before, after) in zip(ranges, ranges.dropFirst()) { #expect(before.upperBound == after.lowerBound) }
        #expect(timeline.sections.count == preset.configuration.layerCount + 2)
    }

    @Test func `a block has six sub-layers, the embedding and the output are one each`() throws {
        let timeline = Timeline(Program.gpt2(try Model.nano().configuration, tokenCount: 6))
        #expect(timeline.sections.map(\.name) == ["embedding", "L0", "L1", "L2", "output"])
        #expect(timeline.sections.map(\.range.count) == [4, 17, 17, 17, 6])
        #expect(
            timeline.sections[1].subLayers.map(\.name) == ["ln1", "attention", "residual", "ln2", "mlp", "residual"])
        #expect(timeline.sections[1].subLayers.map(\.range.count) == [2, 8, 1, 2, 3, 1])
        #expect(timeline.sections[0].subLayers.map(\.name) == ["embedding"])
        #expect(timeline.sections[4].subLayers.map(\.name) == ["output"])
    }

    @Test func `one block is enough for embedding, block and output to be told apart`() throws {
        let configuration = try Configuration(
            layerCount: 1, headCount: 1, width: 4, contextLength: 4, vocabularySize: 5)
        let timeline = Timeline(Program.gpt2(configuration, tokenCount: 1))
        #expect(timeline.sections.map(\.range.count) == [4, 17, 6])
        #expect(timeline.section(of: 3) == 0)
        #expect(timeline.section(of: 4) == 1)
        #expect(timeline.section(of: 21) == 2)
    }
}
