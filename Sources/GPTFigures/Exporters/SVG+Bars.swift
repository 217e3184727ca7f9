import GPTEngine

extension SVG.Page {
    /// Named bars, with their numbers at the right.
    mutating func draw(_ bars: Bars, _ note: String) {
        y += 10
        text(note, x: margin, size: 11, fill: "#666")
        y += 10
        let names = 6.6 * Double(min(24, bars.bars.map(\.name.unicodeScalars.count).max() ?? 1)) + 8
        let hasNegative = bars.bars.contains { $0.length < 0 }
        let (start, room) = (margin + names + 50, self.room - names - 150)
        let (zero, span) = (hasNegative ? start + room / 2 : start, hasNegative ? room / 2 : room)
        for bar in bars.bars {
            let length = abs(bar.length) * span
            let color = SVG.color(bars.scale == .sequential ? max(0.25, bar.length) : bar.length, bars.scale)
            text(
                clipped(bar.name, 24), x: margin + names, y: y + 12, size: 11, weight: bar.isSelected ? "bold" : "",
                anchor: "end")
            text(bar.id, x: margin + names + 42, y: y + 12, size: 10, fill: "#666", anchor: "end")
            let index = bars.prefix + [bar.token].compactMap(\.self)
            let value = bar.number.map(Digits.plain) ?? bar.value
            let isBad = bar.number?.isFinite == false
            rect(
                x: bar.length < 0 ? zero - length : zero, y: y + 1, width: isBad ? 14 : max(1, length), height: 15,
                fill: isBad ? "#E8963C" : bar.isCut ? "#e4e4e4" : color.fill,
                title: Figure.caption(bars.address, index, value))
            text(bar.value, x: width - margin, y: y + 12, size: 11, anchor: "end")
            y += 19
        }
        if hasNegative {
            rect(
                x: zero, y: y - 19 * Double(bars.bars.count), width: 0.6, height: 19 * Double(bars.bars.count),
                fill: "#888")
        }
        y += 6
        let scale =
            bars.scale == .sequential
            ? "probability: a bar over the whole width is 1" : "as long as its share of the largest by size"
        text(scale, x: start, y: y + 8, size: 10, fill: "#555")
        y += 18
    }

    /// The line of length 1 that a token is sampled from.
    mutating func draw(_ line: ShareLine) {
        y += 14
        guard line.prediction.token != nil else {
            text("The logits are not all numbers: no line is drawn.", x: margin, size: 11, fill: "#666")
            return y += 12
        }
        text("the line of length 1, tokens by id", x: margin, size: 11, fill: "#666")
        y += 22
        var sum = 0.0
        for (id, share) in line.prediction.probabilities.values.enumerated() where share > 0 && share.isFinite {
            let (x, length) = (margin + sum * room, Double(share) * room)
            sum += Double(share)
            // What is narrower than a hair is not told apart.
            guard length >= 0.2 else { continue }
            let isChosen = id == line.prediction.token
            let color =
                isChosen ? (fill: "#FFB454", isDark: false) : SVG.color(id.isMultiple(of: 2) ? 0.25 : 0.45, .sequential)
            rect(
                x: x, y: y, width: length, height: 20, fill: color.fill,
                title: "\(line.label(id)): \(Digits.plain(share))")
            let name = line.label(id)
            if Double(name.unicodeScalars.count) * 6.6 + 6 < length {
                text(
                    name, x: x + length / 2, y: y + 14, size: 11, fill: color.isDark ? "#fff" : "#222", anchor: "middle"
                )
            }
        }
        if let draw = line.prediction.draw {
            let x = margin + draw * room
            text("▼ u = \(Digits.fixed(draw, 4))", x: min(x - 4, width - 110), y: y - 4, size: 11)
        }
        y += 34
    }

    /// Tokens with places and ids.
    mutating func draw(_ table: TokenTable) {
        y += 8
        for (text, x) in [("position", margin + 60), ("token", margin + 80), ("id", margin + 280)] {
            self.text(text, x: x, size: 11, fill: "#666", anchor: text == "token" ? "" : "end")
        }
        for row in table.rows {
            y += 18
            let weight = row.position == table.selected ? "bold" : ""
            text("\(row.position)", x: margin + 60, size: 11, weight: weight, anchor: "end")
            text(clipped(row.name, 20), x: margin + 80, size: 11, weight: weight)
            guard let id = row.id else { continue }
            rect(
                x: margin + 200, y: y - 13, width: 84, height: 17, fill: "#f2f2f2",
                title: Figure.caption(table.address, [row.position], "\(id)"))
            text("\(id)", x: margin + 280, size: 11, weight: weight, anchor: "end")
        }
        y += 12
    }

    /// A function with a point on it.
    mutating func draw(_ curve: Curve) {
        let point = curve.point.flatMap { abs($0) <= 1000 ? $0 : nil }
        let reach = max(3, (abs(point ?? 0) * 1.2).rounded(.up))
        let (width, height) = (300.0, 120.0)
        let samples = (0...100).map { step -> (x: Float, y: Float) in
            let x = (Float(step) / 50 - 1) * reach
            return (x, curve.function(x))
        }
        let low = min(-0.3, samples.map(\.y).min() ?? 0)
        let high = max(1.5, samples.map(\.y).max() ?? 1)
        func place(_ x: Float, _ value: Float) -> (x: Double, y: Double) {
            (
                margin + Double((x + reach) / (2 * reach)) * width,
                y + Double((high - value) / (high - low)) * height
            )
        }
        let path = samples.map { sample in
            let point = place(sample.x, sample.y)
            return "\((point.x * 10).rounded() / 10),\((point.y * 10).rounded() / 10)"
        }.joined(separator: " ")
        let zero = place(0, 0)
        rect(x: margin, y: zero.y, width: width, height: 0.6, fill: "#aaa")
        rect(x: zero.x, y: y, width: 0.6, height: height, fill: "#aaa")
        add("polyline", "points=\"\(path)\" fill=\"none\" stroke=\"#C9503F\" stroke-width=\"1.5\"")
        if let point, curve.function(point).isFinite {
            let mark = place(point, curve.function(point))
            add(
                "circle", "cx=\"\(mark.x)\" cy=\"\(mark.y)\" r=\"4\" fill=\"#E8963C\"",
                "f(\(Digits.plain(point))) = \(Digits.plain(curve.function(point)))")
        }
        y += height + 8
        text("−\(Int(reach))", x: margin, y: y + 6, size: 10, fill: "#555")
        text("+\(Int(reach))", x: margin + width, y: y + 6, size: 10, fill: "#555", anchor: "end")
        y += 14
    }
}
