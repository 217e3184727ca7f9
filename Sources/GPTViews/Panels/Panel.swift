import GPTStepper
import TerminalKit

/// Something that stands in front of the stage, or beside it, and takes keys.
///
/// A new one is a file of its own in this folder, and a line of ``KeyBindings`` that opens it.
protocol Panel: SendableMetatype {
    /// Opens over what is there.
    ///
    /// - Throws: ``Refusal`` where there is nothing to open.
    init(_ app: App, _ screen: Screen) throws(Refusal)

    /// Where it stands.
    var place: PanelPlace { get }
    /// Its keys with a word each, the most needed first.
    func keys(_ app: App) -> [(String, String)]
    /// Takes a key.
    mutating func press(_ key: Key, _ app: inout App, _ screen: Screen) -> Answer
    /// Draws it.
    func draw(on canvas: inout Canvas, in area: Rect, _ app: App)

    /// Whether it takes text: pasted text is typed into it, and no guide takes its keys.
    var takesText: Bool { get }
    /// The row that is chosen of what it lists, for a click; nil where it lists nothing.
    var row: Int? { get set }
    /// Takes a key before what stands in front of it does; ``Answer/passes(count:)`` where it is not its own.
    mutating func lead(_ key: Key, _ app: inout App) -> Answer
    /// Looks at what came of an event.
    mutating func look(at app: App)
    /// Is told the area of the stage, before every event.
    mutating func adapt(to area: Rect)
    /// Whether it waits for numbers, or for its turn.
    func needsWork(_ app: App) -> Bool
    /// Does a piece of what it waits for.
    mutating func work(_ app: inout App, _ screen: Screen) -> Answer
    /// Whether something runs for it beside the session, which an interrupt ends as Esc does.
    var isRunning: Bool { get }
    /// Is told how what is being fetched goes.
    mutating func hear(_ progress: FetchProgress, _ app: inout App) -> Answer
    /// Lines that it takes below the stage, of a guide.
    func height(width: Int) -> Int
}

/// Where a panel stands.
enum PanelPlace: Hashable {
    /// In the place of stage and inspector: the timeline and the prompt stay in sight.
    case stage
    /// Over everything but the title and the keys.
    case screen
    /// Below the stage, beside whatever is in front.
    case guide
    /// Nowhere: it takes keys that are not finished.
    case unseen
}

/// What a panel makes of a key.
enum Answer {
    /// It stays; with something for the run loop to do.
    case stays(App.Effect? = nil)
    /// It closes.
    case closes(App.Effect? = nil)
    /// The key is not its own: it closes, unless it guides, and gives the key on with the count that was typed.
    case passes(count: Int? = nil)

    /// What the run loop has to do.
    var effect: App.Effect? {
        switch self {
        case .stays(let effect), .closes(let effect): effect
        case .passes: nil
        }
    }
}

/// Why something cannot be opened, as a sentence.
struct Refusal: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

extension Panel {
    var takesText: Bool { false }
    var row: Int? {
        get { nil }
        set {}
    }
    mutating func lead(_ key: Key, _ app: inout App) -> Answer { .passes() }
    mutating func look(at app: App) {}
    mutating func adapt(to area: Rect) {}
    func needsWork(_ app: App) -> Bool { false }
    mutating func work(_ app: inout App, _ screen: Screen) -> Answer { .stays() }
    var isRunning: Bool { false }
    mutating func hear(_ progress: FetchProgress, _ app: inout App) -> Answer { .stays() }
    func height(width: Int) -> Int { 0 }

    /// The place in a list of `count` that a key leads to from another; nil where it moves nothing.
    static func move(_ key: Key, from place: Int, of count: Int, columns: Int = 1) -> Int? {
        let target: Int? =
            switch key {
            case .down, .character("j"): place + columns
            case .up, .character("k"): place - columns
            case .pageDown, .character(" "): place + (columns == 1 ? 10 : 4 * columns)
            case .pageUp: place - (columns == 1 ? 10 : 4 * columns)
            case .home, .character("g"): 0
            case .end, .character("G"): count - 1
            case .right where columns > 1, .character("l") where columns > 1: place + 1
            case .left where columns > 1, .character("h") where columns > 1: place - 1
            default: nil
            }
        return target.map { max(0, min(count - 1, $0)) }
    }
}
