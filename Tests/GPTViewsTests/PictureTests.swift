import Checkpoints
import GPTEngine
@testable import GPTFigures
import GPTStepper
import Testing

@testable import GPTViews
@testable import TerminalKit

/// Pictures as literal pictures.
@Suite struct PictureTests {
    private func picture(_ shape: [Int], _ values: [Float]) -> Heatmap {
        var picture = Heatmap(title: "m", rows: shape[0], columns: shape[1])
        picture.slice = Slice(Tensor(shape, values))
        return picture
    }

    private func drawn(_ picture: Heatmap, _ width: Int, _ height: Int, _ capabilities: Capabilities = Capabilities())
        -> Canvas
    {
        var canvas = Canvas(Size(width, height), capabilities)
        _ = picture.draw(on: &canvas, in: canvas.bounds)
        return canvas
    }

    @Test func `a matrix that fits shows its numbers, its names and its selected cell`() {
        var map = picture([2, 2], [1, -0.25, 0.5, 0])
        map.rowNames = ["A0", "B1"]
        map.columnNames = ["A0", "B1"]
        (map.row, map.column) = (1, 0)
        #expect(
            lines(drawn(map, 20, 5)) == [
                "   m  2 × 2",
                "      A0      B1",
                "A0   1.000  −0.250",
                "B1 ▌ 0.500▐  0.000",
                "   largest 1.000",
            ])
    }

    @Test(arguments: [(78, 14), (91, 20), (170, 40)])
    func `an addition shows both addends, and all three alike`(width: Int, height: Int) {
        let (T, C) = (13, 768)
        let names = (0..<T).map { "␣evening \($0)" }
        func term(_ title: String) -> Heatmap {
            var term = picture([T, C], (0..<T * C).map { Float($0 % 7) - 3 })
            (term.title, term.rowNames, term.row, term.column) = (title, names, T - 1, 0)
            return term
        }
        var sum = term("resid_mid")
        sum.isResult = true
        var canvas = Canvas(Size(width, height), Capabilities())
        _ = Equation(term("resid_pre"), ("+", term("attn.out")), ("=", sum)).draw(on: &canvas, in: canvas.bounds)
        let text = lines(canvas)
        for title in ["resid_pre", "attn.out", "resid_mid"] { #expect(text[0].contains(title)) }
        let marks = text.map { $0.unicodeScalars.count { $0 == "◆" } }
        #expect(marks.max() == 3, "the same cell stands on one line in all three: \(text)")
        let columns = text.compactMap {
            $0.firstRange(of: /\d+ columns/) == nil ? nil : $0.matches(of: /(\d+) columns/)
        }
        #expect(Set(columns.flatMap { $0.map(\.1) }).count == 1, "each cell stands for as many columns")
        #expect(columns.flatMap(\.self).count == 3)
        #expect(text.joined().contains("+") && text.joined().contains("="))
    }

    @Test func `what has no room is not passed over in silence`() {
        var result = picture([13, 768], Array(repeating: 1, count: 13 * 768))
        (result.title, result.isResult) = ("a long title of a result", true)
        var operand = result
        operand.isResult = false
        var canvas = Canvas(Size(40, 12), Capabilities())
        _ = Equation(operand, ("+", operand), ("=", result)).draw(on: &canvas, in: canvas.bounds)
        #expect(lines(canvas).contains { $0.contains("… =") })
    }

    @Test func `names of positions keep their place`() {
        #expect(clippedName("␣evening 12", 9) == "␣even… 12")
        #expect(clippedName("␣evening 12", 4) == "12")
        #expect(clippedName("#4477 8", 6) == "8", "a part of an id would be another id")
        #expect(clippedName("#include 8", 7) == "#inc… 8")
        #expect(clipped("between words or not", 12) == "between…")
        #expect(clipped("alphabet a gamma", 11) == "alphabet a…")
    }

    @Test func `masked cells are dots, not zeros`() {
        var map = picture([2, 2], [0, -.infinity, 0, 0.5])
        map.isCausal = true
        let canvas = drawn(map, 16, 5)
        #expect(lines(canvas)[2] == "  0.000     ∙")
        #expect(canvas[12, 2].style.background == .background)
        #expect(canvas[4, 2].style.background == .ramp(.diverging, 128))
    }

    @Test func `cells that have not been run are blank`() {
        var map = picture([2, 2], [1, 2, 3, 4])
        map.revealed = 3
        #expect(lines(drawn(map, 16, 5))[2...3] == ["  1.000   2.000", "  3.000"])
    }

    @Test func `a wide matrix is pooled by the largest size and says so`() {
        let wide = picture([1, 40], (0..<40).map { $0 == 7 ? -5 : 0.1 })
        let canvas = drawn(wide, 24, 4)
        #expect(lines(canvas)[3] == "1 cell = 2 columns")
        #expect(canvas[3, 2].style.background == .ramp(.diverging, 0), "the outlier is not lost")
        #expect(canvas[2, 2].style.background != .ramp(.diverging, 0))
    }

    @Test func `a tall matrix puts two rows on a line where the terminal can show them`() {
        let tall = picture([8, 20], (0..<160).map { $0 < 80 ? 1 : -1 })
        let canvas = drawn(tall, 24, 7)
        #expect(canvas[0, 2] == Cell("▀", Style(.ramp(.diverging, 255), on: .ramp(.diverging, 255))))
        #expect(canvas[0, 4].style.background == .ramp(.diverging, 0))
        let plain = drawn(tall, 24, 7, Capabilities(colorCount: 8))
        #expect(plain[0, 2].glyph == " ")
        #expect(lines(plain)[6].contains("1 cell = 2 rows"))
    }

    @Test func `what is absent is said, never drawn as zero`() {
        var absent = picture([4, 30], [Float](repeating: 0, count: 120))
        absent.slice = nil
        absent.absence = "weights not loaded"
        let text = lines(drawn(absent, 40, 8)).joined(separator: "\n")
        #expect(text.contains("weights not loaded"))
        #expect(!text.contains("0.0"))
    }

    @Test func `slices see heads, columns and transposes of one tensor`() {
        let tensor = Tensor([2, 2, 3], (0..<12).map(Float.init))
        let head = Slice.head(1, ofColumns: tensor)
        #expect([head[0, 0], head[0, 2], head[1, 0]] == [3, 5, 9])
        let map = Slice.head(1, ofMaps: Tensor([2, 2, 2], (0..<8).map(Float.init)))
        #expect([map[0, 0], map[1, 1]] == [4, 7])
        let whole = Slice(tensor)
        #expect((whole.rows, whole.columns) == (2, 6))
        #expect(whole.transposed[5, 1] == 11)
        #expect(whole.columns(2..<4)[1, 0] == 8)
        #expect(whole.rows(1..<2)[0, 0] == 6)
        #expect(whole.pooled(height: 2, width: 4) == [9, 11])
        #expect(whole.pooled(height: 2, width: 4, limit: 8) == [7, 5], "what has not been run is not looked at")
    }

    @Test(arguments: [
        (Float(0), 7, "0.000"), (1, 5, "1.000"), (-0.25, 6, "−0.250"), (-0.25, 5, "−0.25"), (12.5, 5, "12.50"),
        (123.4, 5, "123.4"),
        (99999, 6, "99999"), (0.0001, 7, "1.0e-4"), (-0.002, 5, "−2e-3"), (-2.5e7, 6, "−2.5e7"), (.infinity, 5, "∞"),
        (.nan, 5, "NaN"),
    ])
    func `numbers keep within their columns`(value: Float, width: Int, text: String) {
        #expect(number(value, width: width) == text)
    }

    @Test func `words are wrapped at spaces and texts clipped with a mark`() {
        #expect(wrapped("aa bb ccc d", width: 5) == ["aa bb", "ccc d"])
        #expect(clipped("abcdef", 4) == "abc…")
        #expect(clipped("abc", 4) == "abc")
    }

    @Test func `whole numbers are grouped by thousands`() {
        #expect([0, 999, 1000, 124_439_808].map(grouped) == ["0", "999", "1,000", "124,439,808"])
    }

    @Test func `bars grow from zero to both sides`() {
        var canvas = Canvas(Size(40, 2))
        var first = Bars.Bar(name: "A", id: "0", length: 1, value: "2.0")
        first.isSelected = true
        Bars([first, Bars.Bar(name: "B", id: "1", length: -0.5, value: "−1.0")], scale: .diverging)
            .draw(on: &canvas, in: canvas.bounds)
        let zero = (0..<40).first { canvas[$0, 0].style.background == .ramp(.diverging, 255) } ?? 0
        #expect(zero > 10)
        #expect(canvas[zero - 1, 1].style.background == .ramp(.diverging, 64))
        #expect(canvas[zero, 1].style.background == .background)
        #expect(lines(canvas)[0].hasPrefix("▸ A  0"))
    }
}
