/// A value of the language: numbers with named axes, in 64 bits, or a text.
///
/// A single number has no axes. Along each axis it is known which places of the whole these are, so that a slice still says
/// where its numbers came from.
public struct Datum: Hashable, Sendable {
    /// What its numbers are.
    public enum Kind: String, Hashable, Sendable {
        /// Numbers.
        case number
        /// 1 where it is so, else 0.
        case truth
        /// Token ids, which compare and index, and nothing else.
        case token
        /// No numbers, but a text.
        case text
    }

    /// What its numbers are.
    public var kind: Kind
    /// What each axis counts.
    public var axes: [String]
    /// How far.
    public var shape: [Int]
    /// Row by row.
    public var numbers: [Double]
    /// What was masked or filtered out, and is left out of sums; nil for nothing.
    public var removed: [Bool]?
    /// Along each axis the places of the whole; nil where they are 0, 1, 2 …
    public var places: [[Int]?]
    /// The text.
    public var text = ""
    /// Names of the places of the first axis; nil for none.
    public var labels: [String]?

    /// Numbers with axes.
    public init(
        _ numbers: [Double], axes: [String] = [], shape: [Int] = [], kind: Kind = .number, removed: [Bool]? = nil,
        places: [[Int]?]? = nil
    ) {
        precondition(numbers.count == shape.reduce(1, *) && axes.count == shape.count, "\(numbers.count) in \(shape)")
        (self.numbers, self.axes, self.shape, self.kind) = (numbers, axes, shape, kind)
        self.removed = removed?.contains(true) ?? false ? removed : nil
        self.places = places ?? axes.map { _ in nil }
    }

    /// One number.
    public init(_ number: Double, kind: Kind = .number) { self.init([number], kind: kind) }

    /// A text.
    public init(text: String) {
        self.init([], axes: ["text"], shape: [0], kind: .text)
        self.text = text
    }

    /// Whether it is one number.
    public var isScalar: Bool { shape.isEmpty }

    /// The number, where it is one.
    public var number: Double? { isScalar ? numbers[0] : nil }

    /// Axes and how far they go, as `[head 3, query 6]`.
    public var extent: String {
        "[" + zip(axes, shape).map { "\($0) \($1)" }.joined(separator: ", ") + "]"
    }

    /// Whether another is the same, NaN where this has NaN.
    func isSame(as other: Datum) -> Bool {
        kind == other.kind && shape == other.shape && text == other.text && removed == other.removed
            && zip(numbers, other.numbers).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
    }

    /// The numbers that are not removed.
    var present: [Double] {
        guard let removed else { return numbers }
        return numbers.indices.filter { !removed[$0] }.map { numbers[$0] }
    }

    /// The place in the whole of an index along an axis.
    public func place(_ index: Int, along axis: Int) -> Int { places[axis]?[index] ?? index }

    /// The index along each axis of a place in the row of all numbers.
    public func index(of flat: Int) -> [Int] {
        var (rest, index) = (flat, shape)
        for axis in shape.indices.reversed() {
            (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: shape[axis])
        }
        return index
    }

    /// The same with each number made another.
    func map(_ kind: Kind = .number, _ change: (Double) -> Double) -> Datum {
        var result = self
        (result.numbers, result.kind) = (numbers.map(change), kind)
        return result
    }

    /// What is at some indices along one axis; the axis goes where only one is meant.
    func taking(_ indices: [Int], along axis: Int, isOne: Bool) -> Datum {
        let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
        var (numbers, removed) = ([Double](), [Bool]())
        numbers.reserveCapacity(outer * indices.count * inner)
        for block in 0..<outer {
            for index in indices {
                let start = (block * shape[axis] + index) * inner
                numbers += self.numbers[start..<start + inner]
                if let all = self.removed { removed += all[start..<start + inner] }
            }
        }
        var result = self
        result.numbers = numbers
        result.removed = removed.contains(true) ? removed : nil
        if axis == 0 { result.labels = isOne ? nil : labels.map { all in indices.map { all[$0] } } }
        if isOne {
            result.axes.remove(at: axis)
            result.shape.remove(at: axis)
            result.places.remove(at: axis)
        } else {
            result.shape[axis] = indices.count
            result.places[axis] = indices.map { place($0, along: axis) }
        }
        return result
    }

    /// Several of one shape, one after another along a new first axis.
    static func stack(_ parts: [Datum], axis: String, places: [Int]) -> Datum {
        let first = parts[0]
        return Datum(
            parts.flatMap(\.numbers), axes: [axis] + first.axes, shape: [parts.count] + first.shape, kind: first.kind,
            removed: parts.contains { $0.removed != nil }
                ? parts.flatMap { $0.removed ?? Array(repeating: false, count: $0.numbers.count) } : nil,
            places: [places] + first.places)
    }

    /// Rows along an axis: where each begins, how far apart its numbers are, how many.
    func rows(along axis: Int) -> (starts: [Int], stride: Int, count: Int) {
        let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
        let starts = (0..<outer).flatMap { block in (0..<inner).map { block * shape[axis] * inner + $0 } }
        return (starts, inner, shape[axis])
    }

    /// The same without an axis.
    func dropping(_ axis: Int, _ numbers: [Double], kind: Kind = .number) -> Datum {
        var result = self
        result.axes.remove(at: axis)
        result.shape.remove(at: axis)
        result.places.remove(at: axis)
        (result.numbers, result.kind, result.removed) = (numbers, kind, nil)
        if axis == 0 { result.labels = nil }
        return result
    }
}
