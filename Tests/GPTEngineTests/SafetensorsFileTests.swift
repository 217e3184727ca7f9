import Foundation
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// Tensors read from files, and files written.
@Suite struct SafetensorsFileTests {
    /// Gives `body` one tensor of a file whose data lies `shift` bytes past an aligned place.
    private func tensor(_ type: String, _ shape: [Int], _ data: [UInt8], shift: Int = 0) throws -> Tensor? {
        var header = #"{"x":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(data.count)]}}"#
        while header.utf8.count % 8 != shift { header += " " }
        let folder = try TemporaryFolder()
        let file = try SafetensorsFile(path: folder.write("x.safetensors", safetensors(Array(header.utf8), data: data)))
        return try #require(file.tensors.first).numbers
    }

    private func bytes(_ values: [some FixedWidthInteger]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    }

    @Test(arguments: 0..<8)
    func `F32 numbers read right wherever they lie`(shift: Int) throws {
        let values: [Float] = [1.5, -0.0, .infinity, .leastNonzeroMagnitude, 3.402_823_5e38, 0.1]
        let found = try #require(try tensor("F32", [2, 3], bytes(values.map(\.bitPattern)), shift: shift))
        #expect(found.shape == [2, 3])
        #expect(found.values.map(\.bitPattern) == values.map(\.bitPattern))
    }

    /// The value of a small floating-point format by its definition.
    private func value(_ bits: UInt16, exponentBits: Int, mantissaBits: Int) -> Double {
        let sign: Double = bits >> 15 == 1 ? -1 : 1
        let mantissa = Double(bits & (1 << mantissaBits - 1)) / Double(1 << mantissaBits)
        let exponent = Int(bits >> mantissaBits) & (1 << exponentBits - 1)
        let bias = 1 << (exponentBits - 1) - 1
        if exponent == 1 << exponentBits - 1 { return mantissa == 0 ? sign * .infinity : .nan }
        return exponent == 0 ? sign * scalbn(mantissa, 1 - bias) : sign * scalbn(1 + mantissa, exponent - bias)
    }

    @Test(arguments: [("F16", 5, 10), ("BF16", 8, 7)], [0, 1])
    func `all 65,536 half-width numbers are converted exactly`(type: (String, Int, Int), shift: Int) throws {
        let patterns = Array(UInt16.min...UInt16.max)
        let found = try #require(try tensor(type.0, [65536], bytes(patterns), shift: shift)).values
        #expect(found.count == 65536)
        for (bits, number) in zip(patterns, found) {
            let expected = value(bits, exponentBits: type.1, mantissaBits: type.2)
            let isSame = expected.isNaN ? number.isNaN : Double(number) == expected && number.sign == expected.sign
            if !isSame { Issue.record("\(type.0) \(String(bits, radix: 16)): expected \(expected), found \(number)") }
        }
    }

    @Test func `F64 numbers become the nearest 32-bit ones`() throws {
        let values = [0.1, -2.5, 1e300, -0.0, 1e-300, 16_777_217, .nan]
        let found = try #require(try tensor("F64", [7], bytes(values.map(\.bitPattern)), shift: 4)).values
        #expect(found[..<3] == [0.1, -2.5, .infinity])
        #expect(found[3...5] == [0, 0, 16_777_216])
        #expect(found[3].sign == .minus)
        #expect(found[6].isNaN)
    }

    @Test(arguments: ["I64", "U64", "C64"])
    func `numbers that are not floating-point are not read as such`(type: String) throws {
        #expect(try tensor(type, [1], Array(repeating: 0, count: 8)) == nil)
    }

    @Test(arguments: [([], 1), ([0], 0), ([3, 0, 2], 0), ([1, 1, 1], 1)])
    func `scalars and empty tensors are read`(shape: [Int], count: Int) throws {
        let found = try #require(try tensor("F32", shape, bytes(Array(repeating: Float(2).bitPattern, count: count))))
        #expect(found.shape == shape)
        #expect(found.values == Array(repeating: 2, count: count))
        #expect(found.rowCount == count)
    }

    @Test func `two thousand random changes to a file are read or refused, and nothing else`() throws {
        let header =
            #"{"__metadata__":{"k":"v\n"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"#
            + #""b":{"dtype":"F16","shape":[100],"data_offsets":[16,216],"x":[1,{"y":null}]}}"#
        let original = safetensors(header, data: 216)
        let telling = Array(#"{}[]",:\u0123456789-.eE "#.utf8) + [0, 0x7F, 0x80, 0xC3, 0xFF]
        var numbers = Numbers(seed: 40)
        var (accepted, refused) = (0, 0)
        for _ in 0..<2000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &numbers) {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                let byte = telling.randomElement(using: &numbers) ?? 0
                switch Int.random(in: 0..<8, using: &numbers) {
                case 0: bytes.insert(byte, at: place)
                case 1: bytes.remove(at: place)
                case 2: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &numbers))
                case 3: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
                default: bytes[place] = byte
                }
                if bytes.isEmpty { break }
            }
            bytes.withUnsafeBytes { raw in
                guard let file = try? SafetensorsFile(ByteSource(permanent: raw), path: "changed") else {
                    refused += 1
                    return
                }
                accepted += 1
                for entry in file.tensors {
                    if let tensor = entry.numbers { #expect(tensor.values.count == entry.shape.reduce(1, *)) }
                }
            }
        }
        #expect(accepted > 100)
        #expect(refused > 1000)
    }
}

/// Files that are written, and what is left behind when they cannot be.
@Suite struct SafetensorsWriterTests {
    @Test func `what is written is read back, names and metadata included`() throws {
        let names = [
            "plain", "a \"quoted\" name", "line\nbreak", "back\\slash", "é", "e\u{301}", "🙂\u{2028}\u{7F}\0", "",
        ]
        var numbers = Numbers(seed: 41)
        let tensors = names.indices.map { numbers.tensor($0 + 1, 2) }
        var writer = SafetensorsWriter()
        for (name, tensor) in zip(names, tensors) { writer.add(name, tensor) }
        writer.add("ids", [.min, -1, 0, 50_256, .max])
        writer.add("column", shape: [6, 1]) { tensors[2] }
        writer.metadata = ["format": "x", "quote": "\"\n\u{1B}", "": "empty"]

        let folder = try TemporaryFolder()
        try writer.write(to: folder.path("out.safetensors"))
        let file = try SafetensorsFile(path: folder.path("out.safetensors"))
        #expect(file.header.metadata == writer.metadata)
        #expect(file.header.entries.count == names.count + 2)
        for (name, tensor) in zip(names, tensors) {
            let entry = try #require(file.tensors.first { $0.name.utf8.elementsEqual(name.utf8) })
            #expect(entry.shape == tensor.shape)
            #expect(try #require(entry.numbers).values == tensor.values)
        }
        #expect(try file.integers("ids") == [.min, -1, 0, 50_256, .max])
        #expect(file.header.entries.first { $0.name == "column" }?.shape == [6, 1])
        #expect(file.header.byteCount.isMultiple(of: 8))
        #expect(file.header.entries.allSatisfy { ($0.range.lowerBound * 8).isMultiple(of: $0.type.bits) })
    }

    @Test func `an empty file and empty tensors are written`() throws {
        let folder = try TemporaryFolder()
        try SafetensorsWriter().write(to: folder.path("none"))
        #expect(try SafetensorsFile(path: folder.path("none")).header.entries.isEmpty)
        var writer = SafetensorsWriter()
        writer.add("empty", Tensor([0, 3], []))
        writer.add("scalar", Tensor([], [7]))
        try writer.write(to: folder.path("two"))
        let file = try SafetensorsFile(path: folder.path("two"))
        #expect(file.tensors.compactMap { $0.numbers?.values } == [[], [7]])
    }

    @Test func `a file is replaced as a whole and nothing stays beside it`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file", Array(repeating: 1, count: 1000))
        try writeFile(path) { write in for piece in [[2, 3], [], [4]] as [[UInt8]] { try write(Data(piece)) } }
        #expect(try Data(contentsOf: URL(path)) == Data([2, 3, 4]))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.string) == ["file"])
    }

    @Test func `a link stays a link, whether anything is there yet or not`() throws {
        let folder = try TemporaryFolder()
        let (link, inner) = (folder.path("link"), folder.path("inner"))
        try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "inner")
        try FileManager.default.createSymbolicLink(
            atPath: inner.string, withDestinationPath: folder.path("target").string)
        for bytes in [[1, 2], [3]] as [[UInt8]] {
            try writeFile(link) { write in try write(Data(bytes)) }
            #expect(try Data(contentsOf: URL(folder.path("target"))) == Data(bytes))
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.string) == "inner")
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.path.string)) == ["link", "inner", "target"])
    }

    @Test func `a file that cannot be written leaves nothing behind`() throws {
        let folder = try TemporaryFolder()
        let missing = folder.path("no/such/file")
        #expect(throws: FileError.unwritable(missing, reason: "there is no folder \(folder.path("no/such"))")) {
            try writeFile(missing) { write in try write(Data([1])) }
        }
        #expect(throws: FileError.unwritable(folder.path, reason: "it is a folder")) {
            try writeFile(folder.path) { write in try write(Data([1])) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path.string).isEmpty)
    }

    @Test func `a full device is reported, stays a device, and is closed`() throws {
        #expect(throws: FileError.unwritable("/dev/full", reason: String(cString: strerror(ENOSPC)))) {
            try writeFile("/dev/full") { write in try write(Data([1])) }
        }
        var status = stat()
        #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        #expect(!open.contains("/dev/full"))
    }
}
