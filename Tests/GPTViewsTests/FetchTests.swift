import GPTEngine
import GPTStepper
import Testing

@testable import GPTViews
@testable import TerminalKit

/// Fetching a preset's weights from within the program, with somebody who says what a hub would.
@Suite struct FetchTests {
    private func receiving(_ bytes: Int, rate: Double? = nil, left: Double? = nil) -> FetchProgress {
        var progress = FetchProgress(.receiving)
        (progress.file, progress.bytes, progress.size) = ("model.safetensors", bytes, 548_105_171)
        (progress.rate, progress.secondsLeft) = (rate, left)
        return progress
    }

    /// A session on the pattern of nano with the panel of a fetch in front; nano's own weights are what comes.
    private func app() throws -> App {
        var app = try nanoApp()
        app.session.perform(.goto(11))
        app.panels = [FetchPanel(try #require(Preset.named("nano")), .small)]
        return app
    }

    private func text(_ app: App) -> String { lines(app.draw(on: .small)).joined(separator: "\n") }

    @Test func `bytes, rate and time left are shown, and what came opens where one was`() throws {
        var app = try app()
        app.hear(receiving(210_000_000, rate: 3_100_000, left: 109))
        #expect(text(app).contains("model.safetensors   210 MB of 548 MB · 3.1 MB/s · 1 min 49 s left"))
        #expect(text(app).contains("Esc interrupt"))
        app.hear(FetchProgress(.waiting("nothing answers there; trying again in 4 s")))
        #expect(text(app).contains("trying again in 4 s"))
        app.hear(FetchProgress(.done))
        #expect(app.front == nil)
        #expect(app.session.stepper.node.address == "blocks.0.attn.pattern")
        #expect(app.session.notice?.contains("open with its own weights") == true)
    }

    @Test func `it is interrupted by Esc and by Ctrl-C, taken up again by Enter, and says what to do where it fails`()
        throws
    {
        var app = try app()
        app.hear(receiving(1))
        #expect(app.handle(.key(.escape), on: .small) == .stopFetching)
        #expect(app.handle(.signal(.interrupt), on: .small) == .stopFetching)
        app.hear(FetchProgress(.interrupted))
        #expect(text(app).contains("Enter goes on from there"))
        #expect(app.handle(.key(.enter), on: .small) == .fetch("nano"))
        app.hear(FetchProgress(.failed("There is no network. Where there is one, `gptstep pull gpt2` fetches it.")))
        #expect(text(app).contains("`gptstep pull gpt2` fetches it"))
        #expect(app.handle(.key(.escape), on: .small) == nil)
        #expect(app.front == nil && app.session.stepper.index == 11)
    }

    @Test func `what is fetched during the tour opens, and the tour goes with the model before`() throws {
        var app = try nanoApp()
        _ = play(&app, keys("?t"))
        #expect(app.guide != nil)
        app.panels.append(FetchPanel(try #require(Preset.named("nano")), .small))
        app.hear(receiving(1))
        app.hear(FetchProgress(.done))
        #expect(app.panels.isEmpty)
        #expect(app.session.notice?.contains("open with its own weights") == true)
    }

    @Test func `the run loop begins, tells and ends a fetch`() throws {
        var app = try nanoApp()
        let gpt2 = try #require(Preset.named("gpt2"))
        app.panels = [FetchPanel(gpt2, .small)]
        app.hear(FetchProgress(.interrupted))
        var fetcher = ScriptedFetcher([receiving(5_000_000), receiving(6_000_000), FetchProgress(.failed("no"))])
        let shown = play(&app, [.key(.enter), .timeout, .timeout, .timeout], fetcher: &fetcher)
        #expect(fetcher.begun == ["gpt2"])
        let frames = shown.terminal.frames.map { lines($0).joined(separator: "\n") }
        #expect(frames.contains { $0.contains("5.0 MB of 548 MB") })
        #expect(frames.last?.contains("go on") == true)
        fetcher = ScriptedFetcher([receiving(1), receiving(2), receiving(3)])
        _ = play(&app, [.key(.enter), .key(.escape), .timeout], fetcher: &fetcher)
        #expect(fetcher.interruptions == 1)
        #expect(text(app).contains("Interrupted"))
    }

    @Test func `only what is published and not here is offered`() throws {
        #expect(!FetchPanel.offers(try #require(Preset.named("nano"))))
        #expect(!FetchPanel.offers(try #require(Preset.named("gpt3"))))
        let offer = FetchPanel.offer(try #require(Preset.named("gpt2")), "https://huggingface.co")
        #expect(offer.hasPrefix("f fetches about 498 MB from https://huggingface.co to "))
    }
}
