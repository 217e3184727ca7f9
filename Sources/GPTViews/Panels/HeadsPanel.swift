import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// All heads of a block, or of all blocks, as thumbnails with what tells them apart.
struct HeadsPanel: Panel {
    /// The block whose heads are shown; nil for all blocks.
    private(set) var block: Int?
    /// By which score they are sorted; nil for none.
    private(set) var order: HeadScore?
    /// The chosen one, by its place in the order that is shown.
    private var chosen: Int
    /// Where it is drawn.
    private var area: Rect
    let place = PanelPlace.stage

    init(_ app: App, _ screen: Screen) throws(Refusal) {
        guard app.session.values != nil else { throw Refusal("There are no weights, so there are no patterns.") }
        (block, chosen) = (app.session.stepper.node.block ?? 0, app.session.stepper.selection.head)
        area = app.stageArea(screen.size)
    }

    mutating func adapt(to area: Rect) { self.area = area }

    var row: Int? {
        get { chosen }
        set { chosen = newValue ?? chosen }
    }

    func keys(_ app: App) -> [(String, String)] {
        [("arrows", "choose"), ("Enter", "open it"), ("s", "sort"), ("a", block == nil ? "one block" : "all blocks")]
            + (block == nil ? [] : [("[ ]", "block")]) + [("Esc", "close")]
    }

    /// Whether a shown block is still to be looked at.
    func needsWork(_ app: App) -> Bool {
        let (done, all) = app.session.atlas.progress(block)
        return done < all
    }

    mutating func work(_ app: inout App, _ screen: Screen) -> Answer {
        app.session.workOnHeads(of: block)
        return .stays()
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        let entries = app.session.atlas.entries(of: block, by: order)
        let columns = Layout(area, isBlock: block != nil).columns
        switch key {
        case .character("s"): turnOrder()
        case .character("a"): (block, chosen) = (block == nil ? app.session.stepper.node.block ?? 0 : nil, 0)
        case .character("]"), .character("}"): turn(1, app)
        case .character("["), .character("{"): turn(-1, app)
        case .enter:
            let entry = entries[chosen]
            guard entry.head < app.session.model.configuration.headCount else {
                app.session.notice = "This is the mean of the block's heads, and no head of its own."
                return .stays()
            }
            if let node = HeadAtlas.pattern(of: entry.block, in: app.session.stepper.program) {
                let selection = app.session.stepper.selection
                app.session.perform(.goto(node, cell: [entry.head, selection.position, selection.key]))
            }
            app.focus = .stage
            return .closes()
        case .escape, .character("q"): return .closes()
        default: chosen = Self.move(key, from: chosen, of: entries.count, columns: columns) ?? chosen
        }
        return .stays()
    }

    /// Sorts by the next score, after the last by none.
    private mutating func turnOrder() {
        let all = HeadScore.allCases
        let next = order.flatMap { all.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
        (order, chosen) = (next < all.count ? all[next] : nil, 0)
    }

    /// Turns to another block.
    private mutating func turn(_ offset: Int, _ app: App) {
        guard let block else { return }
        let shape = app.session.model.configuration
        self.block = (block + offset + shape.layerCount) % shape.layerCount
        chosen = min(chosen, shape.headCount)
    }

    /// How a page of tiles is laid out.
    private struct Layout {
        let columns: Int
        let rows: Int
        let tile: Size
        /// Columns and lines of the little map.
        let map: Size

        init(_ area: Rect, isBlock: Bool) {
            // With room enough a line for every score.
            map = isBlock && area.height >= 26 ? Size(16, 8) : area.height >= 40 ? Size(12, 6) : Size(8, 4)
            tile = Size(map.width + 10, map.height + 2)
            columns = max(1, area.width / tile.width)
            rows = max(1, (area.height - 3) / tile.height)
        }
    }

    // MARK: Drawing

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let atlas = app.session.atlas
        canvas.fill(area)
        let layout = Layout(area, isBlock: block != nil)
        var area = area
        let heading = area.takeTop(1)
        let title = block.map { "Heads of block \($0)" } ?? "Heads of all blocks"
        let x = canvas.write(title, x: heading.x, y: heading.y, .accent)
        let (done, all) = atlas.progress(block)
        let words = (order?.order ?? "in order") + (done < all ? " · \(done) of \(all) blocks computed" : "")
        canvas.write(words, x: x + 2, y: heading.y, .dim)
        let legend = area.takeTop(2)
        canvas.write(
            clipped(
                "entropy in bits; shares: "
                    + HeadScore.allCases.filter(\.isShare).map(\.rawValue).joined(separator: ", "),
                legend.width),
            x: legend.x, y: legend.y, .dim)
        let entries = atlas.entries(of: block, by: order)
        let line = min(chosen, entries.count - 1) / layout.columns
        let lines = (entries.count + layout.columns - 1) / layout.columns
        let first = max(0, min(line - layout.rows / 2, lines - layout.rows))
        for (place, entry) in entries.enumerated().dropFirst(first * layout.columns).prefix(
            layout.rows * layout.columns)
        {
            let tile = Rect(
                area.x + place % layout.columns * layout.tile.width,
                area.y + (place / layout.columns - first) * layout.tile.height, layout.tile.width, layout.tile.height)
            canvas.link(tile, to: ClickTarget.row(place).meaning)
            draw(
                entry, isMean: entry.head == app.session.model.configuration.headCount, isChosen: place == chosen,
                map: layout.map, on: &canvas, in: tile)
        }
        if lines > layout.rows {
            let last = min(entries.count, (first + layout.rows) * layout.columns)
            canvas.write(
                "\(first * layout.columns + 1)–\(last) of \(entries.count)", endingAt: heading.maxX, y: heading.y, .dim)
        }
    }

    private func draw(
        _ entry: HeadAtlas.Entry, isMean: Bool, isChosen: Bool, map size: Size, on canvas: inout Canvas, in tile: Rect
    ) {
        let name = isMean ? "L\(entry.block) mean" : "L\(entry.block) H\(entry.head)"
        canvas.write((isChosen ? "▸" : " ") + name, x: tile.x, y: tile.y, isChosen ? .accent : .text)
        let map = Rect(tile.x + 1, tile.y + 1, size.width, size.height)
        guard let statistics = entry.statistics else {
            canvas.write("…", x: map.x, y: map.y, .faint)
            return
        }
        statistics.draw(on: &canvas, in: map)
        for (line, score) in HeadScore.shown(size.height, including: order).enumerated() {
            let name = score.shortName.padding(toLength: 5, withPad: " ", startingAt: 0)
            canvas.write(
                [(name, .dim), (share(statistics[score]), score == order ? .accent : .text)], x: map.maxX,
                y: map.y + line)
        }
    }
}
