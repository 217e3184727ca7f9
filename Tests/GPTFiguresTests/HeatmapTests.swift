import GPTEngine
import Testing

@testable import GPTFigures

/// What a heatmap says of its numbers, wherever it is drawn.
@Suite struct HeatmapTests {
}
