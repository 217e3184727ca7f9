import GPTFigures
import GPTStepper
import TerminalKit

/// What changes where the eye is, and nothing of the session.
enum Gesture: Hashable, Sendable {
    case moveCell(rows: Int, columns: Int)
    case focus(Int)
    case enter
    case escape
    case zoom(Int)
    case resetZoom
    case picture(Int)
    case scaling
    case pooling
    /// Zeroes the selected head, or the cell where the stage has the focus.
    case zero
    /// Watches the selected cell.
    case watch
    /// The second run beside this one, or a line that asks for one.
    case twin
    /// A line that asks what is to be found.
    case search
    case quit
    case redraw
    case suspend
}

extension App {
    /// Does what a key asks for.
    mutating func perform(_ action: KeyBinding.Action, count: Int?, on screen: Screen) -> Effect? {
        switch action {
        case .command(let command): session.perform(command, count: count)
        case .panel(let panel):
            session.pause()
            open(panel, on: screen)
        case .gesture(.quit): return .quit(0)
        case .gesture(.focus(let offset)):
            focus = Focus.allCases[(focus.rawValue + offset + Focus.allCases.count) % Focus.allCases.count]
        case .gesture(let gesture):
            session.pause()
            perform(gesture, times: count ?? 1, on: screen)
        }
        return nil
    }

    private mutating func perform(_ gesture: Gesture, times: Int, on screen: Screen) {
        switch gesture {
        case .moveCell(let rows, let columns): moveCell(rows: rows * times, columns: columns * times)
        case .enter: enter(on: screen)
        case .escape: focus = Focus(rawValue: focus.rawValue - 1) ?? .timeline
        case .zoom(let step): zoom(step, on: screen)
        case .resetZoom: view.reset()
        case .picture(let offset): turnPicture(offset)
        case .scaling:
            view.scaling = Heatmap.Scaling(rawValue: view.scaling.rawValue + 1) ?? .matrix
            session.notice = "Colours are scaled \(view.scaling.phrase)."
        case .pooling:
            view.pooling = Heatmap.Pooling(rawValue: view.pooling.rawValue + 1) ?? .largest
            session.notice = "A cell that stands for several shows \(view.pooling.phrase)."
        case .zero: session.perform(.zeroSelected(isCell: focus == .stage))
        case .watch:
            let index = session.scene.cellIndex.map(String.init).joined(separator: ", ")
            run("watch \(session.stepper.node.address)[\(index)]")
        case .twin:
            if session.twin == nil {
                panels.append(CommandPanel("other prompt \""))
            } else {
                open(TwinPanel.self, on: screen)
            }
        case .search: panels.append(CommandPanel("find \""))
        case .focus, .quit, .redraw, .suspend: break
        }
    }

    /// Whether Enter takes the token that is chosen on the stage, which goes after the last position only.
    var takesByHand: Bool {
        let (stepper, node) = (session.stepper, session.stepper.node)
        return focus == .stage && (node.isChoice || node.isAnswer && node.givesShares) && session.values != nil
            && stepper.selection.position == stepper.tokens.count - 1
    }

    /// Into the selected thing: the stage, a candidate, or how a number came about.
    private mutating func enter(on screen: Screen) {
        guard focus != .timeline else { return focus = .stage }
        guard takesByHand else { return open(TermsPanel.self, on: screen) }
        session.perform(.takeToken(session.scene.vocabulary))
    }

    private mutating func moveCell(rows: Int, columns: Int) {
        guard view.zoom > 0, view.picture > 0, let picture = StageRegion.alone(session.scene, view) else {
            session.perform(.moveCell(rows: rows, columns: columns))
            return
        }
        let row = min(max(0, (picture.row ?? 0) + rows), picture.rows - 1)
        let column = min(max(0, (picture.column ?? 0) + columns), picture.columns - 1)
        view.cell = row * picture.columns + column
    }

    /// Looks closer at one picture, or at the whole equation again.
    private mutating func zoom(_ step: Int, on screen: Screen) {
        view.zoom += step
        guard view.zoom > 0 else { return view.reset() }
        guard let picture = StageRegion.alone(session.scene, view) else {
            view.reset()
            return session.notice = "This operation has no picture to come closer to."
        }
        let all = stageArea(screen.size)
        let alone = AlonePicture(
            picture, view, in: StageRegion.aloneArea(stageAndInspector(in: all).stage, isTall: all.height >= 26),
            halfBlocks: screen.capabilities.halfBlocks)
        if view.zoom > alone.mostZoom {
            view.zoom = alone.mostZoom
            session.notice = "These are the numbers themselves: there is nothing closer."
        }
    }

    /// Shows the next of the operation's pictures alone: the result, its operands, its weights.
    private mutating func turnPicture(_ offset: Int) {
        let pictures = session.scene.heatmaps
        let count = pictures.count
        guard count > 0 else { return session.notice = "This operation has no other pictures." }
        view.picture =
            view.zoom == 0 ? (offset > 0 ? min(1, count - 1) : count - 1) : (view.picture + offset + count) % count
        view.zoom = 1
        // The marked row or column is where one begins to look.
        let picture = pictures[view.picture]
        view.cell = (picture.row ?? 0) * picture.columns + (picture.column ?? 0)
    }
}
