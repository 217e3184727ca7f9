import GPTEngine
import TerminalKit

/// Pictures side by side with signs between them: operands and their result, as a line of mathematics.
struct Equation {
    /// One piece of it.
    enum Part {
        /// A matrix; the result is drawn last and never left out.
        case picture(Picture)
        /// `·`, `+`, `=`.
        case sign(String)
    }

    var parts: [Part]

    /// `a · b = c` and the like: pictures with the signs that stand before each but the first.
    init(_ first: Picture, _ rest: (String, Picture)...) {
        parts = [.picture(first)] + rest.flatMap { [.sign($0.0), .picture($0.1)] }
    }

    /// Draws as many pictures as fit, dropping operands from the left, and returns the result's colour scale.
    @discardableResult
    func draw(on canvas: inout Canvas, in area: Rect) -> Float {
        let pictures = parts.compactMap { if case .picture(let picture) = $0 { picture } else { nil } }
        let signs = parts.compactMap { if case .sign(let sign) = $0 { sign } else { nil } }
        let gap = 5
        // The most pictures, counted from the result, whose least widths fit.
        var first = 0
        while first < pictures.count - 1,
            pictures[first...].reduce(0, { $0 + leastWidth($1) }) + gap * (pictures.count - first - 1) > area.width
        {
            first += 1
        }
        let shown = Array(pictures[first...])
        let widths = shares(shown, of: area.width - gap * (shown.count - 1))
        var x = area.x
        var scale: Float = 0
        for (place, picture) in shown.enumerated() {
            if place > 0 {
                canvas.write(signs[first + place - 1], x: x + 2, y: area.y + 2 + min(area.height - 4, max(0, shown[0].rows / 2)), .heading)
                x += gap
            }
            scale = picture.draw(on: &canvas, in: Rect(x, area.y, widths[place], area.height))
            x += widths[place]
        }
        return scale
    }

    private func names(_ picture: Picture) -> Int { (picture.rowNames.map(\.unicodeScalars.count).max() ?? -1) + 1 }

    /// Below this a picture says nothing.
    private func leastWidth(_ picture: Picture) -> Int {
        names(picture) + max(picture.title.unicodeScalars.count, min(picture.columns, 12)) + picture.asides.count * PictureLayout.asideWidth
    }

    /// What a picture would like: its numbers if they fit, else a few columns of the screen for each of its own.
    private func wish(_ picture: Picture) -> Int {
        names(picture) + picture.asides.count * PictureLayout.asideWidth
            + max(picture.title.unicodeScalars.count + 12, picture.columns <= 12 ? picture.columns * 9 : picture.columns)
    }

    /// Each gets its least width, and the rest is shared by what each would like beyond it.
    private func shares(_ pictures: [Picture], of width: Int) -> [Int] {
        let least = pictures.map(leastWidth)
        let wants = zip(pictures, least).map { max(0, wish($0) - $1) }
        let spare = max(0, width - least.reduce(0, +))
        let all = wants.reduce(0, +)
        guard all > spare else { return zip(least, wants).map { $0 + $1 } }
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
