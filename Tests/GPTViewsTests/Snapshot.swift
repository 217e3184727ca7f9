import Foundation
import Testing

@testable import TerminalKit

/// A whole screen as a file: its glyphs, and below a map of what the colours mean.
///
/// `GPTSTEP_RECORD=1 swift test` writes the files anew; a run that records fails, so that nobody records by mistake.
enum Snapshot {
    private static let legend =
        "roles: * accent, + bright, - dim, . faint, t text, h here, b bar, ! badge, 0-9 sequential, A-I diverging"

    /// Compares a canvas with the snapshot of that name.
    ///
    /// Numbers may differ in their last digit, since the last bit of a product differs from processor to processor.
    static func verify(_ canvas: Canvas, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots")
        let file = folder.appendingPathComponent(name + ".txt")
        let (glyphs, map) = (lines(canvas), roles(canvas))
        if ProcessInfo.processInfo.environment["GPTSTEP_RECORD"] != nil {
            let text = (glyphs + [legend] + map).joined(separator: "\n") + "\n"
            try text.write(to: file, atomically: true, encoding: .utf8)
            Issue.record("recorded \(name); run again without GPTSTEP_RECORD", sourceLocation: sourceLocation)
            return
        }
        let recorded = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        let split = try #require(
            recorded.firstIndex(of: legend), "\(name) has no legend", sourceLocation: sourceLocation)
        let (expected, expectedMap) = (Array(recorded[..<split]), Array(recorded[(split + 1)...].dropLast()))
        #expect(
            expected.count == glyphs.count, "\(name): the screen has another height", sourceLocation: sourceLocation)
        for (y, (before, now)) in zip(expected, glyphs).enumerated() where !agree(before, now) {
            Issue.record("\(name), line \(y):\nexpected |\(before)|\nfound    |\(now)|", sourceLocation: sourceLocation)
        }
        for (y, (before, now)) in zip(expectedMap, map).enumerated()
        where expected[y] == glyphs[y] && !near(before, now) {
            Issue.record(
                "\(name), colours of line \(y):\nexpected |\(before)|\nfound    |\(now)|",
                sourceLocation: sourceLocation)
        }
    }

    /// Whether two lines are the same up to the last digit of their numbers.
    private static func agree(_ a: String, _ b: String) -> Bool {
        if a == b { return true }
        let (left, right) = (pieces(a), pieces(b))
        return left.count == right.count
            && zip(left, right).allSatisfy { one, other in
                if one == other { return true }
                guard let x = Double(one), let y = Double(other) else { return false }
                return abs(x - y) <= max(1.5e-3, 1e-4 * abs(x))
            }
    }

    /// Numbers apart from what stands between them; runs of spaces count as one.
    private static func pieces(_ line: String) -> [String] {
        var result: [String] = []
        var isNumber = false
        for character in line {
            let digit = character.isASCII && (character.isNumber || (character == "." && isNumber))
            if result.isEmpty || digit != isNumber { result.append("") }
            if character != " " || result[result.count - 1].last != " " { result[result.count - 1].append(character) }
            isNumber = digit
        }
        return result
    }

    /// Whether two colour maps are the same up to one step of a ramp.
    private static func near(_ a: String, _ b: String) -> Bool {
        a.count == b.count
            && zip(a, b).allSatisfy { one, other in
                guard one != other, let x = one.asciiValue, let y = other.asciiValue else { return one == other }
                let isRamp =
                    (one.isNumber && other.isNumber) || ("ABCDEFGHI".contains(one) && "ABCDEFGHI".contains(other))
                return isRamp && abs(Int(x) - Int(y)) == 1
            }
    }
}
