import Foundation
import SystemPackage
import Testing

@testable import Checkpoints
@testable import GPTEngine

/// The path of a fixture that travels with the tests.
func fixture(_ name: String) -> FilePath {
    FilePath(Bundle.module.resourceURL?.appendingPathComponent("Fixtures/\(name)").path ?? name)
}

extension URL {
    init(_ path: FilePath) { self.init(fileURLWithPath: path.string) }
}

/// A folder of its own for one test, removed with it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("gptstep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var path: FilePath { FilePath(url.path) }

    func path(_ name: String) -> FilePath { path.appending(name) }

    /// Writes bytes and returns their path.
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> FilePath {
        try Data(bytes).write(to: URL(path(name)))
        return path(name)
    }
}

extension SafetensorsFile {
    /// The numbers of an I64 tensor.
    func integers(_ name: String) throws -> [Int] {
        let entry = try #require(header.entries.first { $0.name == name && $0.type == .i64 }, "no I64 tensor \(name)")
        let bytes = try Data(contentsOf: URL(path))
        return (0..<entry.range.count / 8).map { i in
            let start = header.byteCount + entry.range.lowerBound + 8 * i
            let bits = bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(truncatingIfNeeded: bits)
        }
    }
}

/// Runs a program over letters or ids with the built-in model.
func nanoTrace(_ prompt: String) throws -> Trace {
    let model = try Model.nano()
    let ids = try model.encode(Array(prompt.utf8))
    return try Trace(
        program: .gpt2(model.configuration, tokenCount: ids.count), weights: #require(model.weights), tokens: ids)
}
