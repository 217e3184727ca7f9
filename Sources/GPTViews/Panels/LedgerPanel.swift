import GPTEngine
import GPTStepper
import TerminalKit

/// How the selected cell came about, and where its terms came from: a stack that Enter grows and Esc unwinds.
struct LedgerPanel {
    /// The cells on the way back, the first asked for at the bottom.
    private(set) var frames: [TermsFrame]

    init(_ scene: Scene) { frames = [TermsFrame(scene)] }

    /// The cell that is shown.
    var top: TermsFrame {
        get { frames[frames.count - 1] }
        set { frames[frames.count - 1] = newValue }
    }

    func needsWork(_ program: Program) -> Bool { top.needsWork(program) }

    mutating func push(_ scene: Scene) { frames.append(TermsFrame(scene)) }

    /// Goes one level back; false at the bottom.
    mutating func pop() -> Bool {
        guard frames.count > 1 else { return false }
        frames.removeLast()
        return true
    }

    /// The way as text, a line a cell or a share of one, the first asked for first.
    func path(_ scene: Scene) -> String {
        frames.flatMap { frame in
            let value =
                frame.decomposition.map { ledger in ledger.value.map { "\($0)" } ?? "no value" } ?? "not computed yet"
            let index = frame.cell.map(String.init).joined(separator: ",")
            let address = scene.stepper.program.nodes[frame.node].address
            return ["\(address)[\(index)] = \(value)   \(frame.decomposition?.formula ?? "")"]
                + frame.shares(scene.stepper.program).map { "\($0.name) wrote \(Digits.decimal($0.value)) toward it" }
        }.enumerated().map { String(repeating: "  ", count: $0) + $1 }.joined(separator: "\n") + "\n"
    }
}

extension App {
    /// Opens the ledger of the selected cell.
    mutating func openLedger() {
        guard trace != nil else { return message = "There are no weights, so there are no numbers to account for." }
        // Which token is meant is known with the logits; any other cell can be waited for.
        guard scene.isComputed || !stepper.node.isAnswer else {
            return message = "The logits are not computed yet."
        }
        let row = stepper.plane.row == .vocabulary ? scene.vocabulary : stepper.cell.row
        guard stepper.isRevealed(row: row, column: stepper.cell.column) else {
            return message = "This cell is not computed yet: i runs it."
        }
        panel = .ledger(LedgerPanel(scene))
    }

    /// Gives a key to the ledger.
    mutating func pressInLedger(_ key: Key, _ ledger: LedgerPanel) -> Effect {
        var ledger = ledger
        let leaving: [Key] = [.escape, .left, .backspace, .character("h"), .character("q")]
        guard ledger.top.decomposition != nil || leaving.contains(key) else {
            message = "These numbers are not computed yet."
            return .none
        }
        let table = TermsTable(ledger.top, scene)
        let last = max(0, table.rows.count - 1)
        let row = table.rows.isEmpty ? nil : table.rows[min(ledger.top.place, last)]
        switch key {
        case .down, .character("j"): ledger.top.place = min(last, ledger.top.place + 1)
        case .up, .character("k"): ledger.top.place = max(0, ledger.top.place - 1)
        case .pageDown, .character(" "): ledger.top.place = min(last, ledger.top.place + 10)
        case .pageUp: ledger.top.place = max(0, ledger.top.place - 10)
        case .home, .character("g"): ledger.top.place = 0
        case .end, .character("G"): ledger.top.place = last
        case .tab: ledger.top.operand = (ledger.top.operand + 1) % max(1, row?.targets.count ?? 1)
        case .character("s"): (ledger.top.bySize, ledger.top.place) = (!ledger.top.bySize, 0)
        case .character("w") where ledger.top.hasParts:
            // The one cell, and then all that was written to the stream.
            ledger.top.view = ledger.top.view == .terms ? .parts : .terms
            (ledger.top.place, ledger.top.bySize) = (0, ledger.top.view == .terms && ledger.top.startsBySize)
        case .character("y"):
            message = "The way to this number was sent to the terminal's clipboard."
            return .copy(ledger.path(scene))
        case .enter, .right, .character("l"): follow(row, &ledger)
        case .escape, .left, .backspace, .character("h"):
            if let (view, target) = ledger.top.viewAbove {
                ledger.top.view = view
                ledger.top.place = TermsTable(ledger.top, scene).rows.firstIndex { $0.targets.first == target } ?? 0
            } else if ledger.pop() {
                stepper.visit(ledger.top.node, at: ledger.top.cell)
                stepper.select(position: ledger.top.position)
            } else {
                panel = nil
                return .none
            }
        case .character("q"):
            panel = nil
            return .none
        default: break
        }
        panel = .ledger(ledger)
        return .none
    }

    /// Goes to where a term came from.
    private mutating func follow(_ row: TermsTable.Row?, _ ledger: inout LedgerPanel) {
        guard let row, !row.targets.isEmpty else {
            return message = "The way ends here: this row comes from no other operation."
        }
        switch row.targets[min(ledger.top.operand, row.targets.count - 1)] {
        case .cell(let node, let index):
            stepper.visit(node, at: index)
            if node >= stepper.program.logitsIndex { stepper.select(position: ledger.top.position) }
            ledger.push(scene)
        case .weight(let name, let index):
            let place = index.map(String.init).joined(separator: ", ")
            message = "\(name)[\(place)] is a weight: training made it, and here the way ends."
        case .heads(let part): (ledger.top.view, ledger.top.place) = (.heads(part: part), 0)
        case .channels(let part, let head):
            (ledger.top.view, ledger.top.place) = (.channels(part: part, head: head), 0)
        }
    }

    // MARK: Drawing

    /// Draws the ledger over the stage and the inspector.
    func drawLedger(_ ledger: LedgerPanel, on canvas: inout Canvas, in area: Rect) {
        canvas.fill(area)
        var area = area
        let isTall = area.height >= 26
        let frame = ledger.top
        let table = TermsTable(frame, scene)
        let heading = area.takeTop(isTall ? 2 : 1)
        let x = canvas.write("Ledger", x: heading.x, y: heading.y, .accent)
        let shares = frame.shares(stepper.program)
        let names = ledger.frames.flatMap { [$0.name] + $0.shares(stepper.program).map(\.name) }
        let way = names.dropLast()
        if !way.isEmpty {
            let text = "from " + way.reversed().joined(separator: " ← ")
            canvas.write(clipped(text, heading.width - 8), x: x + 2, y: heading.y, .dim)
        } else {
            canvas.write(node(frame).address, endingAt: heading.maxX, y: heading.y, .dim)
        }
        var value = frame.decomposition.map { ledger in
            ledger.value.map { ledger.terms.isEmpty ? "\(Int($0))" : Digits.exact($0) } ?? "no value"
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
        if let activate = node(frame).operation as? Activate,
            let x = frame.decomposition?.terms.first?.operands.first?.value, area.height > 14
        {
            Curve(function: { activate.activation($0) }, point: x)
                .draw(on: &canvas, in: area.takeBottom(min(14, area.height - 6)).takingLeft(64))
        }
        drawRows(table, frame, on: &canvas, in: area)
    }

    private func node(_ frame: TermsFrame) -> Node { stepper.program.nodes[frame.node] }

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
                    Digits.short(Float(value)), endingAt: sumX + 14, y: y,
                    Style(isHere ? .accent : .bright, on: ground, bold: isHere))
                if hasRunning, let running = row.running {
                    canvas.write(
                        Digits.short(Float(running)), endingAt: sumX + sums, y: y, Style(.dim, on: ground))
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
        guard width >= 6, share.isFinite else { return }
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
