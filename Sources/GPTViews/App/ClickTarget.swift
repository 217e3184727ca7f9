import GPTEngine
import GPTStepper
import TerminalKit

/// What a click can mean.
enum ClickTarget: Hashable {
    /// A cell of the operation's result.
    case cell(row: Int, column: Int)
    /// An operation of the timeline.
    case step(Int)
    /// A token of the prompt.
    case position(Int)
    /// A row of a list, or a tile, in front.
    case row(Int)
    /// The stage as a whole.
    case stage

    private static let unit = 1 << 56
    private static let half = 1 << 28

    /// As a canvas remembers it.
    var meaning: Int {
        switch self {
        case .cell(let row, let column): row * Self.half + column
        case .step(let step): Self.unit + step
        case .position(let position): 2 * Self.unit + position
        case .row(let row): 3 * Self.unit + row
        case .stage: 4 * Self.unit
        }
    }

    init(meaning: Int) {
        let (kind, rest) = (meaning / Self.unit, meaning % Self.unit)
        switch kind {
        case 0: self = .cell(row: rest / Self.half, column: rest % Self.half)
        case 1: self = .step(rest)
        case 2: self = .position(rest)
        case 3: self = .row(rest)
        default: self = .stage
        }
    }
}

extension App {
    /// A click selects, the wheel scrolls: the same as the keys would.
    mutating func handle(_ mouse: MouseEvent) -> Effect {
        guard pendingTakes == 0 else { return .none }
        (isInterrupted, message, count) = (false, nil, "")
        // What lies under the pointer is what is drawn there.
        let canvas = draw(Canvas(size, capabilities, recordsLinks: true))
        let target = canvas.meaning(x: mouse.x, y: mouse.y).map(ClickTarget.init)
        switch mouse.kind {
        case .wheelUp, .wheelDown:
            let key: Key = mouse.kind == .wheelUp ? .up : .down
            if panel != nil { return pressInPanel(key) }
            switch target {
            case .cell, .stage: perform(.moveCell(rows: mouse.kind == .wheelUp ? -1 : 1, columns: 0))
            default: perform(.step(.operation, mouse.kind == .wheelUp ? .backward : .forward))
            }
        case .press:
            // What stands over everything covers what lies under it.
            if let panel, !panel.isOnStage {
                guard case .row? = target else { return .none }
            }
            select(target)
        }
        return .none
    }

    private mutating func select(_ target: ClickTarget?) {
        switch target {
        case .cell(let row, let column):
            focus = .stage
            let cell = stepper.cell
            if stepper.node.isAnswer {
                stepper.select(vocabulary: row)
            } else {
                perform(.moveCell(rows: row - cell.row, columns: column - cell.column))
            }
        case .step(let step):
            if panel?.isOnStage == true { panel = nil }
            stepper.go(to: step)
        case .position(let position): stepper.select(position: position)
        case .stage: focus = .stage
        case .row(let row): choose(row)
        case nil: break
        }
    }

    /// Chooses a row or a tile of what stands in front; the chosen one is entered.
    private mutating func choose(_ row: Int) {
        switch panel {
        case .ledger(var ledger):
            let isChosen = ledger.top.place == row
            ledger.top.place = row
            panel = .ledger(ledger)
            if isChosen { _ = pressInPanel(.enter) }
        case .heads(var heads):
            let isChosen = heads.place == row
            heads.place = row
            panel = .heads(heads)
            if isChosen { _ = pressInPanel(.enter) }
        case .lens(var lens):
            let isChosen = lens.place == row
            lens.place = row
            panel = .lens(lens)
            if isChosen { _ = pressInPanel(.enter) }
        case .models(let selected):
            panel = .models(selected: row)
            if selected == row { _ = pressInPanel(.enter) }
        case .continuations(let selected):
            panel = .continuations(selected: row)
            if selected == row { _ = pressInPanel(.enter) }
        case .help, .prompt, .sampling, nil: break
        }
    }
}
