import Foundation
import GPTEngine
import GPTStepper
import Testing

@testable import GPTViews
@testable import TerminalKit

/// The text of a canvas, line by line, without spaces at the ends.
func lines(_ canvas: Canvas) -> [String] {
    (0..<canvas.size.height).map { y in
        var scalars = (0..<canvas.size.width).map { canvas[$0, y].glyph }
        while scalars.last == " " { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars))
    }
}

/// One letter a cell for what its colours mean; see the legend in each snapshot.
func roles(_ canvas: Canvas) -> [String] {
    func code(_ role: Role) -> Character? {
        switch role {
        case .ramp(.sequential, let level): Array("0123456789")[Int(level) * 9 / 255]
        case .ramp(.diverging, let level): Array("ABCDEFGHI")[Int((Double(level) / 255 * 8).rounded())]
        case .accent: "*"
        case .here: "h"
        case .bar: "b"
        case .badge: "!"
        case .bright: "+"
        case .dim: "-"
        case .faint: "."
        case .ink, .text, .background: nil
        }
    }
    return (0..<canvas.size.height).map { y in
        var codes = (0..<canvas.size.width).map { x -> Character in
            let cell = canvas[x, y]
            if cell.glyph == " " { return code(cell.style.background) ?? " " }
            return code(cell.style.background) ?? code(cell.style.foreground) ?? "t"
        }
        while codes.last == " " { codes.removeLast() }
        return String(codes)
    }
}

/// Opens nano on its default prompt.
func nanoApp(_ prompt: String = "CBABBC") throws -> App {
    let model = try Model.nano()
    return App(try Session(model: model, tokens: model.encode(Array(prompt.utf8)), sampling: model.sampling))
}

/// A model without weights.
func shapesApp(_ name: String) throws -> App {
    let model = try Model.preset(try #require(Preset.named(name)), randomSeed: nil)
    return App(try Session(model: model, tokens: model.defaultTokens, sampling: model.sampling))
}

/// Plays events on a terminal in memory, and returns it with everything it showed.
func play(
    _ app: inout App, _ events: [Event], size: Size = Size(80, 24), capabilities: Capabilities = Capabilities(),
    language: String = "en"
) -> (terminal: MemoryTerminal, status: Int32) {
    var fetcher = ScriptedFetcher([])
    return play(&app, events, size: size, capabilities: capabilities, language: language, fetcher: &fetcher)
}

/// The same with somebody who fetches models.
func play(
    _ app: inout App, _ events: [Event], size: Size = Size(80, 24), capabilities: Capabilities = Capabilities(),
    language: String = "en", fetcher: inout ScriptedFetcher
) -> (terminal: MemoryTerminal, status: Int32) {
    var terminal = MemoryTerminal(size, capabilities, events: events)
    // As the program ends when a file changed under it.
    let status = (try? run(&app, on: &terminal, language: language, fetcher: &fetcher)) ?? 74
    return (terminal, status)
}

/// Tells what it was given to tell, a piece at a time, and keeps what it was asked for.
struct ScriptedFetcher: Fetcher {
    private var news: [FetchProgress]
    private(set) var begun: [String] = []
    private(set) var interruptions = 0
    let source = "https://hub.example"

    init(_ news: [FetchProgress]) { self.news = news }

    var isRunning: Bool { !begun.isEmpty && !news.isEmpty }
    mutating func begin(_ preset: String) { begun.append(preset) }
    mutating func interrupt() {
        interruptions += 1
        news = [FetchProgress(.interrupted)]
    }
    mutating func progress() -> FetchProgress? { isRunning ? news.removeFirst() : nil }
}

extension Screen {
    /// The smallest that there is.
    static let small = Screen(Size(80, 24))
}

extension App {
    /// Computes all that is to be computed.
    mutating func finish(on screen: Screen = .small) {
        while isBusy { _ = work(on: screen) }
    }

    var stepper: Stepper { session.stepper }
}

/// The keys of a text, one event each.
func keys(_ text: String) -> [Event] { text.unicodeScalars.map { .key(.character($0)) } }
