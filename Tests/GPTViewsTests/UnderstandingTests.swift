import Foundation
import GPTEngine
import Testing

@testable import GPTFigures
@testable import GPTStepper
@testable import GPTViews
@testable import TerminalKit

/// Terms, heads, lens, zoom, continuations and the tour, by keys and by mouse.
@Suite struct UnderstandingTests {
    private func screen(_ events: [Event], size: Size = Size(120, 40), app: App? = nil) throws -> [String] {
        var app = try app ?? nanoApp()
        return lines(try #require(play(&app, events, size: size).terminal.frames.last))
    }

    private func shows(_ text: String, _ events: [Event], size: Size = Size(120, 40)) throws -> Bool {
        try screen(events, size: size).contains { $0.contains(text) }
    }

    private let terms: [Event] = [.key(.tab), .key(.enter)]

    @Test func `Enter on a cell opens how it came about, Enter on a row its source, Escape unwinds`() throws {
        let z = keys("12s") + terms
        #expect(try shows("pattern · v over the keys up to the query", z))
        #expect(try shows("sum of 6 terms", z))
        #expect(try shows("from attn.z[C5, head 0, channel 0]", z + [.key(.enter)]))
        #expect(try shows("exp(score−max)", z + [.key(.enter)]))
        #expect(try shows("step 12 of 61", z + [.key(.enter)]))
        let deep = z + Array(repeating: .key(.enter), count: 3)
        #expect(try shows("attn.scores[head 0, query C5, key", deep))
        #expect(try shows("step 13 of 61", deep + Array(repeating: .key(.escape), count: 3)))
        #expect(try shows("Values mixed by attention", deep + Array(repeating: .key(.escape), count: 4)))
    }

    @Test func `a logit can be traced to an embedding row, and the way is copied as text`() throws {
        var app = try nanoApp()
        var events: [Event] = keys("57s") + terms
        // ln_final.out, its x̂, the stream, and then always the first addend.
        events += Array(repeating: .key(.enter), count: 10) + keys("y")
        let shown = play(&app, events, size: Size(120, 40))
        let text = try #require(shown.terminal.copied.first)
        #expect(text.hasPrefix("logits[5,"))
        #expect(text.contains("\n            blocks.0.resid_mid") || text.contains("embed[5,"), "\(text)")
        #expect(text.split(separator: "\n").count > 8)
    }

    @Test func `a logit is told by parts and heads, and a stream by what was written to it`() throws {
        let parts = keys("57s") + terms + keys("w")
        #expect(try shows("β of ln_final", parts))
        #expect(try shows("L2 mlp.out", parts))
        #expect(try shows("sum of 9 terms", parts))
        let heads = parts + [.key(.down), .key(.down), .key(.enter)]
        #expect(try shows("L0 H2", heads))
        let channels = heads + [.key(.down), .key(.enter)]
        #expect(try shows("sum of 16 terms", channels), "one head wrote sixteen channels")
        #expect(try shows("attn.z[C5, head 1, channel", channels + [.key(.enter)]))
        #expect(try shows("L0 H2", channels + [.key(.escape)]))
        #expect(try shows("sum of 9 terms", heads + [.key(.escape)]))
        let stream = keys("20s") + terms + keys("w")
        #expect(try shows("sum of 4 terms", stream))
    }

    @Test func `masked cells have no value and say so`() throws {
        let masked = keys("10s") + [.key(.tab), .key(.up)] + keys("lllll") + [.key(.enter)]
        #expect(try shows("nothing adds up to it", masked))
        let row = try screen(keys("11s") + [.key(.tab), .key(.up), .key(.enter)])
        #expect(row.contains { $0.contains("key C5") && $0.contains("masked") })
    }

    @Test func `all heads are shown with their mean, sorted, and Enter opens one`() throws {
        #expect(try shows("Heads of block 0", keys("a")))
        #expect(try shows("L0 mean", keys("a")))
        #expect(try shows("L2 H2", keys("aa")))
        #expect(try shows("by entropy, the lowest first", keys("aas")))
        #expect(try shows("attn.pattern H2", keys("a") + [.key(.right), .key(.right), .key(.enter)]))
    }

    @Test func `the lens shows every write, and every position`() throws {
        let lens = try screen(keys("p"))
        let last = try #require(lens.first { $0.contains("L2 mlp") })
        #expect(last.split(separator: " ").dropFirst(3).first { $0.count == 1 && "ABC".contains($0) } == "A", "\(last)")
        #expect(lens.contains { $0.contains("embedding") })
        #expect(try shows("the likeliest next token, had it stopped; ◆ a change", keys("pp")))
        #expect(try shows("step 15 of 61", keys("p") + [.key(.home), .key(.down), .key(.enter)]))
    }

    @Test func `pictures are shown alone, down to their numbers, with sums and a histogram`() throws {
        let alone = keys("11s+")
        #expect(try shows("all numbers", alone))
        #expect(try shows("row C5", alone))
        #expect(try shows("W_in", keys("17sv")))
        #expect(try shows("columns 0–", keys("17s+++++++++")))
        #expect(try shows("per row", keys("11sz")))
        #expect(try shows("99th percentile", keys("11szz")))
        #expect(try shows("their mean", keys("17su")))
        #expect(try !shows("all numbers", keys("11s+0")))
    }

    @Test func `another candidate is taken by Enter, and what is left can be taken up again`() throws {
        let byHand: [Event] = keys("59s") + [.key(.tab), .key(.down), .key(.enter)]
        #expect(try shows("→  B 6", byHand))
        #expect(try shows("was taken by hand", byHand))
        let back = keys("ttTT")
        #expect(try shows("2 taken: A B", back + keys("R")))
        #expect(try shows("→  A 6  B 7", back + keys("R") + [.key(.enter)]))
        #expect(try shows("No continuation was left", keys("R")))
    }

    @Test func `the pass of a new token says what the cache held`() throws {
        #expect(try shows("K/V cache: 0–5 kept, 6 is new", keys("t7s")))
        #expect(try shows("+A6", keys("t7s")))
    }

    /// What each stop asks for, by its name.
    private static let tasks: [String: [Event]] = [
        "start": [.key(.right)], "embedding": [.key(.right), .key(.right)], "normalize": [.key(.right)],
        "queries": keys("]"), "scores": [.key(.tab), .key(.right)],
        "mask": Array(repeating: .key(.right), count: 4), "pattern": keys("]]"),
        "terms": [.key(.enter)], "source": [.key(.enter), .key(.enter)],
        "stream": [.key(.enter)] + keys("w"), "mlp": [.key(.right)], "blocks": keys("}"),
        "lens": keys("p"), "heads": keys("aa"), "choice": [.key(.right)], "generate": keys("t"), "end": [],
        // The second tour.
        "pieces": [.key(.right)], "gather": keys("}"), "lookback": keys("aasss"),
        "previous": Array(repeating: .key(.right), count: 60) + [.key(.left)], "search": keys("aasssss"),
        "induction": [], "attribution": [.key(.enter)] + keys("w"),
        "temperature": keys("o") + Array(repeating: .key(.left), count: 5) + [.key(.enter)], "draw": keys("t"),
        "on": keys("8t"), "proof": keys("x"),
        "limits": keys("e") + [.key(.control("u"))] + keys("A truth") + [.key(.enter)],
    ]

    @Test(arguments: Tour.all.map(\.tour.name), ["en", "vi"])
    func `a tour is walked by keys alone from start to end`(name: String, language: String) throws {
        var app = try nanoApp()
        let (key, tour) = try #require(Tour.all.first { $0.tour.name == name })
        let text = TourText(name, language: language)
        #expect(text.stops.map(\.id) == tour.stops.map(\.id), "every stop has words")
        _ = play(&app, keys("?\(key)"), language: language)
        #expect(app.session.model.name == tour.preset)
        for stop in tour.stops {
            let panel = try #require(app.guide as? TourPanel)
            #expect(panel.stop.id == stop.id)
            #expect(!panel.isDone, "\(stop.id) is not done before it is read")
            var events = try #require(Self.tasks[stop.id])
            if stop.id == "induction" { events = try brightest(of: app) }
            let shown = play(&app, events, language: language)
            let picture = lines(try #require(shown.terminal.frames.last))
            if let words = text.stops.first(where: { $0.id == stop.id }) {
                #expect(picture.contains { $0.contains(words.title) }, "\(stop.id)")
                #expect(picture.contains { $0.hasSuffix(words.task) }, "\(stop.id): \(picture.suffix(4))")
                for part in [words.title, words.body, words.task] {
                    #expect(part.unicodeScalars.allSatisfy { $0.properties.canonicalCombiningClass == .notReordered })
                }
            }
            #expect((app.guide as? TourPanel)?.isDone == true || stop.id == "end", "\(stop.id) is ticked off")
            _ = play(&app, keys(" "), language: language)
        }
        #expect(app.guide == nil)
        #expect(app.front == nil)
        // What was there before is nano, untouched: only another model is left for it.
        #expect(app.session.notice == (tour.preset == "nano" ? text.words.left : text.words.restored))
        #expect(app.session.model.name == "nano")
    }

    /// The keys to the brightest cell of the last row of the pattern at the cursor.
    private func brightest(of app: App) throws -> [Event] {
        let (stepper, scene) = (app.session.stepper, app.session.scene)
        let pattern = try #require(scene.value(of: stepper.index)).selecting(stepper.selection.head, axis: 0)
        let row = pattern.selecting(stepper.tokens.count - 1, axis: 0)
        return Array(repeating: .key(.right), count: row.largestIndex)
    }

    @Test func `the heads that the second tour speaks of lead the lists that it asks for`() throws {
        let model = try Model.austen()
        var session = try Session(model: model, tokens: model.defaultTokens, sampling: model.sampling)
        while session.atlas.progress(nil) != (model.configuration.layerCount, model.configuration.layerCount) {
            session.workOnHeads(of: nil)
        }
        for (score, head) in [(HeadScore.previous, Tour.previous), (.induction, Tour.induction)] {
            let first = try #require(session.atlas.entries(of: nil, by: score).first)
            #expect((first.block, first.head) == head, "\(score)")
        }
    }

    @Test func `colours mean the same wherever one looks in a picture`() throws {
        // mlp.pre is wider than the stage: its numbers show some columns at a time.
        let scale = { (events: [Event]) -> String? in
            let legend = try screen(keys("17s") + [.key(.tab)] + keys("++++++") + events, size: Size(80, 24)).first {
                $0.contains("per matrix")
            }
            return legend
        }
        let first = try #require(try scale([]))
        for count in [20, 60, 100, 150] {
            #expect(try scale(Array(repeating: .key(.right), count: count)) == first)
        }
    }

    @Test func `what was there before the tour is there after it`() throws {
        var app = try nanoApp()
        _ = play(&app, keys("tt5s"))
        let tokens = app.stepper.tokens
        _ = play(&app, keys("?t   ?t "))
        #expect(app.guide != nil && app.stepper.tokens != tokens)
        _ = play(&app, [.key(.escape)])
        #expect(app.guide == nil)
        #expect((app.stepper.tokens, app.stepper.index) == (tokens, 5))
        #expect(app.session.notice == TourText("sorting", language: "en").words.restored)
    }

    @Test func `while no key is pressed the next operation is made ready, but not in the place of what is shown`()
        throws
    {
        var app = try nanoApp()
        _ = play(&app, keys("sss"))
        let trace = try #require(app.session.trace)
        #expect(trace.isComputed(app.stepper.index + 1))
        #expect(!trace.isComputed(app.stepper.index + 2))
        let model = app.session.model
        var tight = App(
            try Session(
                model: model, tokens: model.defaultTokens, sampling: model.sampling,
                memory: 2 * trace.program.workingBytes))
        _ = play(&tight, keys("sss"))
        #expect(tight.session.trace?.isComputed(tight.stepper.index + 1) == false)
    }

    @Test func `the locale chooses the language`() {
        #expect(App.language(["LANG": "vi_VN.UTF-8"]) == "vi")
        #expect(App.language(["LANG": "vi_VN.UTF-8", "LC_ALL": "C"]) == "en")
        #expect(App.language([:]) == "en")
    }

    @Test(arguments: [1.0, 1.5, 2.5]) func `what is in front is done however little memory there is`(factor: Double)
        throws
    {
        let configuration = try Configuration(
            layerCount: 5, headCount: 4, width: 16, contextLength: 24, vocabularySize: 30)
        let program = Program.gpt2(configuration, tokenCount: 24)
        let model = Model(
            name: "small", configuration: configuration, weights: Weights(.random(seed: 2)), tokenizer: nil,
            sampling: .plain, defaultPrompt: "")
        for (step, typed) in [
            ("blocks.4.attn.pattern", "p"), ("blocks.4.attn.pattern", "aa"), ("blocks.4.resid_post", "w"),
            ("logits", "w"),
        ] {
            var app = App(
                try Session(
                    model: model, tokens: (0..<24).map { $0 }, sampling: .plain,
                    memory: Int(factor * Double(program.workingBytes))))
            app.session.perform(.goto(try program.quantity(at: step).node))
            func work() {
                var pieces = 0
                while app.isBusy, pieces < 10_000 { (_, pieces) = (app.work(on: .small), pieces + 1) }
                #expect(!app.isBusy, "\(step), \(typed), \(factor)")
            }
            work()
            if typed == "w" {
                app.open(TermsPanel.self, on: .small)
                work()
            }
            for key in typed.unicodeScalars { _ = app.handle(.key(.character(key)), on: .small) }
            work()
            #expect(app.front != nil)
        }
    }

    @Test func `a picture alone tells run cells from those to come`() throws {
        let cells = try screen(keys("16siiiii+"))
        #expect(!cells.contains { $0.contains("largest 0.000") })
        #expect(cells.contains { $0.contains("0.867") })
    }

    @Test func `pools, percentiles, sums and histograms are those of the numbers`() {
        let slice = Slice(Tensor([3, 4], [1, -2, 3, 4, 5, -6, 7, 8, -.infinity, 10, .nan, 12]))
        let means = slice.pooled(height: 1, width: 2, by: .mean, removes: true)
        #expect(means.prefix(5) == [-0.5, 3.5, -0.5, 7.5, 10])
        #expect(means[5].isNaN)
        #expect(slice.pooled(height: 2, width: 4, limit: 8) == [8, 0])
        // Long runs are looked at eight at a time, and give what single numbers do.
        var numbers = (0..<3 * 37).map { Float(($0 * 61) % 97) - 48 }
        (numbers[5], numbers[40], numbers[80]) = (-.infinity, .infinity, .nan)
        let long = Slice(Tensor([3, 37], numbers))
        for width in [7, 8, 19, 37] {
            let turned = Slice(Tensor([37, 3], (0..<111).map { numbers[$0 % 3 * 37 + $0 / 3] })).transposed
            let (found, expected) = (long.pooled(height: 2, width: width), turned.pooled(height: 2, width: width))
            #expect(zip(found, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || $0 == -$1 }, "\(width)")
            #expect(found.contains { $0.isNaN })
        }
        #expect(slice.ends(isCausal: false) == (-6, 12))
        #expect(slice.ends(isCausal: true) == (-6, 10))
        #expect(slice.row(2, isCausal: false).filter(\.isFinite) == [10, 12])
        #expect(slice.column(1, isCausal: true) == [-6, 10])
        #expect(NotFinite(slice.row(2, isCausal: false)).text == "1 NaN, 1 −∞")
        #expect(slice.percentile { row, _ in row < 2 } == 8)
        #expect(slice.percentile { _, _ in true } == 12)
        #expect(slice.histogram(3, from: -6, to: 12, isCausal: false) == [2, 4, 4])
    }

    @Test func `a part of a picture knows its place, its mask and what is run`() {
        var picture = Heatmap(title: "p", rows: 4, columns: 4)
        picture.slice = Slice(Tensor([4, 4], (0..<16).map(Float.init)))
        (picture.isCausal, picture.revealed) = (true, 10)
        let part = picture.part(rows: 1..<4, columns: 1..<3)
        #expect(part.revealedHere == 3, "row 1 whole, one cell of row 2")
        if case .number(let value) = part.content(0, 0) { #expect(value == 5) } else { Issue.record("no number") }
        if case .masked = part.content(0, 1) {} else { Issue.record("not masked") }
        if case .hidden = part.content(1, 1) {} else { Issue.record("not hidden") }
    }

    @Test func `a copy that was typed ahead is sent, and one of unknown numbers is refused`() throws {
        var app = try nanoApp()
        for event in keys("t12s") + terms { _ = app.handle(event, on: .small) }
        _ = app.handle(.key(.character("y")), on: .small)
        let shown = play(&app, [], size: Size(120, 40))
        let isSent = shown.terminal.copied.count == 1
        let isRefused = lines(try #require(shown.terminal.frames.last)).contains { $0.contains("not computed yet") }
        #expect(isSent != isRefused)
    }

    @Test func `a click does not go through what covers it`() throws {
        var app = try nanoApp()
        _ = play(&app, keys("11s?"), size: Size(120, 40))
        let (cell, index) = (app.stepper.cell, app.stepper.index)
        for y in 2..<30 {
            _ = app.handle(.mouse(MouseEvent(x: 5 + 2 * y, y: y, kind: .press)), on: Screen(Size(120, 40)))
        }
        #expect(app.stepper.cell == cell)
        #expect(app.stepper.index == index)
    }

    @Test func `a click selects a cell, a token or an operation, and the wheel scrolls`() throws {
        var app = try nanoApp()
        _ = play(&app, keys("11s"), size: Size(120, 40))
        let text = lines(app.draw(on: Screen(Size(120, 40))))
        let y = try #require(text.firstIndex { $0.contains("B3") && $0.contains("0.399") })
        let x = try #require(text[y].unicodeScalars.map { String($0) }.joined().range(of: "0.233")).lowerBound
        let column = text[y].unicodeScalars.distance(from: text[y].unicodeScalars.startIndex, to: x)
        _ = app.handle(.mouse(MouseEvent(x: column, y: y, kind: .press)), on: Screen(Size(120, 40)))
        #expect(app.stepper.cell == (3, 1))
        #expect(app.focus == .stage)
        _ = app.handle(.mouse(MouseEvent(x: column, y: y, kind: .wheelDown)), on: Screen(Size(120, 40)))
        #expect(app.stepper.cell == (4, 1))
        let chip = try #require(text.firstIndex { $0.contains("prompt") })
        let place = text[chip].unicodeScalars.map { String($0) }.joined().distance(to: "A 2")
        _ = app.handle(.mouse(MouseEvent(x: place, y: chip, kind: .press)), on: Screen(Size(120, 40)))
        #expect(app.stepper.selection.position == 2)
        let line = try #require(text.firstIndex { $0.contains("✓ scores") })
        _ = app.handle(.mouse(MouseEvent(x: 6, y: line, kind: .press)), on: Screen(Size(120, 40)))
        #expect(app.stepper.node.name == "attn.scores")
        _ = app.handle(.mouse(MouseEvent(x: 2, y: line, kind: .wheelDown)), on: Screen(Size(120, 40)))
        #expect(app.stepper.node.name == "attn.masked_scores")
    }
}

extension String {
    /// How many scalars stand before a part of it.
    fileprivate func distance(to part: String) -> Int {
        range(of: part).map { unicodeScalars.distance(from: unicodeScalars.startIndex, to: $0.lowerBound) } ?? 0
    }
}
