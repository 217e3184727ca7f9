import Foundation
import GPTEngine
import GPTStepper
import TerminalKit

/// From logits to a token.
extension Stage {
    /// How many tokens are listed.
    static let candidateCount = 20

    /// The tokens that are listed: by id where all fit, else the likeliest.
    static func candidates(_ scene: Scene) -> [Int] {
        guard let prediction = scene.prediction else { return [] }
        guard prediction.logits.count > candidateCount else { return Array(0..<prediction.logits.count) }
        let likeliest = prediction.ranking(candidateCount)
        // What was sampled is always there, once it is sampled.
        guard scene.node.isChoice, let token = prediction.token, !likeliest.contains(token) else { return likeliest }
        return likeliest + [token]
    }

    /// A bar for each candidate after the selected position.
    static func output(_ scene: Scene) -> Stage {
        guard let prediction = scene.prediction else {
            return .bars(Bars(bars: [], ramp: .diverging), note: scene.absenceText)
        }
        let node = scene.node
        let isShare = node.isChoice || node.givesShares
        let values = node.isLogits ? prediction.logits : isShare ? prediction.probabilities : prediction.filtered
        let ids = candidates(scene)
        let largest = ids.map { values[flat: $0] }.filter(\.isFinite).map(abs).max() ?? 1
        let selected = scene.vocabulary
        let bars = ids.map { id -> Bars.Bar in
            let value = values[flat: id]
            let name = scene.model.label(id)
            guard node.isChoice || scene.stepper.isRevealed(row: id, column: 0) else {
                return Bars.Bar(
                    name: name, id: "\(id)", length: 0, value: "not computed yet", isSelected: id == selected)
            }
            let isCut = prediction.filtered[flat: id] == -.infinity && !node.isLogits
            return Bars.Bar(
                name: name, id: name == "#\(id)" ? "" : "\(id)",
                length: isCut
                    ? 0.15 : value.isFinite ? Double(isShare ? value : value / max(largest, .leastNormalMagnitude)) : 0,
                value: isCut ? "filtered out" : isShare ? percent(value) : number(value, width: 9),
                isSelected: id == selected, isCut: isCut, token: id)
        }
        let left = values.count - ids.count
        let place = scene.name(position: scene.selection.position)
        let note =
            "after \(place)" + (left > 0 ? " · the \(candidateCount) likeliest of \(values.count)" : "")
            + (ids.count > candidateCount ? ", then what was sampled" : "")
        let line = node.isChoice ? CumulativeLine(prediction, scene.model) : nil
        return .bars(Bars(bars: bars, ramp: isShare ? .sequential : .diverging), note: note, line: line)
    }
}

/// A share with two decimals; what these would show as nothing is said to be less.
private func percent(_ share: Float) -> String {
    share > 0 && share < 0.00005 ? "<0.01 %" : String(format: "%.2f %%", 100 * share)
}

/// All tokens end to end by id, each as long as its probability, and the random number that falls on one of them.
struct CumulativeLine {
    private let prediction: Prediction
    private let model: Model

    init(_ prediction: Prediction, _ model: Model) {
        self.prediction = prediction
        self.model = model
    }

    func draw(on canvas: inout Canvas, in area: Rect) {
        let width = area.width
        guard width > 10 else { return }
        // Each column shows the token that its middle falls on; where several lie in one they are not told apart.
        let ids = prediction.probabilities.values.indices.filter { prediction.probabilities[flat: $0] > 0 }
        guard var sum = ids.first.map({ Double(prediction.probabilities[flat: $0]) }) else { return }
        var place = 0
        /// Of the tokens with a share, the one that lies at a point of the line, by place.
        func token(at point: Double) -> Int {
            while sum <= point, place < ids.count - 1 {
                place += 1
                sum += Double(prediction.probabilities[flat: ids[place]])
            }
            return place
        }
        var starts: [(id: Int, x: Int, ground: Role)] = []
        var hasCrowds = false
        let isColored = canvas.capabilities.colorCount >= 8
        for x in 0..<width {
            let first = token(at: Double(x) / Double(width))
            let middle = token(at: (Double(x) + 0.5) / Double(width))
            let last = token(at: min((Double(x) + 1) / Double(width), 1 - 1e-6))
            let id = ids[middle]
            let isHit = prediction.draw.map { Int($0 * Double(width)) == x } ?? false || id == prediction.token
            let isCrowd = last - first > 1 && !isHit
            hasCrowds = hasCrowds || isCrowd
            if starts.last?.id != id {
                let ground: Role =
                    id == prediction.token
                    ? .accent : Ramp.sequential.role(starts.count.isMultiple(of: 2) ? 0.45 : 0.25)
                starts.append((id, x, ground))
            }
            let ground = isHit ? .accent : starts[starts.count - 1].ground
            canvas[area.x + x, area.y + 2] =
                isCrowd ? Cell("░", .dim) : Cell(isHit && !isColored ? "█" : " ", Style(.ink, on: ground))
        }
        canvas.write(
            "the line of length 1, tokens by id" + (hasCrowds ? "; ░ several in a column" : ""), x: area.x, y: area.y,
            .dim)
        for (place, start) in starts.enumerated() {
            let end = place + 1 < starts.count ? starts[place + 1].x : width
            let label = model.label(start.id)
            guard end - start.x >= label.unicodeScalars.count + 2 else { continue }
            canvas.write(
                label, x: area.x + start.x + 1, y: area.y + 2,
                Style(start.ground == .accent ? .background : .ink, on: start.ground))
        }
        canvas.write("0", x: area.x, y: area.y + 3, .dim)
        canvas.write("1", endingAt: area.x + width, y: area.y + 3, .dim)
        guard let draw = prediction.draw else {
            canvas.write("temperature 0: the likeliest is taken, nothing is random", x: area.x + 3, y: area.y + 3, .dim)
            return
        }
        let x = min(width - 1, Int(draw * Double(width)))
        let text = String(format: "u = %.4f", draw)
        canvas.write("▼", x: area.x + x, y: area.y + 1, .accent)
        canvas.write(
            text, x: x + 2 + text.count <= width ? area.x + x + 2 : area.x + x - 1 - text.count, y: area.y + 1, .accent)
    }
}
