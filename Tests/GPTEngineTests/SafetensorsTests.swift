import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// The bytes of a file: the length of the header, the header, and zeros for data.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
    safetensors(Array(header.utf8), data: Array(repeating: 0, count: data))
}

/// The bytes of a file: the length of the header, the header, and the data.
func safetensors(_ header: [UInt8], data: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data
}

/// The checked header of a file's bytes.
func readHeader(_ bytes: [UInt8]) throws(SafetensorsError) -> SafetensorsHeader {
    let result = bytes.withUnsafeBytes { raw in
        Result { () throws(SafetensorsError) in try SafetensorsHeader(raw) }
    }
    return try result.get()
}

/// One tensor's field of a header.
private func field(_ name: String, _ shape: String, _ begin: Int, _ end: Int, _ type: String = "U8") -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
}

/// What a header may say and what not.
@Suite struct SafetensorsHeaderTests {
    private static let plain = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#

    @Test(
        arguments: [
            ([], .tooSmall(bytes: 0)), ([1, 2, 3, 4, 5, 6, 7], .tooSmall(bytes: 7)),
            ([1, 0xE1, 0xF5, 5, 0, 0, 0, 0], .headerTooLarge(bytes: 100_000_001)),
            ([0, 0xE1, 0xF5, 5, 0, 0, 0, 0], .headerCut(bytes: 100_000_000, file: 8)),
            (Array(repeating: 0xFF, count: 9), .headerTooLarge(bytes: .max)),
            ([3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], .headerCut(bytes: 3, file: 10)),
            ([2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28], .header(.notUTF8)),
            ([3, 0, 0, 0, 0, 0, 0, 0, 0xED, 0xA0, 0x80], .header(.notUTF8)),
            ([4, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0, 0x7D, 0], .header(.syntax(expected: "a string", byte: 9))),
        ] as [([UInt8], SafetensorsError)])
    func `bytes that are no file are refused`(bytes: [UInt8], error: SafetensorsError) {
        #expect(throws: error) { try readHeader(bytes) }
    }

    /// A ▸ stands where the error is found.
    @Test(arguments: [
        ("▸", "an object"), ("▸\u{FEFF}{}", "an object"), ("▸[]", "an object"), ("▸null", "an object"),
        ("{▸", "a string"), (#"{▸a:1}"#, "a string"), (#"{"a"▸}"#, "a colon"), (#"{"a":▸1}"#, "an object"),
        (#"{"a":▸[]}"#, "an object"), (#"{"__metadata__":{}▸"#, "a comma or a closing brace"),
        ("{}▸{}", "the end of the text"), ("{} ▸x", "the end of the text"), ("{}▸\0", "the end of the text"),
        (#"{"a":{"x":1,▸}}"#, "a string"), (#"{"a":{"shape":[1,▸]}}"#, "a whole number that is not negative"),
        (#"{"a":{"dtype":▸7}}"#, "a string"), (#"{"a":{"shape":▸2}}"#, "an array"),
        (#"{"a":{"shape":[1▸.0]}}"#, "a comma or a closing bracket"),
        (#"{"a":{"shape":[1▸e3]}}"#, "a comma or a closing bracket"),
        (#"{"a":{"shape":[1 ▸2]}}"#, "a comma or a closing bracket"),
        (#"{"a":{"shape":[▸-1]}}"#, "a whole number that is not negative"),
        (#"{"a":{"shape":[▸+1]}}"#, "a whole number that is not negative"),
        (#"{"a":{"shape":[▸null]}}"#, "a whole number that is not negative"),
        (#"{"a":{"shape":[▸"1"]}}"#, "a whole number that is not negative"),
        (#"{"a":{"shape":[▸[1]]}}"#, "a whole number that is not negative"),
        (#"{"a":{"shape":[01▸]}}"#, "a number without leading zeros"),
        (#"{"a":{"shape":[00▸]}}"#, "a number without leading zeros"),
        (#"{"a":{"shape":[1844674407370955161▸6]}}"#, "a number below 2^64"),
        (#"{"a":{"shape":[10000000000000000000▸000]}}"#, "a number below 2^64"),
        (#"{"a":{"data_offsets":[0▸.5,1]}}"#, "a comma or a closing bracket"),
        (#"{"a":{"data_offsets":[▸-1,1]}}"#, "a whole number that is not negative"),
        (#"{"a":{"data_offsets":[0,1844674407370955161▸6]}}"#, "a number below 2^64"),
        (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[2,1]}▸}"#, "data_offsets as [begin, end]"),
        (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[1]}▸}"#, "data_offsets as [begin, end]"),
        (#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,2]}▸}"#, "data_offsets as [begin, end]"),
        (#"{"__metadata__":{"a":▸1}}"#, "a string"), (#"{"__metadata__":{"a":▸{}}}"#, "a string"),
        (#"{"__metadata__":▸[]}"#, "an object"), (#"{"__metadata__":▸nil}"#, "an object"),
        ("{\"a\n▸\":1}", "an escape for a control character"),
        ("{\"a\u{1F}▸\":1}", "an escape for a control character"),
        (#"{"abc▸"#, "the end of a string"), (#"{"a\▸"#, "an escape"), (#"{"\q▸":1}"#, "a known escape"),
        (#"{"\u12▸g4":1}"#, "a number of four hexadecimal digits"), (#"{"\ud800▸":1}"#, "a whole surrogate pair"),
        (#"{"\udc00▸":1}"#, "a whole surrogate pair"), (#"{"\ud800\u0041▸":1}"#, "a whole surrogate pair"),
        (#"{"\ud800\▸n":1}"#, "the second half of a surrogate pair"),
        (#"{"a":{"x":tru▸}}"#, "a value"), (#"{"a":{"x":01▸}}"#, "a value"), (#"{"a":{"x":1.▸}}"#, "a value"),
        (#"{"a":{"x":NaN▸}}"#, "a value"), (#"{"a":{"x":▸}}"#, "a value"), (#"{"a":{"x":[1,▸]}}"#, "a value"),
        (#"{"a":{"x":-▸}}"#, "a value"), (#"{"a":{"x":1e▸}}"#, "a value"), (#"{"a":{"x":.5▸}}"#, "a value"),
    ])
    func `broken syntax is refused where it breaks`(marked: String, expected: String) throws {
        let bytes = Array(marked.utf8)
        let marker = Array("▸".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: marker) })
        let header = Array(bytes[..<place] + bytes[(place + marker.count)...])
        let error = SafetensorsError.header(.syntax(expected: expected, byte: 8 + place))
        #expect(throws: error) { try readHeader(safetensors(header, data: [])) }
    }

    /// A header, the bytes after it, and what is wrong.
    struct Broken: Sendable, CustomTestStringConvertible {
        let (header, data, error): (String, Int, SafetensorsError)
        var testDescription: String { header }

        init(_ header: String, _ data: Int, _ error: SafetensorsError) {
            (self.header, self.data, self.error) = (header, data, error)
        }

        init(_ fields: [String], _ data: Int, _ error: SafetensorsError) {
            self.init("{\(fields.joined(separator: ","))}", data, error)
        }
    }

    private static let contradictions: [Broken] = [
        Broken([field("a", "[0]", 0, 0), field("a", "[1]", 0, 1)], 1, .header(.duplicate(name: "a"))),
        Broken([field("ab", "[1]", 0, 1), field(#"\u0061b"#, "[1]", 1, 2)], 2, .header(.duplicate(name: "ab"))),
        Broken([field("🙂", "[1]", 0, 1), field(#"\ud83d\ude42"#, "[1]", 1, 2)], 2, .header(.duplicate(name: "🙂"))),
        Broken(
            #"{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1,
            .header(.duplicate(name: "dtype"))),
        Broken(
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1,"x":2}}"#, 1, .header(.duplicate(name: "x"))),
        Broken(#"{"__metadata__":{},"__metadata__":{}}"#, 0, .header(.duplicate(name: "__metadata__"))),
        Broken(#"{"__metadata__":null,"__metadat\u0061__":{}}"#, 0, .header(.duplicate(name: "__metadata__"))),
        Broken(#"{"__metadata__":{"k":"1","k":"2"}}"#, 0, .header(.duplicate(name: "k"))),
        Broken([field("a", "[1]", 0, 1, "F33")], 1, .unknownType(name: "a", type: "F33")),
        Broken([field("a", "[1]", 0, 4, "f32")], 4, .unknownType(name: "a", type: "f32")),
        Broken(#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, 1, .missingField(name: "a", field: "dtype")),
        Broken(#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, 1, .missingField(name: "a", field: "shape")),
        Broken(#"{"a":{"dtype":"U8","shape":[1]}}"#, 1, .missingField(name: "a", field: "data_offsets")),
        Broken(#"{"a":{}}"#, 0, .missingField(name: "a", field: "dtype")),
        Broken([field("a", "[1]", 0, 1), field("b", "[1]", 2, 3)], 3, .gapOrOverlap(name: "b", expected: 1, found: 2)),
        Broken([field("a", "[2]", 0, 2), field("b", "[2]", 1, 3)], 3, .gapOrOverlap(name: "b", expected: 2, found: 1)),
        Broken([field("a", "[2]", 0, 2), field("b", "[2]", 0, 2)], 2, .gapOrOverlap(name: "b", expected: 2, found: 0)),
        Broken([field("a", "[1]", 1, 2)], 2, .gapOrOverlap(name: "a", expected: 0, found: 1)),
        Broken([field("a", "[1]", 0, 1)], 3, .trailingBytes(count: 2)),
        Broken("{}", 1, .trailingBytes(count: 1)),
        Broken([field("a", "[2]", 0, 1)], 1, .wrongSize(name: "a", shape: [2], type: .u8, found: 1)),
        Broken([field("a", "[1]", 0, 3, "F32")], 3, .wrongSize(name: "a", shape: [1], type: .f32, found: 3)),
        Broken([field("a", "[]", 0, 0, "F32")], 0, .wrongSize(name: "a", shape: [], type: .f32, found: 0)),
        Broken([field("a", "[0]", 0, 4, "F32")], 4, .wrongSize(name: "a", shape: [0], type: .f32, found: 4)),
        Broken([field("a", "[3]", 0, 1, "F4")], 1, .wrongSize(name: "a", shape: [3], type: .f4, found: 1)),
        Broken([field("a", "[3]", 0, 2, "F4")], 2, .wrongSize(name: "a", shape: [3], type: .f4, found: 2)),
        Broken([field("a", "[2]", 0, 1, "F6_E2M3")], 1, .wrongSize(name: "a", shape: [2], type: .f6E2M3, found: 1)),
        Broken([field("a", "[\(1 << 62),4]", 0, 0)], 0, .sizeOverflow(name: "a", shape: [1 << 62, 4])),
        Broken([field("a", "[\(1 << 58)]", 0, 0, "F64")], 0, .sizeOverflow(name: "a", shape: [1 << 58])),
    ]

    @Test(arguments: contradictions)
    func `a header that contradicts itself or the data is refused`(file: Broken) {
        #expect(throws: file.error) { try readHeader(safetensors(file.header, data: file.data)) }
    }

    @Test(arguments: [0, 1])
    func `data that ends early is refused with both byte counts`(present: Int) throws {
        let bytes = safetensors(Self.plain, data: present)
        let error = try #require(throws: SafetensorsError.self) { try readHeader(bytes) }
        #expect(error == .truncated(file: bytes.count, described: bytes.count + 2 - present))
        #expect(error.description.contains("\(bytes.count)"))
        #expect(error.description.contains("\(bytes.count + 2 - present)"))
    }

    @Test func `tensors that add to more bytes than can be counted are refused`() throws {
        // Each is as large as one can be; the eighth ends so near to 2^63 that the header does not fit below it.
        let each = 1 << 60 - 1
        let fields = (0..<8).map { field("t\($0)", "[\(each)]", $0 * each, ($0 + 1) * each) }
        let error = try #require(throws: SafetensorsError.self) {
            try readHeader(safetensors("{\(fields.joined(separator: ","))}"))
        }
        guard case .truncated = error else {
            Issue.record("refused as \(error)")
            return
        }
    }

    @Test(
        arguments: [
            (plain, 2, ["a"]), ("{}", 0, []), (" \t\r\n" + plain, 2, ["a"]), (plain + "  \n ", 2, ["a"]),
            (#"{ "a" : { "shape" : [ 1 , 2 ] , "data_offsets" : [ 0 , 2 ] , "dtype" : "U8" } }"#, 2, ["a"]),
            ("{\(field("\u{E9}", "[1]", 0, 1)),\(field("e\u{301}", "[1]", 1, 2))}", 2, ["\u{E9}", "e\u{301}"]),
            ("{\(field("b", "[1]", 1, 2)),\(field("a", "[1]", 0, 1))}", 2, ["a", "b"]),
            ("{\(field("", "[0,9223372036854775807,9223372036854775807]", 0, 0))}", 0, [""]),
            ("{\(field("a", "[0,18446744073709551615]", 0, 0, "F32"))}", 0, ["a"]),
            ("{\(field("a", "[\(1 << 61),4,0]", 0, 0))}", 0, ["a"]),
            ("{\(field("a", "[]", 0, 4, "F32")),\(field("b", "[3,0]", 4, 4, "F32"))}", 4, ["a", "b"]),
            ("{\(field("a", "[2]", 0, 1, "F4")),\(field("b", "[4]", 1, 4, "F6_E3M2"))}", 4, ["a", "b"]),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":[{"y":-1.5e+3},null,"\n",[],{}]}}"#, 1, ["a"]),
            (
                #"{"a\"\\\/\b\f\n\r\t\u0000\ud83d\ude00":{"dtype":"I8","shape":[],"data_offsets":[0,1]}}"#, 1,
                ["a\"\\/\u{8}\u{C}\n\r\t\0\u{1F600}"]
            ),
            (#"{"__metadata__":null}"#, 0, []),
        ] as [(String, Int, [String])])
    func `what the format allows is read`(header: String, data: Int, names: [String]) throws {
        let found = try readHeader(safetensors(header, data: data)).entries.map(\.name)
        #expect(found.map { Array($0.utf8) } == names.map { Array($0.utf8) })
    }

    @Test func `metadata is kept as strings`() throws {
        let header = try readHeader(
            safetensors(#"{"__metadata__":{"format":"pt","\u00e9":"\"x\""},\#(field("a", "[]", 0, 1))}"#, data: 1))
        #expect(header.metadata == ["format": "pt", "é": "\"x\""])
        #expect(header.entries.map(\.name) == ["a"])
        #expect(header.entries.map(\.shape) == [[]])
        #expect(header.entries.map(\.range) == [0..<1])
    }

    @Test(arguments: ElementType.allCases)
    func `every element type is known with its size`(type: ElementType) throws {
        let header = "{\(field("a", "[8]", 0, type.bits, type.rawValue))}"
        #expect(try readHeader(safetensors(header, data: type.bits)).entries.map(\.type) == [type])
    }

    @Test(arguments: [("[", "]"), (#"{"k":"#, "}"), (#"[{"k":"#, "}]")])
    func `an extra field may be nested, but not without end`(open: String, close: String) throws {
        for (depth, isAccepted) in [(1, true), (40, true), (200, false), (200_000, false)] {
            let nested = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            let header = #"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":\#(nested)}}"#
            let bytes = safetensors(header, data: 1)
            if isAccepted {
                #expect(try readHeader(bytes).entries.count == 1)
            } else {
                #expect(throws: SafetensorsError.self) { try readHeader(bytes) }
            }
        }
    }
}
