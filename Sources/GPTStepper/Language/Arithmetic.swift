import Foundation
import GPTEngine

/// How values are combined.
enum Arithmetic {
    /// Numbers or truths; ids and texts are neither.
    static func numeric(_ datum: Datum, _ place: LanguageError.Place) throws -> Datum {
        switch datum.kind {
        case .number, .truth: return datum
        case .token: throw LanguageError("Token ids compare and index, and nothing else.", at: place)
        case .text: throw LanguageError("A text is no number.", at: place)
        }
    }

    /// Truths; numbers that are 0 or not among them.
    static func truths(_ datum: Datum, _ place: LanguageError.Place) throws -> Datum {
        let datum = try numeric(datum, place)
        return datum.kind == .truth ? datum : datum.map(.truth) { $0 != 0 && !$0.isNaN ? 1 : 0 }
    }

    static func infix(
        _ sign: String, _ a: Datum, _ b: Datum, _ scope: Scope, _ place: LanguageError.Place
    ) throws -> Datum {
        switch sign {
        case "==", "!=", "<", "<=", ">", ">=": return try compare(sign, a, b, scope, place)
        case "@": return try product(try numeric(a, place), try numeric(b, place), place)
        default: break
        }
        let (a, b) = (try numeric(a, place), try numeric(b, place))
        return switch sign {
        case "+": try combine(a, b, .number, place, +)
        case "-": try combine(a, b, .number, place, -)
        case "*": try combine(a, b, .number, place, *)
        default: try combine(a, b, .number, place, /)
        }
    }

    private static func compare(
        _ sign: String, _ a: Datum, _ b: Datum, _ scope: Scope, _ place: LanguageError.Place
    ) throws -> Datum {
        var (a, b) = (a, b)
        if a.kind == .text, b.kind == .text {
            guard sign == "==" || sign == "!=" else {
                throw LanguageError("Texts are the same or not: == or !=.", at: place)
            }
            return Datum((Array(a.text.utf8) == Array(b.text.utf8)) == (sign == "==") ? 1 : 0, kind: .truth)
        }
        // A token against its text.
        if a.kind == .text { a = Datum(Double(try scope.token(a.text, at: place)), kind: .token) }
        if b.kind == .text { b = Datum(Double(try scope.token(b.text, at: place)), kind: .token) }
        if a.kind == .token || b.kind == .token, sign != "==", sign != "!=" {
            throw LanguageError("Token ids are the same or not: == or !=.", at: place)
        }
        return switch sign {
        case "==": try combine(a, b, .truth, place) { $0 == $1 ? 1 : 0 }
        case "!=": try combine(a, b, .truth, place) { $0 != $1 ? 1 : 0 }
        case "<": try combine(a, b, .truth, place) { $0 < $1 ? 1 : 0 }
        case "<=": try combine(a, b, .truth, place) { $0 <= $1 ? 1 : 0 }
        case ">": try combine(a, b, .truth, place) { $0 > $1 ? 1 : 0 }
        default: try combine(a, b, .truth, place) { $0 >= $1 ? 1 : 0 }
        }
    }

    /// Two values element by element; one whose axes are among the other's by name is repeated along the rest.
    static func combine(
        _ a: Datum, _ b: Datum, _ kind: Datum.Kind, _ place: LanguageError.Place, _ each: (Double, Double) -> Double
    ) throws -> Datum {
        if b.isScalar {
            let number = b.numbers[0]
            return a.map(kind) { each($0, number) }
        }
        if a.isScalar {
            let number = a.numbers[0]
            return b.map(kind) { each(number, $0) }
        }
        if a.shape == b.shape {
            var result = a
            result.numbers = zip(a.numbers, b.numbers).map(each)
            result.kind = kind
            result.removed = union(a.removed, b.removed)
            return result
        }
        if let places = repeated(b, along: a) {
            var result = a
            result.numbers = zip(a.numbers, places).map { each($0, b.numbers[$1]) }
            result.kind = kind
            result.removed = union(a.removed, b.removed.map { all in places.map { all[$0] } })
            return result
        }
        if let places = repeated(a, along: b) {
            var result = b
            result.numbers = zip(places, b.numbers).map { each(a.numbers[$0], $1) }
            result.kind = kind
            result.removed = union(a.removed.map { all in places.map { all[$0] } }, b.removed)
            return result
        }
        throw LanguageError("\(a.extent) and \(b.extent) do not go together.", at: place)
    }

    private static func union(_ a: [Bool]?, _ b: [Bool]?) -> [Bool]? {
        guard let a else { return b }
        guard let b else { return a }
        return zip(a, b).map { $0 || $1 }
    }

    /// For each number of the larger the place of its partner; nil where the axes of the smaller are not among its own.
    static func repeated(_ small: Datum, along large: Datum) -> [Int]? {
        guard Set(small.axes).count == small.axes.count, Set(large.axes).count == large.axes.count else { return nil }
        let matches = small.axes.map { large.axes.firstIndex(of: $0) }
        var strides = [Int](repeating: 0, count: large.shape.count)
        for (axis, match) in matches.enumerated() {
            guard let match, large.shape[match] == small.shape[axis] else { return nil }
            strides[match] = small.shape[(axis + 1)...].reduce(1, *)
        }
        var places = [0]
        for axis in large.shape.indices {
            places = places.flatMap { start in (0..<large.shape[axis]).map { start + $0 * strides[axis] } }
        }
        return places
    }

    /// A matrix product; a vector is a row at the left and a column at the right.
    private static func product(_ a: Datum, _ b: Datum, _ place: LanguageError.Place) throws -> Datum {
        guard (1...2).contains(a.shape.count), (1...2).contains(b.shape.count), a.shape[a.shape.count - 1] == b.shape[0]
        else {
            throw LanguageError(
                "\(a.extent) @ \(b.extent) is no product: matrices or vectors are expected, the last axis of the left as long as the first of the right. A head is named for weights of heads, as L9.H9.W_Q.",
                at: place)
        }
        let (rows, inner) = (a.shape.count == 2 ? a.shape[0] : 1, b.shape[0])
        let columns = b.shape.count == 2 ? b.shape[1] : 1
        guard rows.multipliedReportingOverflow(by: columns).partialValue <= 1 << 27 else {
            throw LanguageError("\(a.extent) @ \(b.extent) has too many numbers.", at: place)
        }
        return Datum(
            matrixProduct(a.numbers, b.numbers, rows: rows, inner: inner, columns: columns),
            axes: a.axes.dropLast() + b.axes.dropFirst(), shape: a.shape.dropLast() + b.shape.dropFirst(),
            places: a.places.dropLast() + b.places.dropFirst())
    }
}

/// Functions of one value, in 64 bits.
enum Functions {
    /// Functions of each number.
    static let each: [String: @Sendable (Double) -> Double] = [
        "abs": { Swift.abs($0) }, "log": { Foundation.log($0) }, "exp": { Foundation.exp($0) },
        "sqrt": { $0.squareRoot() },
    ]

    /// Functions of many numbers; of none they are NaN, any is false and all is true.
    static let reductions: [String: @Sendable ([Double]) -> Double] = [
        "sum": { $0.reduce(0, +) },
        "mean": { $0.isEmpty ? .nan : $0.reduce(0, +) / Double($0.count) },
        "min": { extreme($0, <) },
        "max": { extreme($0, >) },
        "std": { numbers in
            guard !numbers.isEmpty else { return .nan }
            let mean = numbers.reduce(0, +) / Double(numbers.count)
            return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)).squareRoot()
        },
        "norm": { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() },
        "any": { $0.contains { $0 != 0 && !$0.isNaN } ? 1 : 0 },
        "all": { $0.allSatisfy { $0 != 0 && !$0.isNaN } ? 1 : 0 },
    ]

    /// Nothing is largest among NaN.
    private static func extreme(_ numbers: [Double], _ before: (Double, Double) -> Bool) -> Double {
        guard var best = numbers.first else { return .nan }
        for number in numbers {
            if number.isNaN { return .nan }
            if before(number, best) { best = number }
        }
        return best
    }

    /// Functions along an axis: the last unless another is said.
    static let along: Set<String> = ["softmax", "entropy", "argmax", "argmin", "rank"]

    /// All there are, with what they take.
    static let all: [String: ClosedRange<Int>] = {
        var all: [String: ClosedRange<Int>] = [
            "isnan": 1...1, "diag": 1...2, "T": 1...1, "lens": 1...1, "attribution": 1...1, "other": 1...1,
            "unedited": 1...1, "round": 2...2, "trace": 2...2, "load": 2...2,
        ]
        for name in Array(each.keys) + Array(reductions.keys) + Array(along) { all[name] = 1...1 }
        return all
    }()

    static func apply(_ name: String, to datum: Datum, axis: Int) -> Datum {
        let rows = datum.rows(along: axis)
        func row(_ start: Int) -> [Double] { (0..<rows.count).map { datum.numbers[start + $0 * rows.stride] } }
        func isRemoved(_ start: Int, _ index: Int) -> Bool { datum.removed?[start + index * rows.stride] ?? false }
        switch name {
        case "softmax", "rank":
            var result = datum
            result.kind = .number
            for start in rows.starts {
                let numbers = row(start)
                let new = name == "softmax" ? softmax(numbers) { isRemoved(start, $0) } : ranks(numbers)
                for index in 0..<rows.count { result.numbers[start + index * rows.stride] = new[index] }
            }
            // What is masked has no share, which is a number like others.
            if name == "softmax" { result.removed = nil }
            return result
        case "entropy":
            return datum.dropping(
                axis,
                rows.starts.map { start in
                    row(start).enumerated().reduce(0.0) { sum, each in
                        isRemoved(start, each.offset) || each.element == 0
                            ? sum : sum - each.element * Foundation.log2(each.element)
                    }
                })
        default:
            let isTokens = datum.axes[axis] == "vocabulary"
            let numbers = rows.starts.map { start -> Double in
                let numbers = row(start)
                var best: Int?
                for (index, number) in numbers.enumerated() where !isRemoved(start, index) {
                    if number.isNaN { return .nan }
                    if best.map({ name == "argmax" ? number > numbers[$0] : number < numbers[$0] }) ?? true {
                        best = index
                    }
                }
                return best.map { Double(datum.place($0, along: axis)) } ?? .nan
            }
            return datum.dropping(axis, numbers, kind: isTokens ? .token : .number)
        }
    }

    private static func softmax(_ numbers: [Double], _ isRemoved: (Int) -> Bool) -> [Double] {
        let shown = numbers.enumerated().map { isRemoved($0) ? -.infinity : $1 }
        let most = shown.max { $0 < $1 } ?? 0
        let shares = shown.map { $0 == -.infinity && most != -.infinity ? 0 : Foundation.exp($0 - most) }
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }

    /// 0 for the largest; of equals the earlier comes first, and what is not a number last.
    private static func ranks(_ numbers: [Double]) -> [Double] {
        let order = numbers.indices.sorted { a, b in
            let (x, y) = (numbers[a], numbers[b])
            if x.isNaN || y.isNaN { return !x.isNaN || y.isNaN && a < b }
            return x > y || x == y && a < b
        }
        var ranks = numbers
        for (rank, place) in order.enumerated() { ranks[place] = Double(rank) }
        return ranks
    }

    /// The numbers of a diagonal of the last two axes, k to the right of the main one.
    static func diagonal(_ datum: Datum, _ k: Int) -> Datum {
        let count = datum.shape.count
        let (m, n) = (datum.shape[count - 2], datum.shape[count - 1])
        let length = max(0, k < 0 ? min(m + k, n) : min(m, n - k))
        let cells = (0..<length).map { ($0 + max(0, -k)) * n + $0 + max(0, k) }
        let outer = datum.shape.dropLast(2).reduce(1, *)
        let places = (0..<outer).flatMap { block in cells.map { block * m * n + $0 } }
        return Datum(
            places.map { datum.numbers[$0] }, axes: datum.axes.dropLast(2) + ["diagonal"],
            shape: datum.shape.dropLast(2) + [length], kind: datum.kind,
            removed: datum.removed.map { all in places.map { all[$0] } }, places: datum.places.dropLast(2) + [nil])
    }

    /// Numbers as a smaller type holds them; of int8 each output column has its own scale.
    static func rounded(_ datum: Datum, to type: String) -> Datum {
        switch type {
        case "bf16":
            return datum.map { number in
                let bits = Float(number).bitPattern
                guard Float(number).isFinite else { return number }
                // To the nearest, ties to even.
                let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000
                return Double(Float(bitPattern: rounded))
            }
        case "f16": return datum.map { Double(half(Float($0))) }
        default:
            let axis = datum.shape.count - 1
            var result = datum
            let rows =
                datum.shape.count > 1
                ? (0..<datum.shape[axis]).map { column in
                    stride(from: column, to: datum.numbers.count, by: datum.shape[axis]).map { $0 }
                }
                : [Array(datum.numbers.indices)]
            for places in rows {
                let most = places.reduce(0.0) { max($0, Swift.abs(datum.numbers[$1])) }
                guard most > 0, most.isFinite else { continue }
                let scale = most / 127
                for place in places {
                    result.numbers[place] = (datum.numbers[place] / scale).rounded(.toNearestOrEven) * scale
                }
            }
            return result
        }
    }

    /// The nearest number that 16 bits (1, 5, 10) hold, ties to even; ±∞ beyond 65,504.
    private static func half(_ number: Float) -> Float {
        guard number.isFinite, number != 0 else { return number }
        let size = Swift.abs(Double(number))
        // The distance between neighbours: 2^-24 below 2^-14, else 2^-10 of the power of two.
        let unit = Foundation.exp2(max(Double(size.exponent), -14) - 10)
        let rounded = (size / unit).rounded(.toNearestOrEven) * unit
        return Float(rounded > 65504 ? .infinity : rounded) * (number < 0 ? -1 : 1)
    }
}
