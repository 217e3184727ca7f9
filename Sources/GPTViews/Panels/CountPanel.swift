import TerminalKit

/// A count that is being typed: it goes to the key that comes after it, and to nothing else.
struct CountPanel: Panel {
    private var digits: String
    let place = PanelPlace.unseen

    init(_ app: App, _ screen: Screen) { digits = "" }

    /// Begins with a digit other than 0; nil for any other key.
    init?(beginningWith key: Key) {
        guard case .character(let digit) = key, ("1"..."9").contains(digit) else { return nil }
        digits = String(digit)
    }

    func keys(_ app: App) -> [(String, String)] { [] }

    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer {
        guard case .character(let digit) = key, ("0"..."9").contains(digit) else { return .passes(count: Int(digits)) }
        if digits.count < 5 { digits.unicodeScalars.append(digit) }
        app.session.notice = notice
        return .stays()
    }

    /// What is typed so far.
    var notice: String { "count \(digits)" }

    func draw(on canvas: inout Canvas, in area: Rect, _ app: App) {}
}
