import Checkpoints
import Foundation
import GPTEngine
import GPTFigures
import SystemPackage

/// What a session reads and writes.
extension Session {
    func write(_ text: String, to path: FilePath, _ place: LanguageError.Place) throws {
        do { try writeFile(path) { write in try write(Data(text.utf8)) } } catch let error as FileError {
            throw LanguageError(error.description, at: place, kind: .file)
        }
    }

    mutating func record(_ statement: Statement, in path: FilePath) throws {
        if case .record = statement.command { return }
        guard statement.file == nil else { return }
        let known = (try? readFile(path, most: 1 << 28)) ?? []
        do {
            try write(String(decoding: known, as: UTF8.self) + statement.text + "\n", to: path, statement.place)
        } catch {
            recordFile = nil
            throw error
        }
    }

    /// Writes the operation at the cursor by a file's ending.
    func export(_ name: String, _ place: LanguageError.Place) throws {
        let path = FilePath(raw: name)
        let ending = path.extension ?? ""
        guard !ByteSource.hasRead(path) else {
            throw LanguageError(
                "\(visible(name)) is read by the same session, and would be lost.", at: place, kind: .file)
        }
        if let exporter = Exporters.all.first(where: { $0.name == ending }) {
            trace?.complete(stepper.wanted())
            return try write(exporter.text(of: scene.figure), to: path, place)
        }
        guard let scope = situation?.scope() else { throw noWeights }
        let datum = try scope.value(.name("it", place))
        switch ending {
        case "json":
            try write(
                JSON.object([
                    ("address", .string(stepper.node.address)), ("shape", .integers(datum.shape)),
                    ("axes", .array(datum.axes.map(JSON.string))), ("values", .array(datum.numbers.map(JSON.number))),
                ]).text + "\n", to: path, place)
        case "csv":
            let columns = datum.shape.last ?? 1
            let lines = stride(from: 0, to: datum.numbers.count, by: max(1, columns)).map { start in
                (datum.index(of: start).dropLast().map(String.init)
                    + datum.numbers[start..<start + columns].map { $0.isFinite ? "\(Float($0))" : "" }).joined(
                        separator: ",")
            }
            let head = (datum.axes.dropLast() + (0..<columns).map { "\(datum.axes.last ?? "value") \($0)" }).joined(
                separator: ",")
            try write(head + "\n" + lines.joined(separator: "\n") + "\n", to: path, place)
        case "npy":
            // NumPy's format, version 1.0: a text about type and shape, padded to 64 bytes, then the numbers.
            let shape = datum.shape.map { "\($0)," }.joined(separator: " ")
            var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
            header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
            var bytes = Data(
                [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count % 256), UInt8(header.utf8.count / 256)])
            bytes += Data(header.utf8)
            for number in datum.numbers {
                withUnsafeBytes(of: Float(number).bitPattern.littleEndian) { bytes += Data($0) }
            }
            do { try writeFile(path) { write in try write(bytes) } } catch let error as FileError {
                throw LanguageError(error.description, at: place, kind: .file)
            }
        default:
            throw LanguageError(
                "A file ends in .\((Exporters.all.map { $0.name } + ["csv", "json", "npy"]).joined(separator: ", .")), and \(visible(name)) does not.",
                at: place)
        }
    }

    /// Whether there is something in it that a fresh session would lack.
    public var isWorthKeeping: Bool {
        !edits.entries.isEmpty || !stops.all.isEmpty || !names.kept.isEmpty || !names.defined.isEmpty || twin != nil
            || stepper.tokens != model.defaultTokens
    }

    /// Writes the session as commands that make it again.
    func save(_ name: String, _ place: LanguageError.Place) throws {
        try write(script(besides: name, place), to: FilePath(raw: name), place)
    }

    /// The session as commands that make it again; values that are no single numbers go into a file beside.
    public func script(besides name: String, _ place: LanguageError.Place) throws -> String {
        var lines = [
            "# a session of gptstep: `gptstep --session FILE` goes on with it",
            "model \(Expression.quoted(model.name))",
        ]
        lines.append("ids \(stepper.tokens.prefix(stepper.promptCount).map(String.init).joined(separator: ","))")
        lines.append(
            "sampling temperature=\(sampling.temperature) top-k=\(sampling.topK) top-p=\(sampling.topP) seed=\(sampling.seed)"
        )
        var large: [(String, Datum)] = []
        for (key, datum) in names.kept.sorted(by: { $0.key < $1.key }) {
            if datum.kind == .text {
                lines.append("set $\(key) = \(Expression.quoted(datum.text))")
            } else if let number = datum.number {
                lines.append("set $\(key) = \(Expression.number(number))")
            } else {
                large.append((key, datum))
                lines.append("set $\(key) = load(\(Expression.quoted(Self.beside(name))), \(Expression.quoted(key)))")
            }
        }
        if !large.isEmpty { try Self.write(large, to: Self.beside(name), place) }
        for (key, expression) in names.defined.sorted(by: { $0.key < $1.key }) {
            lines.append("let $\(key) = \(expression.written)")
        }
        if let twin, let command = Self.command(twin) { lines.append(command) }
        for (count, entry) in edits.entries.enumerated() {
            lines.append(entry.form.text)
            if !entry.isActive { lines.append("disable edit \(count + 1)") }
        }
        for token in stepper.tokens.dropFirst(stepper.promptCount) { lines.append("take \(token)") }
        for stop in stops.all {
            lines.append(stop.text)
            if !stop.isEnabled { lines.append("disable \(stop.number)") }
        }
        let selection = stepper.selection
        lines += ["goto \(stepper.node.address)", "position \(selection.position)", "head \(selection.head)"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// The file beside a saved session that holds its large values.
    public static func beside(_ name: String) -> String { name + ".values.safetensors" }

    private static func command(_ twin: Twin) -> String? {
        switch twin.kind {
        case .prompt(let text): "other prompt \(Expression.quoted(text))"
        case .model(let name): "other model \(Expression.quoted(name))"
        case .unedited: "other unedited"
        case .trace(let name): "other trace \(Expression.quoted(name))"
        case .swap: "other prompt \(Expression.quoted(twin.model.text(twin.prompt)))"
        case .off: nil
        }
    }

    private static func write(_ values: [(String, Datum)], to name: String, _ place: LanguageError.Place) throws {
        do {
            try Datum.write(values, to: FilePath(raw: name))
        } catch let error as FileError { throw LanguageError(error.description, at: place, kind: .file) }
    }
}
