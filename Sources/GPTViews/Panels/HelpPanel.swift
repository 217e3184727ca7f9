import GPTFigures
import TerminalKit

/// All keys, and the ways into the guided tours.
struct HelpPanel: Panel {
    /// The first line that is shown.
    private var first = 0
    let place = PanelPlace.screen

    init(_ app: App, _ screen: Screen) {}

    func keys(_ app: App) -> [(String, String)] { [("↓ ↑", "scroll"), ("t T", "guided tours"), ("Esc", "close")] }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape, .character("q"), .character("?"), .function(1), .enter: return .closes()
        case .character(let letter) where Tour.all.contains { $0.key == letter }:
            for entry in Tour.all where entry.key == letter { TourPanel.start(entry.tour, &app, screen) }
            return .closes()
        default:
            // The last line stays at the bottom.
            let last = max(0, KeyBindings.all.count - Self.room(screen.size.height))
            first = min(Self.move(key, from: first, of: KeyBindings.all.count) ?? first, last)
        }
        return .stays()
    }

    /// Keys that are listed on a screen of so many lines: all but title, keys, margins, heading and foot.
    private static func room(_ height: Int) -> Int { height - 7 - Tour.all.count }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        canvas.fill(area)
        let area = area.inset(columns: 2, rows: 1)
        let place =
            switch app.focus {
            case .timeline: "The timeline has the focus: arrows step."
            case .stage: "The stage has the focus: arrows move the selected cell."
            case .inspector: "The inspector has the focus: it gets the room it needs; arrows step."
            }
        canvas.write([("Keys", .heading), ("   " + place, .dim)], x: area.x, y: area.y)
        for (line, (key, tour)) in Tour.all.enumerated() {
            canvas.write(
                [("\(key)", .accent), (" tour: \(tour.title), in \(tour.stops.count) stops", .text)],
                x: area.x, y: area.y + 1 + line)
        }
        let (room, top) = (Self.room(canvas.size.height), area.y + 1 + Tour.all.count)
        for (line, binding) in KeyBindings.all.dropFirst(first).prefix(room).enumerated() {
            let worksHere = binding.focus.contains(app.focus)
            let (symbols, help) = (
                keyNames(binding.symbols, canvas.capabilities), keyNames(binding.help, canvas.capabilities)
            )
            canvas.write(symbols, x: area.x, y: top + line, worksHere ? .accent : .dim)
            canvas.write(help, x: area.x + 12, y: top + line, worksHere ? .text : .dim)
        }
        let left = KeyBindings.all.count - first - room
        let signs = "✓ done  ▸ here  · to come  ∙ masked  ◆ selected  L0 H1 block, head  C4 C at 4"
        canvas.write(left > 0 ? "… \(left) more below" : clipped(signs, area.width), x: area.x, y: area.maxY - 1, .dim)
    }
}
