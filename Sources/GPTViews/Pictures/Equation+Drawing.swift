import GPTFigures
import TerminalKit

extension Equation {
    /// Draws as many pictures as fit, dropping operands from the left, and returns how they came out: the
    /// result's scale, whether any is pooled, and the first line below them all.
    func draw(on canvas: inout Canvas, in area: Rect) -> Heatmap.Drawn {
        var area = area
        // Of heatmaps without signs between them, each has an empty one.
        let pictures = heatmaps
        let signs = signs.count + 1 == pictures.count ? signs : Array(repeating: "", count: pictures.count - 1)
        let gap = 6
        // The result says its numbers if all operands fit beside them; else as many pictures as fit, from the right.
        func fits(_ shown: [Heatmap], numbers: Bool) -> Bool {
            leastWidths(shown, numbers: numbers).reduce(0, +) + gap * (shown.count - 1) <= area.width
        }
        let hasNumbers = fits(Self.named(pictures.dropFirst(contextCount)), numbers: true)
        var first = 0
        var shown = Self.named(pictures[...])
        while first < pictures.count - 1, !fits(shown, numbers: hasNumbers) {
            first += 1
            shown = Self.named(pictures[first...])
        }
        // What had no room is not passed over in silence.
        let isCut = first > contextCount
        if isCut { _ = area.takeLeft(signs[first - 1].unicodeScalars.count + 3) }
        // Many cells are slow to send; the result, and what is as large, keeps them all while its rows are few or have
        // room. Alone a picture has them all.
        let result = shown[shown.count - 1]
        func isAsLarge(_ picture: Heatmap) -> Bool { (picture.rows, picture.columns) == (result.rows, result.columns) }
        var rooms = shown.map { picture in
            HeatmapRoom(isCoarse: !isAsLarge(picture) || picture.rows > max(24, area.height - 3))
        }
        var widths = shares(shown, of: area.width - gap * (shown.count - 1), numbers: hasNumbers)
        // What is as large as the result is drawn as large, so that each cell stands at the same place in both; but
        // numbers in the result come before that.
        let alike = shown.indices.filter { isAsLarge(shown[$0]) && (result.columns > 12 || !hasNumbers) }
        for place in shown.indices { rooms[place].nameWidth = min(names(shown[place]), max(9, widths[place] / 4)) }
        func rest(_ place: Int) -> Int {
            (rooms[place].nameWidth ?? 0) + shown[place].asides.count * HeatmapLayout.asideWidth
        }
        let body = max(0, alike.map { widths[$0] - rest($0) }.min() ?? 0)
        for place in alike { widths[place] = rest(place) + body }
        var x = area.x
        var all = Heatmap.Drawn(maxY: area.y)
        var (least, starts) = (area.maxY, [Int]())
        for (place, picture) in shown.enumerated() {
            if place > 0 { x += gap }
            // Weights are pooled further than there is room: they are seen whole, and many cells are slow to send. What has
            // the result's rows stands beside them.
            let isPooled = picture.rows > 12 && picture.rows != result.rows
            let height =
                isPooled ? min(area.height, max(11, picture.rowNames.count + 3, area.height / 2)) : area.height
            let drawn = picture.draw(on: &canvas, in: Rect(x, area.y, widths[place], height), room: rooms[place])
            all = Heatmap.Drawn(
                end: drawn.end, isPooled: all.isPooled || drawn.isPooled, notFinite: drawn.notFinite,
                maxY: max(all.maxY, drawn.maxY))
            x += widths[place]
            starts.append(x)
            least = min(least, drawn.maxY)
        }
        // Signs stand beside the bodies of all: in the middle of the lowest.
        for (sign, start) in zip(signs.dropFirst(first), starts.dropLast()) {
            canvas.write(
                sign, x: start + (gap - sign.unicodeScalars.count) / 2, y: (area.y + 1 + least) / 2, .heading)
        }
        if isCut {
            let sign = "… " + signs[first - 1]
            canvas.write(sign, x: area.x - sign.unicodeScalars.count - 1, y: (area.y + 1 + least) / 2, .heading)
        }
        return all
    }

    /// Pictures side by side: what stands between a named one and the result has the same rows, or names of its own.
    private static func named(_ pictures: ArraySlice<Heatmap>) -> [Heatmap] {
        var shown = Array(pictures)
        for place in shown.indices.dropFirst().dropLast() where shown[place].rowNames == shown[0].rowNames {
            shown[place].rowNames = []
        }
        return shown
    }

    private func names(_ picture: Heatmap) -> Int { picture.longestName + 1 }

    /// Below these widths pictures say nothing; a small result says its numbers if it may.
    private func leastWidths(_ pictures: some BidirectionalCollection<Heatmap>, numbers: Bool = true) -> [Int] {
        // Long names are cut.
        let operands = pictures.dropLast().map { picture in
            min(names(picture), 9) + max(picture.title.unicodeScalars.count, min(picture.columns, 12))
        }
        let result = pictures.suffix(1).map { picture in
            min(names(picture), 9)
                + max(
                    picture.title.unicodeScalars.count,
                    picture.columns > 12 || !numbers ? 12 : picture.columns * 7)
                + picture.asides.count * HeatmapLayout.asideWidth
        }
        return operands + result
    }

    /// What a picture would like: its numbers if they fit, else a few columns of the screen for each of its own.
    private func wish(_ picture: Heatmap) -> Int {
        names(picture) + picture.asides.count * HeatmapLayout.asideWidth
            + max(
                picture.title.unicodeScalars.count + 12, picture.columns <= 12 ? picture.columns * 9 : picture.columns)
    }

    /// Each gets its least width, and the rest is shared by what each would like beyond it.
    private func shares(_ pictures: [Heatmap], of width: Int, numbers: Bool) -> [Int] {
        var least = leastWidths(pictures, numbers: numbers)
        var wants = zip(pictures, least).map { max(0, wish($0) - $1) }
        var spare = max(0, width - least.reduce(0, +))
        // Numbers in a small result come before the size of its operands.
        if numbers, let last = pictures.indices.last, pictures[last].columns <= 12 {
            let grant = min(wants[last], spare)
            least[last] += grant
            (wants[last], spare) = (0, spare - grant)
        }
        let all = wants.reduce(0, +)
        guard all > spare else { return zip(least, wants).map { min($0 + $1, width) } }
        // Small wishes are granted whole, large ones share what is left.
        var granted = Array(repeating: 0, count: pictures.count)
        var left = spare
        for (rank, place) in wants.indices.sorted(by: { wants[$0] < wants[$1] }).enumerated() {
            granted[place] = min(wants[place], left / (pictures.count - rank))
            left -= granted[place]
        }
        return zip(least, granted).map { min($0 + $1, width) }
    }
}
