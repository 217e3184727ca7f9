import GPTEngine
import Testing

@testable import GPTFigures

/// What a heatmap says of its numbers, wherever it is drawn.
@Suite struct HeatmapTests {
    private func heatmap(_ rows: Int, _ columns: Int, _ values: [Float]) -> Heatmap {
        var heatmap = Heatmap(title: "m", rows: rows, columns: columns)
        (heatmap.slice, heatmap.address) = (Slice(Tensor([rows, columns], values)), "m")
        return heatmap
    }

    @Test func `a label, an address and an index are those of the whole, whatever part is in view`() {
        let whole = heatmap(4, 6, (0..<24).map(Float.init))
        let part = whole.part(rows: 1..<3, columns: 2..<6).part(rows: 1..<2, columns: 1..<3)
        #expect(part.columnLabel(0) == "3")
        #expect(part.place(0, 1).index == [2, 4])
        #expect(part.content(0, 1) == .number(16))
        #expect(PooledHeatmap(part, Heatmap.Pool(1, 2)).source(0, 0) == (2..<3, 3..<5))
    }

    @Test func `the index of a cell is that of its tensor, head by head`() {
        let tensor = Tensor([3, 2, 4], (0..<24).map(Float.init))
        let columns = Slice.head(1, ofColumns: tensor)
        #expect(columns.index(2, 3) == [2, 1, 3])
        #expect(columns[2, 3] == tensor[2, 1, 3])
        let turned = columns.transposed
        #expect(turned.index(3, 2) == [2, 1, 3])
        let maps = Slice.head(1, ofMaps: Tensor([2, 3, 3], (0..<18).map(Float.init)))
        #expect(maps.index(2, 1) == [1, 2, 1])
    }

    @Test func `what is no number has a mark of its own, is counted, and leaves the scale to the others`() {
        let bad = heatmap(2, 4, [1, .nan, -3, .infinity, 2, 0.5, -.infinity, 1])
        let pooled = PooledHeatmap(bad, Heatmap.Pool(1, 2))
        #expect(pooled.notFinite.text == "1 NaN, 1 ∞, 1 −∞")
        #expect(pooled.end == 3)
        if case .number(let value) = pooled.content(0, 0) { #expect(value.isNaN) } else { Issue.record("no number") }
        #expect(pooled.content(0, 1) == .number(.infinity))
        #expect(pooled.content(1, 0) == .number(2))
        #expect(pooled.content(1, 1) == .number(-.infinity), "where nothing is masked, −∞ is a number that went wrong")
        #expect(PooledHeatmap(heatmap(1, 2, [.nan, .nan]), Heatmap.Pool(1, 1)).end == 0)
    }

    @Test func `behind a mask −∞ is what was removed, and before it a number`() {
        var map = heatmap(2, 2, [1, -.infinity, 2, 3])
        map.isCausal = true
        #expect(PooledHeatmap(map, Heatmap.Pool(1, 1)).notFinite.count == 0)
        #expect(PooledHeatmap(map, Heatmap.Pool(1, 1)).content(0, 1) == .masked)
        #expect(PooledHeatmap(map, Heatmap.Pool(2, 2)).content(0, 0) == .number(3))
        map.slice = Slice(Tensor([2, 2], [1, -.infinity, -.infinity, 3]))
        #expect(PooledHeatmap(map, Heatmap.Pool(1, 1)).notFinite.text == "1 −∞")
        #expect(PooledHeatmap(map, Heatmap.Pool(1, 1)).content(1, 0) == .number(-.infinity))
    }

    @Test func `a pool brings a matrix into so many rows and columns`() {
        let wide = heatmap(6, 100, Array(repeating: 1, count: 600))
        let pool = Heatmap.Pool(wide, rows: 10, columns: 32)
        #expect(pool == Heatmap.Pool(1, 4))
        let pooled = PooledHeatmap(wide, pool)
        #expect((pooled.rows, pooled.columns) == (6, 25))
        #expect(pooled.source(5, 24) == (5..<6, 96..<100))
    }
}
