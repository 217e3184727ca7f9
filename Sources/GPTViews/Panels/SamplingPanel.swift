import GPTFigures
import GPTEngine
import GPTStepper
import TerminalKit

/// The four settings of sampling while they are being changed.
struct SamplingPanel: Panel {
    private var sampling: Sampling
    private var field = 0
    let place = PanelPlace.screen

    init(_ app: App, _ screen: Screen) { sampling = app.session.sampling }

    private static let names = ["temperature", "top-k", "top-p", "seed"]

    /// Each setting as text.
    private var values: [String] {
        [
            sampling.isGreedy ? "0  greedy" : "\(sampling.temperature)",
            sampling.topK == 0 ? "0  off" : "\(sampling.topK)",
            sampling.topP == 1 ? "1  off" : "\(sampling.topP)", "\(sampling.seed)",
        ]
    }

    func keys(_ app: App) -> [(String, String)] {
        [("↓ ↑", "setting"), ("← →", "change"), ("Enter", "use"), ("Esc", "leave as it was")]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape: return .closes()
        case .enter:
            app.session.perform(.sampling(sampling))
            return .closes()
        case .up, .character("k"): field = (field + 3) % 4
        case .down, .tab, .character("j"): field = (field + 1) % 4
        case .left, .character("h"), .character("-"): change(-1)
        case .right, .character("l"), .character("+"): change(1)
        default: break
        }
        return .stays()
    }

    private mutating func change(_ step: Int) {
        switch field {
        case 0: sampling.temperature = min(9.9, max(0, ((sampling.temperature * 10).rounded() + Float(step)) / 10))
        case 1: sampling.topK = max(0, sampling.topK + step)
        case 2: sampling.topP = min(1, max(0.05, ((sampling.topP * 20).rounded() + Float(step)) / 20))
        default: sampling.seed = step > 0 ? sampling.seed &+ 1 : sampling.seed &- (sampling.seed > 0 ? 1 : 0)
        }
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        let box = Rect(area.x, area.maxY - 7, area.width, 7)
        canvas.fill(box, .bar)
        canvas.write("Sampling", x: box.x + 2, y: box.y + 1, Style(.bright, on: .bar, bold: true))
        for (place, (name, value)) in zip(Self.names, values).enumerated() {
            let isHere = place == field
            canvas.write(isHere ? "▸" : " ", x: box.x + 2, y: box.y + 2 + place, Style(.accent, on: .bar, bold: true))
            canvas.write(name, x: box.x + 4, y: box.y + 2 + place, Style(.text, on: .bar))
            canvas.write(
                value, x: box.x + 18, y: box.y + 2 + place, Style(isHere ? .accent : .bright, on: .bar, bold: isHere))
        }
        // The effect on the answer after the selected position, if the pass has come that far.
        let model = app.session.model
        guard let prediction = app.session.scene(sampling: sampling).prediction else {
            canvas.write(
                "The bars appear here once the logits are computed.", x: box.x + 30, y: box.y + 2, Style(.dim, on: .bar)
            )
            return
        }
        for (place, id) in prediction.ranking(5).enumerated() {
            let share = prediction.probabilities[flat: id]
            let y = box.y + 1 + place
            canvas.write(
                clipped(model.label(id), 14), endingAt: box.x + 44, y: y,
                Style(id == prediction.token ? .accent : .text, on: .bar))
            for step in 0..<Int((share.isFinite ? Double(share) : 0) * 20) {
                canvas[box.x + 46 + step, y] = Cell(
                    " ", Style(.ink, on: Ramp.sequential.role(max(0.25, Double(share)))))
            }
            let isCut = prediction.isCut(id)
            canvas.write(
                isCut ? "filtered out" : Digits.smallPercent(Double(share)), x: box.x + 67, y: y,
                Style(.text, on: .bar))
        }
    }
}
