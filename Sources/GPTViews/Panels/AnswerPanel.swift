import GPTFigures
import GPTEngine
import GPTStepper
import TerminalKit

/// An answer that takes more than a line: it scrolls, and a row that can be acted on is run by Enter.
struct AnswerPanel: Panel {
    private let title: String
    private let lines: [String]
    /// By row of the table the command that acts on it, and its cell of the picture; none where nothing does.
    private let acts: [String]
    private let cells: [[Int]]
    private let picture: Heatmap?
    private var first = 0
    private var selected = 0
    let place = PanelPlace.stage

    init(_ app: App, _ screen: Screen) throws(Refusal) { throw Refusal("There is no answer to show.") }

    init(_ answer: GPTStepper.Answer, _ app: App) {
        title = answer.statement.text
        lines = answer.text(app.session.model, rows: 2000).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        guard case .table(let table) = answer.content else {
            (acts, cells, picture) = ([], [], nil)
            return
        }
        // As many rows as the text has.
        acts = Array(table.acts.prefix(max(0, lines.count - 1)))
        cells = table.rows.prefix(acts.count).map { row in
            row.dropFirst().dropLast(2).compactMap { field in
                switch field {
                case .integer(let index), .token(let index): index
                default: nil
                }
            }
        }
        picture = table.picture.flatMap { Self.heatmap($0) }
    }

    /// Blocks by heads, or positions, as a picture.
    private static func heatmap(_ datum: Datum) -> Heatmap? {
        guard datum.shape.count == 2, datum.numbers.count <= 1 << 16 else { return nil }
        var map = Heatmap(title: "effect", rows: datum.shape[0], columns: datum.shape[1])
        map.slice = Slice(Tensor(datum.shape, datum.numbers.map(Float.init)))
        func name(_ axis: Int, _ index: Int) -> String {
            let place = datum.place(index, along: axis)
            return switch datum.axes[axis] {
            case "block": "L\(place)"
            case "head": "H\(place)"
            default: "\(place)"
            }
        }
        map.rowNames = (0..<datum.shape[0]).map { name(0, $0) }
        map.columnNames = (0..<datum.shape[1]).map { name(1, $0) }
        return map
    }

    var row: Int? {
        get { acts.isEmpty ? nil : selected }
        set { selected = min(newValue ?? selected, max(0, acts.count - 1)) }
    }

    func keys(_ app: App) -> [(String, String)] {
        (acts.isEmpty ? [] : [("Enter", "put it on")]) + [
            ("↓ ↑", acts.isEmpty ? "scroll" : "choose"), (":", "command"), ("Esc", "close"),
        ]
    }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        switch key {
        case .escape, .character("q"): return .closes()
        case .enter:
            guard acts.indices.contains(selected) else { return .closes() }
            do { try app.session.run(acts[selected]) } catch { app.session.notice = "\(error)" }
            return .closes()
        case .character(":"), .character("x"), .character("U"), .character("["), .character("]"): return .passes()
        case .left, .right:
            // Along a row of the picture.
            guard acts.indices.contains(selected), cells[selected].count == 2 else { break }
            let target = [cells[selected][0], cells[selected][1] + (key == .right ? 1 : -1)]
            selected = cells.firstIndex(of: target) ?? selected
        default:
            if acts.isEmpty {
                first = Self.move(key, from: first, of: max(1, lines.count)) ?? first
            } else {
                selected = Self.move(key, from: selected, of: acts.count) ?? selected
            }
        }
        return .stays()
    }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {
        canvas.fill(area)
        canvas.write(clipped(title, area.width), x: area.x, y: area.y, .heading)
        var body = Rect(area.x, area.y + 2, area.width, area.height - 2)
        if var picture {
            if cells.indices.contains(selected), cells[selected].count == 2 {
                (picture.row, picture.column) = (cells[selected][0], cells[selected][1])
            }
            let width = max(24, min(area.width / 2, 4 + 5 * picture.columns + max(0, picture.longestName)))
            var right = body
            body = right.takeLeft(area.width - width)
            _ = Equation([picture]).ruled(by: app.view.rules).draw(on: &canvas, in: right.inset(columns: 1))
        }
        // The heading stays, and the row that is chosen is in sight.
        let room = body.height - 1
        let header = acts.isEmpty ? 0 : 1
        let start =
            acts.isEmpty
            ? min(first, max(0, lines.count - body.height)) : max(0, min(selected - room / 2, acts.count - room + 1))
        if header == 1 { canvas.write(clipped(lines[0], body.width), x: body.x + 2, y: body.y, .dim) }
        for (row, line) in lines.dropFirst(header + start).prefix(body.height - header).enumerated() {
            let isHere = !acts.isEmpty && start + row == selected
            let y = body.y + header + row
            if start + row < acts.count {
                canvas.link(Rect(body.x, y, body.width, 1), to: ClickTarget.row(start + row).meaning)
            }
            if isHere { canvas.write("▸", x: body.x, y: y, .accent) }
            canvas.write(
                clipped(line, body.width - 2), x: body.x + (acts.isEmpty ? 0 : 2), y: y, isHere ? .accent : .text)
        }
    }
}
