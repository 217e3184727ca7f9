import GPTEngine

/// The edits of a session, in their order, with what was undone.
public struct EditList: Hashable, Sendable {
    /// One of them.
    public struct Entry: Hashable, Sendable {
        /// Its number, from 1.
        public let number: Int
        /// How it was written, with what it means.
        public let form: EditForm
        /// Whether it counts.
        public var isActive = true
        /// The names as they were when it was made.
        let names: Names
    }

    /// All of them.
    public private(set) var entries: [Entry] = []
    private var past: [[Entry]] = []
    private var future: [[Entry]] = []

    /// Those that count.
    public var active: [Entry] { entries.filter(\.isActive) }

    private mutating func change(_ next: [Entry]) {
        past.append(entries)
        (entries, future) = (next, [])
    }

    /// Adds one at the end.
    mutating func add(_ form: EditForm, _ names: Names) -> Int {
        let number = (entries.map(\.number).max() ?? 0) + 1
        change(entries + [Entry(number: number, form: form, names: names)])
        return number
    }

    /// Switches some on or off, or takes them away; false where there are none of these.
    mutating func apply(_ change: Command.Switch, to numbers: Command.Numbers) -> Bool {
        guard numbers.areAll(among: entries.map(\.number)) else { return false }
        self.change(
            entries.compactMap { entry in
                guard numbers.contains(entry.number) else { return entry }
                guard change != .delete else { return nil }
                var entry = entry
                entry.isActive = change == .enable
                return entry
            })
        return true
    }

    /// Takes the last change back; false where there is none.
    mutating func undo() -> Bool {
        guard let last = past.popLast() else { return false }
        future.append(entries)
        entries = last
        return true
    }

    /// Makes it again; false where nothing was undone.
    mutating func redo() -> Bool {
        guard let next = future.popLast() else { return false }
        past.append(entries)
        entries = next
        return true
    }
}
