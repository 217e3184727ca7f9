import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// All heads of a block, or of all blocks, as thumbnails with what tells them apart.
struct HeadsPanel {
    /// The block whose heads are shown; nil for all blocks.
    var block: Int?
    var order = HeadAtlas.Order.place
    /// The chosen one, by its place in the order that is shown.
    var place = 0

    /// Whether a shown block is still to be looked at.
    func needsWork(_ atlas: HeadAtlas) -> Bool {
        let (done, all) = atlas.progress(block)
        return done < all
    }

    /// How a page of tiles is laid out.
    struct Layout {
        let columns: Int
        let rows: Int
        let tile: Size
        /// Columns and lines of the little map.
        let map: Size

        init(_ area: Rect, isBlock: Bool) {
            map = isBlock && area.height >= 26 ? Size(16, 8) : Size(8, 4)
            tile = Size(map.width + 10, map.height + 2)
            columns = max(1, area.width / tile.width)
            rows = max(1, (area.height - 3) / tile.height)
        }
    }
}

extension App {
    mutating func openHeads() {
        guard trace != nil else { return message = "There are no weights, so there are no patterns." }
        panel = .heads(HeadsPanel(block: stepper.node.block ?? 0, place: stepper.selection.head))
    }

    /// Gives a key to the heads.
    mutating func pressInHeads(_ key: Key, _ heads: HeadsPanel) {
        var heads = heads
        let entries = atlas.entries(of: heads.block, by: heads.order)
        let columns = HeadsPanel.Layout(stageArea, isBlock: heads.block != nil).columns
        func move(_ offset: Int) { heads.place = min(max(0, heads.place + offset), entries.count - 1) }
        switch key {
        case .right, .character("l"): move(1)
        case .left, .character("h"): move(-1)
        case .down, .character("j"): move(columns)
        case .up, .character("k"): move(-columns)
        case .pageDown, .character(" "): move(4 * columns)
        case .pageUp: move(-4 * columns)
        case .home, .character("g"): heads.place = 0
        case .end, .character("G"): heads.place = entries.count - 1
        case .character("s"):
            heads.order = HeadAtlas.Order(rawValue: heads.order.rawValue + 1) ?? .place
            heads.place = 0
        case .character("a"):
            heads.block = heads.block == nil ? stepper.node.block ?? 0 : nil
            heads.place = 0
        case .character("]"), .character("}"): heads.turn(1, program: stepper.program)
        case .character("["), .character("{"): heads.turn(-1, program: stepper.program)
        case .enter:
            let entry = entries[heads.place]
            guard entry.head < stepper.program.configuration.headCount else {
                return message = "This is the mean of the block's heads, and no head of its own."
            }
            panel = nil
            if let node = HeadAtlas.pattern(of: entry.block, in: stepper.program) {
                stepper.visit(node, at: [entry.head, stepper.selection.position, stepper.selection.key])
            }
            focus = .stage
            return
        case .escape, .character("q"):
            panel = nil
            return
        default: break
        }
        panel = .heads(heads)
    }

    // MARK: Drawing

    func drawHeads(_ heads: HeadsPanel, on canvas: inout Canvas, in area: Rect) {
        canvas.fill(area)
        let layout = HeadsPanel.Layout(area, isBlock: heads.block != nil)
        var area = area
        let heading = area.takeTop(1)
        let title = heads.block.map { "Heads of block \($0)" } ?? "Heads of all blocks"
        let x = canvas.write(title, x: heading.x, y: heading.y, .accent)
        let (done, all) = atlas.progress(heads.block)
        let order = Self.name(heads.order) + (done < all ? " · \(done) of \(all) blocks computed" : "")
        canvas.write(order, x: x + 2, y: heading.y, .dim)
        let legend = area.takeTop(2)
        canvas.write(
            clipped(
                "queries down, keys across; entropy in bits, shares on first, previous, own",
                legend.width),
            x: legend.x, y: legend.y, .dim)
        let entries = atlas.entries(of: heads.block, by: heads.order)
        let line = min(heads.place, entries.count - 1) / layout.columns
        let lines = (entries.count + layout.columns - 1) / layout.columns
        let first = max(0, min(line - layout.rows / 2, lines - layout.rows))
        for (place, entry) in entries.enumerated().dropFirst(first * layout.columns).prefix(
            layout.rows * layout.columns)
        {
            let tile = Rect(
                area.x + place % layout.columns * layout.tile.width,
                area.y + (place / layout.columns - first) * layout.tile.height, layout.tile.width, layout.tile.height)
            canvas.link(tile, to: ClickTarget.row(place).meaning)
            draw(entry, isChosen: place == heads.place, map: layout.map, on: &canvas, in: tile)
        }
        if lines > layout.rows {
            let last = min(entries.count, (first + layout.rows) * layout.columns)
            canvas.write(
                "\(first * layout.columns + 1)–\(last) of \(entries.count)", endingAt: heading.maxX, y: heading.y, .dim)
        }
    }

    private func draw(
        _ entry: HeadAtlas.Entry, isChosen: Bool, map size: Size, on canvas: inout Canvas, in tile: Rect
    ) {
        let isMean = entry.head == stepper.program.configuration.headCount
        let name = isMean ? "L\(entry.block) mean" : "L\(entry.block) H\(entry.head)"
        canvas.write((isChosen ? "▸" : " ") + name, x: tile.x, y: tile.y, isChosen ? .accent : .text)
        let map = Rect(tile.x + 1, tile.y + 1, size.width, size.height)
        guard let statistics = entry.statistics else {
            canvas.write("…", x: map.x, y: map.y, .faint)
            return
        }
        statistics.draw(on: &canvas, in: map)
        let facts = [
            ("bits", statistics.entropy), ("1st", statistics.first), ("prev", statistics.previous),
            ("self", statistics.own),
        ]
        for (line, (name, value)) in facts.enumerated() where line < size.height {
            canvas.write(
                [
                    (name.padding(toLength: 5, withPad: " ", startingAt: 0), .dim),
                    (share(value), .text),
                ],
                x: map.maxX, y: map.y + line)
        }
    }

    private static func name(_ order: HeadAtlas.Order) -> String {
        switch order {
        case .place: "in order"
        case .entropy: "the lowest entropy first"
        case .first: "the largest share on the first position first"
        case .previous: "the largest share on the previous position first"
        case .own: "the largest share on itself first"
        }
    }
}

extension HeadsPanel {
    /// Turns to another block.
    fileprivate mutating func turn(_ offset: Int, program: Program) {
        guard let block else { return }
        let count = program.configuration.layerCount
        self.block = (block + offset + count) % count
        place = min(place, program.configuration.headCount)
    }
}
