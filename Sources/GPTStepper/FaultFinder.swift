import GPTEngine

/// From which operation on a pass holds what is no number: looked for once a NaN or an infinity was seen anywhere.
public struct FaultFinder: Hashable, Sendable {
    /// The first operation whose value is not finite throughout.
    public struct Fault: Hashable, Sendable {
        /// The operation, by index.
        public let node: Int
        /// What is among its numbers: NaN, else ∞ or −∞.
        public let name: String
        /// The index of the first such number.
        public let cell: [Int]
        /// The position after which it is predicted, of what speaks of one answer and has no axis for it.
        public var position: Int?
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
        let found = clean.contains(place) ? nil : (try? Self.fault(values, place.node, position, sampling)) ?? nil
        switch (next, found) {
        case (nil, nil): clean.insert(place)
        case (nil, _): next = 0
        case (let looked?, nil): next = looked < values.program.logitsIndex ? looked + 1 : nil
        case (_, let fault?): (first, next) = (fault, nil)
        }
    }

    /// The first NaN of an operation, or else the first infinity; nil where all numbers are finite or removed.
    ///
    /// - Throws: ``Absence`` where the numbers are not there.
    private static func fault(
        _ values: any Values, _ node: Int, _ position: Int, _ sampling: Sampling
    ) throws(Absence) -> Fault? {
        let program = values.program
        guard node < program.logitsIndex else {
            let prediction = try values.prediction(at: position, sampling: sampling)
            if let found = first(prediction.logits, in: prediction.logits.values.indices) {
                return Fault(node: program.logitsIndex, name: found.name, cell: [position, found.place])
            }
            // A temperature may make an infinity of what was a number.
            guard prediction.notFinite > 0,
                let place = prediction.filtered.values.firstIndex(where: { $0.isNaN || $0 == .infinity })
            else { return nil }
            return Fault(node: program.logitsIndex + 1, name: Digits.name(.infinity), cell: [place], position: position)
        }
        let value = try values.peek(node)
        guard program.nodes[node].isCausal else {
            guard !value.isFinite, let found = first(value, in: 0..<value.count) else { return nil }
            return Fault(node: node, name: found.name, cell: value.index(ofFlat: found.place))
        }
        // Right of the diagonal a mask has removed all.
        let T = program.tokenCount
        var best: (name: String, place: Int)?
        for row in 0..<value.count / T where best?.name != Digits.name(.nan) {
            let found = first(value, in: row * T..<row * T + row % T + 1)
            if let found, best == nil || found.name == Digits.name(.nan) { best = found }
        }
        return best.map { Fault(node: node, name: $0.name, cell: value.index(ofFlat: $0.place)) }
    }

    private static func first(_ tensor: Tensor, in range: Range<Int>) -> (name: String, place: Int)? {
        tensor.withValues { numbers in
            let place =
                range.first { numbers[$0].isNaN } ?? range.first { !numbers[$0].isFinite }
            return place.map { (Digits.name(Double(numbers[$0])), $0) }
        }
    }
}
