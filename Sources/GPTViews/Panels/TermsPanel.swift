import GPTEngine
import GPTFigures
import GPTStepper
import TerminalKit

/// How the selected cell came about, and where its terms came from: a stack that Enter grows and Esc unwinds.
struct TermsPanel: Panel {
    /// The cells on the way back, the first asked for at the bottom.
    private(set) var frames: [TermsFrame]

    let place = PanelPlace.stage

    init(_ app: App, _ screen: Screen) throws(Refusal) {
        let (scene, stepper) = (app.session.scene, app.session.stepper)
        guard scene.values != nil else {
            throw Refusal("There are no weights, so there are no numbers to account for.")
        }
        // Which token is meant is known with the logits; any other cell can be waited for.
        guard scene.isComputed || !scene.node.isAnswer else { throw Refusal("The logits are not computed yet.") }
        let row = stepper.plane.row == .vocabulary ? scene.vocabulary : stepper.cell.row
        guard stepper.isRevealed(row: row, column: stepper.cell.column) else {
            throw Refusal("This cell is not computed yet: i runs it.")
        }
        frames = [TermsFrame(scene)]
    }

    /// The cell that is shown.
    private(set) var top: TermsFrame {
        get { frames[frames.count - 1] }
        set { frames[frames.count - 1] = newValue }
    }

    var row: Int? {
        get { top.place }
        set { top.place = newValue ?? top.place }
    }

    func keys(_ app: App) -> [(String, String)] {
        [("↓ ↑", "row"), ("Enter", "its source"), ("Esc", "back")]
            + (top.hasParts ? [("w", top.view == .terms ? "whole stream" : "terms")] : [])
            + [("Tab", "operand"), ("s", "order"), ("y", "copy the way")]
    }

    func needsWork(_ app: App) -> Bool { top.needsWork(app.session.stepper.program) }

    mutating func work(_ app: inout App, _ screen: Screen) -> Answer {
        if let values = app.session.values { _ = top.work(values, app.session.sampling) }
        return .stays()
    }

    /// The way as text, a line a cell or a share of one, the first asked for first.
    private func path(_ scene: Scene) -> String {
        frames.flatMap { frame in
            let value =
                frame.decomposition.map { $0.value.map { "\($0)" } ?? "no value" } ?? "not computed yet"
            let index = frame.cell.map(String.init).joined(separator: ",")
            let address = scene.stepper.program.nodes[frame.node].address
            return ["\(address)[\(index)] = \(value)   \(frame.decomposition?.formula ?? "")"]
                + frame.shares(scene.stepper.program).map { "\($0.name) wrote \(Digits.decimal($0.value)) toward it" }
        }.enumerated().map { String(repeating: "  ", count: $0) + $1 }.joined(separator: "\n") + "\n"
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        let leaving: [Key] = [.escape, .left, .backspace, .character("h"), .character("q")]
        guard top.decomposition != nil || leaving.contains(key) else {
            app.session.notice = "These numbers are not computed yet."
            return .stays()
        }
        let scene = app.session.scene
        let rows = TermsTable(top, scene).rows
        let row = rows.isEmpty ? nil : rows[min(top.place, rows.count - 1)]
        switch key {
        case .tab: top.operand = (top.operand + 1) % max(1, row?.targets.count ?? 1)
        case .character("s"): (top.bySize, top.place) = (!top.bySize, 0)
        case .character("w") where top.hasParts:
            // The one cell, and then all that was written to the stream.
            top.view = top.view == .terms ? .parts : .terms
            (top.place, top.bySize) = (0, top.view == .terms && top.startsBySize)
        case .character("y"):
            app.session.notice = "The way to this number was sent to the terminal's clipboard."
            return .stays(.copy(path(scene)))
        case .enter, .right, .character("l"): follow(row, &app.session)
        case .character("q"): return .closes()
        case .escape, .left, .backspace, .character("h"): return goBack(&app.session)
        default: top.place = Self.move(key, from: top.place, of: max(1, rows.count)) ?? top.place
        }
        return .stays()
    }

    /// One level back, within the cell or to the one that asked for it.
    private mutating func goBack(_ session: inout Session) -> Answer {
        if let (view, target) = top.viewAbove {
            top.view = view
            top.place = TermsTable(top, session.scene).rows.firstIndex { $0.targets.first == target } ?? 0
            return .stays()
        }
        guard frames.count > 1 else { return .closes() }
        frames.removeLast()
        session.perform(.goto(top.node, cell: top.cell))
        session.perform(.position(top.position))
        return .stays()
    }

    /// Goes to where a term came from.
    private mutating func follow(_ row: TermsTable.Row?, _ session: inout Session) {
        guard let row, !row.targets.isEmpty else {
            return session.notice = "The way ends here: this row comes from no other operation."
        }
        switch row.targets[min(top.operand, row.targets.count - 1)] {
        case .cell(let node, let index):
            let position = top.position
            session.perform(.goto(node, cell: index))
            if node >= session.stepper.program.logitsIndex { session.perform(.position(position)) }
            frames.append(TermsFrame(session.scene))
        case .weight(let name, let index):
            let place = index.map(String.init).joined(separator: ", ")
            session.notice = "\(name)[\(place)] is a weight: training made it, and here the way ends."
        case .heads(let part): (top.view, top.place) = (.heads(part: part), 0)
        case .channels(let part, let head): (top.view, top.place) = (.channels(part: part, head: head), 0)
        }
    }

    // MARK: Drawing

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        canvas.fill(area)
        var area = area
        let isTall = area.height >= 26
        let (scene, frame) = (app.session.scene, top)
        let program = scene.stepper.program
        let node = program.nodes[frame.node]
        let table = TermsTable(frame, scene)
        let heading = area.takeTop(isTall ? 2 : 1)
        let x = canvas.write("Terms", x: heading.x, y: heading.y, .accent)
        let shares = frame.shares(program)
        let names = frames.flatMap { [$0.name] + $0.shares(program).map(\.name) }
        let way = names.dropLast()
        if !way.isEmpty {
            let text = "from " + way.reversed().joined(separator: " ← ")
            canvas.write(clipped(text, heading.width - 8), x: x + 2, y: heading.y, .dim)
        } else {
            canvas.write(node.address, endingAt: heading.maxX, y: heading.y, .dim)
        }
        var value = frame.decomposition.map { sum in
            sum.value.map { sum.terms.isEmpty ? "\(Int($0))" : Digits.exact($0) } ?? "no value"
        }
        var name = frame.name
        if let share = shares.last { (name, value) = ("\(share.name) toward \(name)", Digits.decimal(share.value)) }
        let line = area.takeTop(1)
        canvas.write(
            [(name, .text), ("  =  ", .dim), (value ?? "not computed yet", value == nil ? .dim : .accent)],
            x: line.x, y: line.y, limit: line.maxX)
        if let formula = frame.decomposition?.formula {
            let shown = frame.view == .terms ? formula : partsFormula(frame)
            canvas.write(clipped("  = " + shown, area.width), x: area.x, y: area.takeTop(1).y, .dim)
        }
        for text in wrapped(table.summary, width: area.width).prefix(2) {
            canvas.write(text, x: area.x, y: area.takeTop(1).y, .text)
        }
        if isTall { _ = area.takeTop(1) }
        if let activate = node.operation as? Activate,
            let x = frame.decomposition?.terms.first?.operands.first?.value, area.height > 14
        {
            Curve(function: { activate.activation($0) }, point: x)
                .draw(on: &canvas, in: area.takeBottom(min(14, area.height - 6)).takingLeft(64))
        }
        drawRows(table, frame, on: &canvas, in: area)
    }

    private func partsFormula(_ frame: TermsFrame) -> String {
        if case .heads = frame.view { return "what each head of this attention wrote toward the logit" }
        if case .channels = frame.view {
            return "what was written to each channel · what a unit of it adds to the logit"
        }
        return frame.attribution == nil
            ? "what the embeddings and every sub-layer wrote to this channel"
            : "what every part wrote to the stream, seen from this logit"
    }

    private func drawRows(_ table: TermsTable, _ frame: TermsFrame, on canvas: inout Canvas, in area: Rect) {
        guard !table.rows.isEmpty, area.height > 2 else { return }
        var area = area
        // Rows of one table are of a kind: the first and the last tell how much room all need.
        let count = table.rows.count
        let sample = (Array(0..<min(50, count)) + Array(max(50, count - 50)..<max(50, count))).map { table.rows[$0] }
        let labelWidth = min(24, max(8, sample.map(\.label.unicodeScalars.count).max() ?? 8))
        let cellCount = sample.map(\.cells.count).max() ?? 0
        let start = area.x + 2 + labelWidth + 1
        // Numbers stand close where the sums would not fit beside them.
        let (sums, closest) = (table.isSum ? 28 : 0, 12)
        let cellWidth = min(15, max(closest, (area.maxX - start - sums) / max(1, cellCount)))
        let sumX = start + cellCount * cellWidth
        let hasRunning = table.isSum && sumX + sums <= area.maxX
        let header = area.takeTop(1)
        for (place, name) in table.heading.enumerated() {
            let isChosen = place == min(frame.operand, table.heading.count - 1) && table.heading.count > 1
            canvas.write(
                clipped(name, cellWidth - 1), endingAt: start + (place + 1) * cellWidth, y: header.y,
                isChosen && table.isSum ? .accent : .dim)
        }
        if table.isSum {
            canvas.write("term", endingAt: sumX + 14, y: header.y, .dim)
            if hasRunning { canvas.write("running sum", endingAt: sumX + sums, y: header.y, .dim) }
        }
        let room = area.height - (table.rows.count > area.height ? 1 : 0)
        let chosen = min(frame.place, table.rows.count - 1)
        let first = max(0, min(chosen - room / 2, table.rows.count - room))
        let barX = sumX + (hasRunning ? sums + 2 : table.isSum ? 16 : 2)
        let barWidth = min(40, area.maxX - barX - 1)
        for place in first..<min(first + room, table.rows.count) {
            let (row, y) = (table.rows[place], area.takeTop(1).y)
            let isHere = place == chosen
            canvas.link(Rect(area.x, y, area.width, 1), to: ClickTarget.row(place).meaning)
            if isHere { canvas.fill(Rect(area.x, y, area.width, 1), .here) }
            let ground: Role = isHere ? .here : .background
            if isHere { canvas.write("▸", x: area.x, y: y, Style(.accent, on: ground, bold: true)) }
            if row.isSelf { canvas.write("◆", x: area.x + 1, y: y, Style(.accent, on: ground, bold: true)) }
            canvas.write(
                clippedName(row.label, labelWidth), x: area.x + 2, y: y,
                Style(isHere || row.isSelf ? .bright : .text, on: ground, bold: isHere))
            for (place, cell) in row.cells.enumerated() {
                canvas.write(cell, endingAt: start + (place + 1) * cellWidth, y: y, Style(.text, on: ground))
            }
            guard let value = row.value else { continue }
            if table.isSum {
                canvas.write(
                    Digits.short(value), endingAt: sumX + 14, y: y,
                    Style(isHere ? .accent : .bright, on: ground, bold: isHere))
                if hasRunning, let running = row.running {
                    canvas.write(
                        Digits.short(running), endingAt: sumX + sums, y: y, Style(.dim, on: ground))
                }
            }
            drawBar(
                value / max(table.largest, .leastNormalMagnitude), width: barWidth, x: barX, y: y,
                isShare: !table.isSum,
                on: &canvas)
        }
        if table.rows.count > room {
            let text = "row \(chosen + 1) of \(table.rows.count)" + (frame.bySize ? ", largest first" : ", in order")
            canvas.write(text, x: area.x + 2, y: area.takeTop(1).y, .dim)
        }
    }

    /// A bar as long as a share of the largest; signed ones grow from the middle.
    private func drawBar(_ share: Double, width: Int, x: Int, y: Int, isShare: Bool, on canvas: inout Canvas) {
        guard width >= 6 else { return }
        guard share.isFinite else {
            canvas.write(" \(Digits.name(share)) ", x: x, y: y, Style(.background, on: .badge, bold: true))
            return
        }
        let half = isShare ? width : width / 2
        let length = Int((abs(share) * Double(half)).rounded())
        let zero = isShare ? x : x + half
        for step in 0..<length {
            let role: Role = isShare ? .ramp(.sequential, 128) : .ramp(.diverging, share < 0 ? 40 : 216)
            canvas[share < 0 ? zero - 1 - step : zero + step, y] = Cell(" ", Style(.text, on: role))
        }
        // The zero line, where no bar stands on it.
        if !isShare, share < 0 || length == 0 {
            canvas.write("│", x: zero, y: y, Style(.dim, on: canvas[zero, y].style.background))
        }
    }
}

extension TermsFrame {
    /// Where Esc leads within one cell, and the row that led here; nil at the terms and at the parts.
    fileprivate var viewAbove: (TermsFrame.View, TermsTable.Target)? {
        switch view {
        case .heads(let part): (.parts, .heads(part: part))
        case .channels(let part, nil): (.parts, .channels(part: part, head: nil))
        case .channels(let part, let head): (.heads(part: part), .channels(part: part, head: head))
        case .terms, .parts: nil
        }
    }
}

extension Rect {
    /// Its left part.
    fileprivate func takingLeft(_ width: Int) -> Rect { Rect(x, y, min(self.width, width), height) }
}
