public import GPTEngine

/// Where a session stops, and what it shows there.
public struct Stops: Hashable, Sendable {
    /// One of them.
    public struct Stop: Hashable, Sendable {
        /// What it stops at.
        public enum Kind: Hashable, Sendable {
            /// Operations, where a condition is so.
            case address(Expression, condition: Expression?, isTemporary: Bool)
            /// A value that changes.
            case watch(Expression)
            /// What is not finite, and not masked.
            case nan
            /// Nothing: a value that is shown at every stop.
            case display(Expression)
        }

        /// Its number, from 1.
        public let number: Int
        /// What it stops at.
        public let kind: Kind
        /// Whether it counts.
        public var isEnabled = true
        /// How it was written.
        public let text: String
    }

    /// All of them.
    public private(set) var all: [Stop] = []
    private var next = 1

    /// Whether any can stop one.
    var canStop: Bool {
        all.contains { stop in
            if case .display = stop.kind { return false }
            return stop.isEnabled
        }
    }

    /// Values that are shown.
    public var displays: [Stop] {
        all.filter { stop in if case .display = stop.kind { stop.isEnabled } else { false } }
    }

    mutating func add(_ kind: Stop.Kind, _ text: String) -> Int {
        all.append(Stop(number: next, kind: kind, text: text))
        next += 1
        return next - 1
    }

    /// Switches some on or off, or takes them away; false where there are none of these.
    mutating func apply(_ change: Command.Switch, to numbers: Command.Numbers) -> Bool {
        guard numbers.areAll(among: all.map(\.number)) else { return false }
        if change == .delete {
            all.removeAll { numbers.contains($0.number) }
        } else {
            for place in all.indices where numbers.contains(all[place].number) {
                all[place].isEnabled = change == .enable
            }
        }
        return true
    }

    mutating func remove(_ number: Int) { all.removeAll { $0.number == number } }

    /// The operations that some breakpoint names, for the timeline.
    public func operations(_ program: Program) -> Set<Int> {
        var found: Set<Int> = []
        for stop in all where stop.isEnabled {
            guard case .address(.name(let name, let place), _, _) = stop.kind, name != "*" else { continue }
            found.formUnion(((try? program.references(name, at: place).all) ?? []).compactMap(\.node))
        }
        return found
    }
}
