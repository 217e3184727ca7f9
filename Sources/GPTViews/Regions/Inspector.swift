import Checkpoints
import Foundation
import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// The selected cell: its exact value, how it came about, what the operation is for, and what it costs.
struct Inspector {
    private let scene: Scene
    private let hasFocus: Bool
    private let explanation: Explanation
    private let sentences: [String]

    init(scene: Scene, width: Int, hasFocus: Bool) {
        self.scene = scene
        self.hasFocus = hasFocus
        explanation = Explanation(scene)
        // What an edit put there is not what the formula gives.
        let note = scene.changed.contains(scene.stepper.index) ? "An edit changed numbers of this operation. " : ""
        sentences = wrapped(note + Words.sentences(scene), width: min(width, 110))
    }

    /// Lines that it can use.
    func lineCount(isTall: Bool) -> Int { 3 + sentences.count + (isTall ? 5 : 1) }

    func draw(on canvas: inout Canvas, in area: Rect, isTall: Bool) {
        var area = area
        if isTall {
            _ = area.takeTop(1)
            canvas.write("Inspector", x: area.x, y: area.y, hasFocus ? .accent : .heading)
            _ = area.takeTop(1)
        }
        let line = area.takeTop(1)
        canvas.write(
            [
                (hasFocus && !isTall ? "▸ " : "", .accent), (explanation.name, .text), ("  =  ", .dim),
                (explanation.value, explanation.isNumber ? .accent : .dim),
            ], x: line.x, y: line.y, limit: line.maxX)
        for text in formulaLines(width: area.width) {
            canvas.write(text, x: area.x, y: area.takeTop(1).y, .dim, limit: area.maxX)
        }
        if isTall, area.height > sentences.count { _ = area.takeTop(1) }
        // Sentences that were begun are finished or left out whole.
        let fitting = sentences.count <= area.height ? sentences.count : wholeSentences(area.height)
        for sentence in sentences.prefix(fitting) { canvas.write(sentence, x: area.x, y: area.takeTop(1).y, .text) }
        if area.height > 0 {
            let gap = isTall && area.height > 1 ? 1 : 0
            canvas.write(cost(area.width), x: area.x, y: area.takeTop(1 + gap).maxY - 1, .dim)
        }
    }

    /// The formula in letters and in numbers, on one line where they fit.
    private func formulaLines(width: Int) -> [String] {
        let (letters, numbers) = (
            "  = " + explanation.formula, explanation.numbers.isEmpty ? "" : "  = " + explanation.numbers
        )
        if (letters + numbers).unicodeScalars.count <= width { return [letters + numbers] }
        return [letters, numbers]
    }

    /// How many lines end with the end of a sentence, of the first `count`.
    private func wholeSentences(_ count: Int) -> Int {
        (sentences.prefix(count).lastIndex { $0.hasSuffix(".") || $0.hasSuffix("?") } ?? -1) + 1
    }

    /// What the operation takes, the most telling first, as far as it fits.
    private func cost(_ width: Int) -> String {
        let node = scene.node
        let flops = Double(node.flops)
        let unit = [(1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP"), (1e3, "kFLOP")].first { flops >= $0.0 }
        let work = unit.map { String(format: "%.1f %@", flops / $0.0, $0.1) } ?? "\(node.flops) FLOP"
        var facts = [
            node.shape.map(String.init).joined(separator: " × "),
            node.parameterCount > 0 ? "\(grouped(node.parameterCount)) parameters" : "",
            node.flops > 0 ? work + (scene.stepper.cachedCount > 0 ? " from scratch" : "") : "",
            "\(byteCount(node.bytes)) of weights and results",
        ].filter { !$0.isEmpty }
        func text() -> String { "shape  " + facts.joined(separator: " · ") }
        while text().unicodeScalars.count > width, facts.count > 1 { facts.removeLast() }
        return clipped(text(), width)
    }
}

/// Text broken at spaces into lines of at most `width` columns.
func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.unicodeScalars.count + 1 + word.unicodeScalars.count > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
}
