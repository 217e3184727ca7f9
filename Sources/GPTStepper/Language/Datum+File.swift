import Checkpoints
import Foundation
import GPTEngine
import SystemPackage

/// Kept values in a safetensors file: F64, with axes and kind in its metadata.
extension Datum {
    static func write(_ values: [(name: String, datum: Datum)], to path: FilePath) throws {
        var file = SafetensorsWriter()
        file.metadata["format"] = "gptstep-values"
        for (name, datum) in values {
            file.metadata["\(name).axes"] = datum.axes.joined(separator: ",")
            file.metadata["\(name).kind"] = datum.kind.rawValue
            file.add(name, .f64, shape: datum.shape) { datum.numbers.withUnsafeBufferPointer { Data(buffer: $0) } }
        }
        try file.write(to: path)
    }

    static func read(_ name: String, from file: String, at place: LanguageError.Place) throws -> Datum {
        do {
            let all = try SafetensorsFile(path: FilePath(raw: file))
            guard let tensor = all.tensors.first(where: { $0.name == name }), tensor.type == .f64 else {
                throw LanguageError("\(visible(file)) has no value \(visible(name)).", at: place)
            }
            let bytes = tensor.bytes
            let numbers = (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
            let axes = all.header.metadata["\(name).axes"]?.split(separator: ",").map(String.init) ?? []
            let kind = all.header.metadata["\(name).kind"].flatMap(Kind.init(rawValue:)) ?? .number
            guard axes.count == tensor.shape.count, numbers.count == tensor.shape.reduce(1, *) else {
                throw LanguageError("\(visible(file)) does not say what the axes of \(visible(name)) are.", at: place)
            }
            return Datum(numbers, axes: axes, shape: tensor.shape, kind: kind)
        } catch let error as FileError {
            let isMissing = if case .missing = error { true } else { false }
            throw LanguageError(error.description, at: place, kind: isMissing ? .missingFile : .file)
        } catch let error as LanguageError {
            throw error
        } catch { throw LanguageError("\(error)", at: place) }
    }
}
