import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// What numbers have in common.
@Suite struct StatisticsTests {
    @Test func `the finite numbers are counted and summed up`() {
        let found = Statistics([2, -.infinity, 4, .nan, 4, .infinity, -2] as [Float])
        #expect(found.count == 4)
        #expect(found.minimum == -2)
        #expect(found.maximum == 4)
        #expect(found.mean == 2)
        #expect(found.deviation == 6.0.squareRoot())
    }

    @Test(arguments: [[], [.nan], [.infinity, -.infinity, .nan]] as [[Float]])
    func `of no finite number nothing is known`(numbers: [Float]) {
        let found = Statistics(numbers)
        #expect(found.count == 0)
        #expect(found.minimum.isNaN && found.maximum.isNaN && found.mean.isNaN && found.deviation.isNaN)
    }

    @Test func `one number is its own mean, and does not deviate`() {
        let found = Tensor([1, 1], [-7.25]).statistics
        #expect(found.count == 1)
        #expect([found.minimum, found.maximum] == [-7.25, -7.25])
        #expect(found.mean == -7.25)
        #expect(found.deviation == 0)
    }

    @Test func `sums neither overflow nor lose small differences`() {
        let large = Statistics([.greatestFiniteMagnitude, .greatestFiniteMagnitude] as [Float])
        #expect(large.mean == Double(Float.greatestFiniteMagnitude))
        #expect(large.deviation == 0)
        #expect(Statistics([16_777_216, 16_777_218] as [Float]).deviation == 1)
    }
}

/// Values as JSON text.
@Suite struct JSONTests {
    private func parse(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("", #""""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\n", #""\n""#),
        ("\t\r", #""\u0009\u000d""#),
        ("\0\u{1B}\u{1F}", #""\u0000\u001b\u001f""#), ("\u{7F}\u{85}\u{9F}", #""\u007f\u0085\u009f""#),
        ("\u{2028}\u{2029}", #""\u2028\u2029""#), ("é🙂 ␣", "\"é🙂 ␣\""), ("e\u{301}", "\"e\u{301}\""),
        ("\r\n", #""\u000d\n""#),
    ])
    func `text is escaped where it must be and comes back`(text: String, json: String) throws {
        #expect(JSON.string(text).text.utf8.elementsEqual(json.utf8))
        let parsed = try #require(try parse(json) as? String)
        #expect(parsed.utf8.elementsEqual(text.utf8))
    }

    @Test func `every scalar of one byte or two comes back`() throws {
        let text = String(String.UnicodeScalarView((0..<0x800).compactMap { Unicode.Scalar($0) }))
        let json = JSON.string(text).text
        #expect(json.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        #expect(try #require(try parse(json) as? String).utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (-2.5, "-2.5"), (0.1, "0.1"), (1.0 / 3, "0.333333333"), (2e9 / 3, "666666667"),
        (1e21, "1e+21"),
        (123_456_789_012, "1.23456789e+11"), (-1e-7, "-1e-07"), (.infinity, "null"), (-.infinity, "null"),
        (.nan, "null"),
    ])
    func `a number has nine digits, or is null`(number: Double, text: String) throws {
        #expect(JSON.number(number).text == text)
        if number.isFinite {
            let parsed = try #require(try parse(text) as? Double)
            #expect(abs(parsed - number) <= 1e-9 * abs(number))
        }
    }

    @Test(arguments: [0, -1, 174_604_259_328, 1 << 53 + 1, .max, .min])
    func `a whole number is exact`(number: Int) throws {
        #expect(JSON.integer(number).text == "\(number)")
        #expect(try parse(JSON.integer(number).text) as? Int == number)
    }

    @Test func `32-bit numbers come back as they were`() throws {
        var numbers = Numbers(seed: 60)
        var values: [Float] = [0.1, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, 16_777_216, 1.0 / 3, 0]
        for _ in 0..<500 { values.append(Float(bitPattern: UInt32.random(in: 0..<0x7F80_0000, using: &numbers))) }
        let parsed = try #require(try parse(JSON.numbers(values).text) as? [Double])
        #expect(parsed.map { Float($0) } == values)
        #expect(JSON.numbers([1, .nan, -.infinity, 0.5]).text == "[1.0, null, null, 0.5]")
    }

    @Test func `values nest, and keys keep their order`() throws {
        let json = JSON.object([
            ("z", .integer(1)), ("a", .array([.null, .bool(true), .bool(false), .array([]), .object([])])),
            ("m\"", .object([("y", .string(orNull: nil)), ("b", .string(orNull: "x"))])), ("s", .integers([3, 1])),
        ])
        #expect(
            json.text
                == #"{"z": 1, "a": [null, true, false, [], {}], "m\"": {"y": null, "b": "x"}, "s": [3, 1]}"#)
        let parsed = try #require(try parse(json.text) as? [String: Any])
        #expect(Set(parsed.keys) == ["z", "a", "m\"", "s"])
        #expect(parsed["s"] as? [Int] == [3, 1])
    }

    @Test func `an empty list is a list`() {
        #expect(JSON.array([]).text == "[]")
        #expect(JSON.numbers([]).text == "[]")
        #expect(JSON.object([]).text == "{}")
    }
}

/// Bytes as people read them.
@Suite struct ByteCountTests {
    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1500, "1.5 kB"), (9949, "9.9 kB"), (9951, "10 kB"),
        (342_912, "343 kB"), (497_759_232, "498 MB"), (1_500_000_000, "1.5 GB"), (698_417_037_312, "698 GB"),
        (2_000_000_000_000, "2.0 TB"), (5_000_000_000_000_000, "5000 TB"),
    ])
    func `bytes are counted in the largest unit above 1`(bytes: Int, text: String) {
        #expect(byteCount(bytes) == text)
    }
}
