import GPTFigures
import Checkpoints
import GPTEngine
import GPTStepper
import TerminalKit

/// Program, model, parameters and state of the weights; at the right where we are.
struct TitleLine {
    let scene: Scene
    let isBusy: Bool
    /// From where on there are numbers that are none.
    let fault: FaultFinder.Fault?
    /// What edits change of the answer; nil where none count, empty while that is not known.
    let edited: String?

    func draw(on canvas: inout Canvas, in area: Rect) {
        canvas.fill(area, .bar)
        let text = Style(.text, on: .bar)
        var x = canvas.write("gptstep", x: 1, y: area.y, Style(.accent, on: .bar, bold: true))

        let stepper = scene.stepper
        let section = stepper.timeline.sections[stepper.timeline.section(of: stepper.index)].name
        let part = stepper.timeline.subLayer(of: stepper.index).name
        let place = section == part ? section : "\(section) \(part)"
        let work = isBusy ? "computing" : stepper.isPlaying ? "playing" : ""
        let isNarrow = area.width < 100 && !work.isEmpty
        let right = [work, isNarrow ? "" : place, "step \(stepper.index + 1) of \(stepper.program.nodes.count)"]
            .filter { !$0.isEmpty }.joined(separator: " · ")
        let limit = area.maxX - right.count - 2

        // What does not fit goes, the least important first; the state of the weights always stays.
        let badge = badge
        let count = grouped(scene.configuration.parameterCount)
        let notes = (badge == nil ? [state] : []) + [scene.model.remark].compactMap(\.self)
        let room = limit - x - 2 - (badge.map { $0.count + 4 } ?? 0)
        let facts = [["\(count) parameters"] + notes, notes, badge == nil ? [state] : [], []]
            .map { ([scene.model.name] + $0).joined(separator: " · ") }
        let fitting = facts.first { $0.unicodeScalars.count <= room } ?? clipped(scene.model.name, max(4, room))
        x = canvas.write(fitting, x: x + 2, y: area.y, text, limit: limit)
        if let badge { canvas.write(" \(badge) ", x: x + 2, y: area.y, Style(.background, on: .badge, bold: true)) }
        canvas.write(right, endingAt: area.maxX - 1, y: area.y, text)
    }

    private var state: String { scene.model.preset?.origin == .builtIn ? "trained" : "loaded" }

    /// What cannot be missed: numbers that mean nothing, or no numbers.
    private var badge: String? {
        let state: String? =
            switch scene.model.state {
            case .random: "RANDOM WEIGHTS"
            case .shapes, .absent: "SHAPES ONLY"
            case .loaded: nil
            }
        let place = fault.map { fault in
            let node = scene.stepper.program.nodes[fault.node]
            return "\(fault.name) from \(node.block.map { "L\($0) " } ?? "")\(node.name) on"
        }
        let edited = edited.map { $0.isEmpty ? "EDITED" : "EDITED: \($0)" }
        let all = [state, place, edited].compactMap(\.self)
        return all.isEmpty ? nil : all.joined(separator: " · ")
    }
}
