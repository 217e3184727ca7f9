import Testing

@testable import TerminalKit

/// The text of a canvas, line by line.
func lines(_ canvas: Canvas) -> [String] {
    (0..<canvas.size.height).map { y in
        String(String.UnicodeScalarView((0..<canvas.size.width).map { canvas[$0, y].glyph }))
    }
}

@Suite struct CanvasTests {
    @Test func `text is written where it is put, and clipped at the edges`() {
        var canvas = Canvas(Size(6, 3))
        #expect(canvas.write("abc", x: 1, y: 0) == 4)
        canvas.write("defgh", x: 3, y: 1)
        canvas.write("out", x: 0, y: 7)
        canvas.write("left", x: -2, y: 2)
        #expect(lines(canvas) == [" abc  ", "   de…", "ft    "])
    }

    @Test func `a limit cuts with a mark`() {
        var canvas = Canvas(Size(10, 1))
        #expect(canvas.write("abcdef", x: 0, y: 0, limit: 4) == 4)
        #expect(lines(canvas) == ["abc…      "])
    }

    @Test func `text can end at a column`() {
        var canvas = Canvas(Size(8, 1))
        canvas.write("12", endingAt: 8, y: 0)
        canvas.write("−3", endingAt: 4, y: 0)
        #expect(lines(canvas) == ["  −3  12"])
    }

    @Test func `runs follow each other in their own style`() {
        var canvas = Canvas(Size(8, 1))
        #expect(canvas.write([("ab", .dim), ("cd", .accent)], x: 2, y: 0) == 6)
        #expect(lines(canvas) == ["  abcd  "])
        #expect(canvas[2, 0].style == .dim)
        #expect(canvas[4, 0].style == .accent)
    }

    @Test func `filling empties a rectangle and leaves the rest`() {
        var canvas = Canvas(Size(4, 2))
        canvas.write("xxxx", x: 0, y: 0)
        canvas.fill(Rect(1, 0, 2, 9), .bar)
        #expect(lines(canvas) == ["x  x", "    "])
        #expect(canvas[1, 1].style.background == .bar)
        #expect(canvas[0, 1].style.background == .background)
    }

    @Test func `rectangles are cut from every side and never become negative`() {
        var rect = Rect(2, 3, 10, 5)
        #expect(rect.takeTop(2) == Rect(2, 3, 10, 2))
        #expect(rect.takeBottom(1) == Rect(2, 7, 10, 1))
        #expect(rect.takeLeft(4) == Rect(2, 5, 4, 2))
        #expect(rect == Rect(6, 5, 6, 2))
        #expect(rect.takeTop(99).height == 2)
        #expect(rect.isEmpty)
        #expect(rect.inset(columns: 9).width == 0)
    }

    @Test func `a terminal in memory plays its script and keeps its frames and what was copied`() {
        var terminal = MemoryTerminal(Size(4, 1), events: [.key(.enter), .resize])
        #expect(terminal.nextEvent(within: nil) == .key(.enter))
        terminal.present(Canvas(Size(4, 1)))
        #expect(terminal.nextEvent(within: 5) == .resize)
        #expect(terminal.nextEvent(within: 5) == .end)
        #expect(terminal.frames.count == 1)
        terminal.copy("text")
        #expect(terminal.copied == ["text"])
    }
}
