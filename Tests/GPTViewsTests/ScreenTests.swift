import GPTEngine
import GPTStepper
import Testing

@testable import GPTViews
@testable import TerminalKit

/// Whole screens, compared with files in `Snapshots`.
@Suite struct ScreenTests {
    /// The steps of nano that are shown at every size: one picture of each kind.
    private static let telling = [2, 5, 12, 19, 61]
    private static let sizes = [Size(80, 24), Size(120, 40), Size(200, 60)]

    private func screen(step: Int, size: Size, app: App? = nil, capabilities: Capabilities = Capabilities()) throws
        -> Canvas
    {
        var app = try app ?? nanoApp()
        let shown = play(&app, step > 1 ? keys("\(step - 1)s") : [], size: size, capabilities: capabilities)
        return try #require(shown.terminal.frames.last)
    }

    @Test(arguments: telling, sizes) func `a telling stage at every size`(step: Int, size: Size) throws {
        try Snapshot.verify(screen(step: step, size: size), "nano-step\(step)-\(size.width)x\(size.height)")
    }

    @Test(arguments: Array(1...21) + Array(56...60)) func `every other stage at 80 by 24`(step: Int) throws {
        guard !Self.telling.contains(step) else { return }
        try Snapshot.verify(screen(step: step, size: Size(80, 24)), "nano-step\(step)-80x24")
    }

    @Test(arguments: [(0, true), (0, false), (8, true)])
    func `an attention map without colour, in ASCII, and in eight colours`(
        colors: Int, unicode: Bool
    ) throws {
        let capabilities = Capabilities(colorCount: colors, unicode: unicode)
        let canvas = try screen(step: 12, size: Size(80, 24), capabilities: capabilities)
        try Snapshot.verify(canvas, "nano-step12-80x24-colors\(colors)\(unicode ? "" : "-ascii")")
    }

    @Test func `a model without weights shows what is absent as absent`() throws {
        try Snapshot.verify(screen(step: 12, size: Size(80, 24), app: shapesApp("gpt3")), "gpt3-step12-80x24")
    }

    @Test(arguments: [("?", "help"), ("m", "models"), ("e", "prompt"), ("Go", "sampling")]) func `panels at 80 by 24`(
        keys: String, name: String
    ) throws {
        var app = try nanoApp()
        let shown = play(&app, GPTViewsTests.keys(keys))
        try Snapshot.verify(try #require(shown.terminal.frames.last), "panel-\(name)-80x24")
    }

    @Test(arguments: [Size(20, 5), Size(79, 24), Size(80, 23), Size(1, 1), Size(0, 0)])
    func `a window that is too small says what is needed`(size: Size) throws {
        let text = lines(try screen(step: 1, size: size)).joined()
        if size.width >= 20 { #expect(text.contains("needs 80 × 24")) }
    }

    /// What must hold on every screen of every size, whatever it shows.
    @Test(arguments: [80, 99, 100, 131, 200], [24, 25, 28, 37, 60])
    func `no screen cuts a word of its key strip, and all five regions are there`(width: Int, height: Int) throws {
        for step in [1, 4, 12, 14, 19, 58, 61] {
            let canvas = try screen(step: step, size: Size(width, height))
            let text = lines(canvas)
            let strip = try #require(text.last)
            #expect(strip.contains("? help"), "\(width)×\(height), step \(step): \(strip)")
            let words = Set(KeyBindings.all.map(\.word))
            #expect(words.contains { !$0.isEmpty && strip.hasSuffix($0) }, "\(width)×\(height): \(strip)")
            #expect(text[0].hasPrefix(" gptstep  nano"))
            #expect(text[0].hasSuffix("step \(step) of 61"))
            #expect(text.contains { $0.contains("prompt ") })
            #expect(text.contains { $0.contains("  =  ") }, "the inspector's first line stays")
        }
    }
}
