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
    mutating func handle(_ mouse: MouseEvent, on screen: Screen) -> Effect? {
        guard !session.isTaking else { return nil }
        session.resume()
        session.notice = nil
        panels.removeAll { $0.place == .unseen }
        // What lies under the pointer is what is drawn there.
        let canvas = draw(Canvas(screen.size, screen.capabilities, recordsLinks: true))
        let target = canvas.meaning(x: mouse.x, y: mouse.y).map(ClickTarget.init)
        guard mouse.kind == .press else { return scroll(mouse.kind == .wheelUp ? -1 : 1, over: target, on: screen) }
        // What stands over everything covers what lies under it.
        if front?.place == .screen {
            guard case .row? = target else { return nil }
        }
        return select(target, on: screen)
    }

    private mutating func scroll(_ lines: Int, over target: ClickTarget?, on screen: Screen) -> Effect? {
        guard front == nil else { return press(lines < 0 ? .up : .down, on: screen) }
        switch target {
        case .cell, .stage: return perform(.gesture(.moveCell(rows: lines, columns: 0)), count: nil, on: screen)
        default: session.perform(.step(.operation, lines < 0 ? .backward : .forward))
        }
        return nil
    }

    private mutating func select(_ target: ClickTarget?, on screen: Screen) -> Effect? {
        switch target {
        case .cell(let row, let column):
            focus = .stage
            let cell = session.stepper.cell
            if session.stepper.node.isAnswer {
                session.perform(.candidate(row))
            } else {
                return perform(
                    .gesture(.moveCell(rows: row - cell.row, columns: column - cell.column)), count: nil, on: screen)
            }
        case .step(let step):
            panels.removeAll { $0.place == .stage }
            session.perform(.goto(step))
        case .position(let position): session.perform(.position(position))
        case .stage: focus = .stage
        // A row or a tile of what stands in front is chosen; the chosen one is entered.
        case .row(let row):
            guard let place = panels.lastIndex(where: { $0.row != nil }) else { return nil }
            let isChosen = panels[place].row == row
            panels[place].row = row
            return isChosen ? press(.enter, on: screen) : nil
        case nil: break
        }
        return nil
    }
}
