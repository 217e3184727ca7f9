import GPTEngine

/// From which operation on a pass holds what is no number: looked for once a NaN or an infinity was seen anywhere.
public struct FaultFinder: Hashable, Sendable {
    /// The first operation whose value is not finite throughout.
    public struct Fault: Hashable, Sendable {
        /// The operation, by index.
        public let node: Int
        /// What is among its numbers: NaN, else ∞ or −∞.
        public let name: String
    }

    /// An operation; of those that speak of one answer, at a position.
    private struct Place: Hashable {
        let node: Int
        let position: Int

        init(_ values: any Values, _ node: Int, _ position: Int) {
            self.node = min(node, values.program.logitsIndex)
            self.position = node < values.program.logitsIndex ? 0 : position
        }
    }

    /// The first of them; nil while none was seen, or while it is looked for.
    public private(set) var first: Fault?
    /// The operation that is looked at next, once something was seen.
    private var next: Int?
    /// What was looked at and is finite.
    private var clean: Set<Place> = []

    /// Nothing was seen.
    public init() {}

    /// Whether an operation whose numbers are there is still to be looked at, or where it all began.
    func needsWork(_ values: any Values, at node: Int, position: Int) -> Bool {
        first == nil && (next != nil || !clean.contains(Place(values, node, position)))
    }

    /// Looks at the value of an operation that is there; once one is not finite, at all from the first on, which are computed
    /// again where they were dropped.
    mutating func work(_ values: any Values, at node: Int, position: Int, sampling: Sampling) {
        let place = Place(values, next ?? node, position)
        if next != nil, !clean.contains(place) {
            let wanted: Wanted = place.node < values.program.logitsIndex ? .value(place.node) : .answer(position)
            if values.work(toward: [wanted]) { return }
        }
        let name = clean.contains(place) ? nil : (try? Self.fault(values, place.node, position, sampling)) ?? nil
        switch (next, name) {
        case (nil, nil): clean.insert(place)
        case (nil, _): next = 0
        case (let looked?, nil): next = looked < values.program.logitsIndex ? looked + 1 : nil
        case (_, let name?): (first, next) = (Fault(node: place.node, name: name), nil)
        }
    }

    /// What is among the numbers of an operation that are not finite, nil where all are; removed ones are none.
    ///
    /// - Throws: ``Absence`` where the numbers are not there.
    private static func fault(
        _ values: any Values, _ node: Int, _ position: Int, _ sampling: Sampling
    ) throws(Absence) -> String? {
        let program = values.program
        guard node < program.logitsIndex else {
            return name(of: try values.prediction(at: position, sampling: sampling).logits.values[...])
        }
        let value = try values.peek(node)
        guard program.nodes[node].isCausal else {
            return value.isFinite ? nil : value.withValues { name(of: $0[...]) }
        }
        // Right of the diagonal a mask has removed all.
        let T = program.tokenCount
        return value.withValues { numbers in
            var found: String?
            for row in 0..<numbers.count / T where found != Digits.name(.nan) {
                found = name(of: numbers[row * T...row * T + row % T]) ?? found
            }
            return found
        }
    }

    private static func name(of numbers: some Collection<Float>) -> String? {
        // Nothing but a NaN or an infinity makes anything else of 0.
        guard numbers.reduce(0, { $0 + $1 * 0 }) != 0 else { return nil }
        let bad = numbers.first(where: \.isNaN) ?? numbers.first { !$0.isFinite }
        return bad.map { Digits.name(Double($0)) }
    }
}
