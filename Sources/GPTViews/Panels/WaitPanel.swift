import TerminalKit

/// Keys that were typed while tokens are taken: they act on what those lead to, one after the other. Esc calls all off.
struct WaitPanel: Panel {
    private var keys: [Key] = []
    let place = PanelPlace.unseen

    init() {}

    init(_ app: App, _ screen: Screen) {}

    func keys(_ app: App) -> [(String, String)] { [] }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        // After a key that opens a panel the next ones speak to that.
        let opens = keys.contains {
            if case .panel = KeyBindings.action(for: $0, in: app.focus) { true } else { false }
        }
        switch KeyBindings.action(for: key, in: app.focus) {
        case .gesture(.quit) where !opens: return .stays(.quit(0))
        case .gesture(.escape) where !opens:
            app.session.callOff()
            app.session.stopActing()
            return .closes()
        default:
            keys.append(key)
            return .stays()
        }
    }

    func needsWork(_ app: App) -> Bool { !app.session.isTaking && !app.session.isActing }

    mutating func work(_ app: inout App, _ screen: Screen) -> Answer {
        guard !keys.isEmpty else { return .closes() }
        let effect = app.take(.key(keys.removeFirst()), on: screen)
        return keys.isEmpty ? .closes(effect) : .stays(effect)
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {}
}
