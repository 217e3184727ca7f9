import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import GPTFigures
import SystemPackage

/// How the answer is written.
struct OutputOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "text or json.")
    var format: Format = .text

    @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
    var output: String?

    func validate() throws { try output.map(checkOutputFile) }

    /// Writes the answer in the form that was asked for.
    ///
    /// - Parameter model: the model that the numbers come from; files of it that changed meanwhile are an error.
    func write(
        from model: Model? = nil, text: @autoclosure () throws -> String, json: @autoclosure () throws -> JSON
    ) throws {
        switch format {
        case .text: try Answer.text(text()).write(to: output, from: model)
        case .json: try Answer.exact(json().text + "\n").write(to: output, from: model)
        }
    }
}

/// How an answer is written that has a figure, too.
struct FigureOptions: ParsableArguments {
    /// Text, JSON, or a figure that an exporter writes.
    enum Format: ExpressibleByArgument {
        case text, json
        case figure(any Exporter.Type)

        init?(argument: String) {
            switch argument {
            case "text": self = .text
            case "json": self = .json
            default:
                guard let exporter = Exporters.all.first(where: { $0.name == argument }) else { return nil }
                self = .figure(exporter)
            }
        }

        static var allValueStrings: [String] { ["text", "json"] + Exporters.all.map { $0.name } }
        var defaultValueDescription: String { "text" }
    }

    @Option(help: "text, json, or a figure: \(Exporters.all.map { $0.name }.joined(separator: ", ")).")
    var format: Format = .text

    @Option(name: .shortAndLong, help: ArgumentHelp("Write to a file instead of standard output.", valueName: "file"))
    var output: String?

    func validate() throws { try output.map(checkOutputFile) }

    /// Writes the answer in the form that was asked for.
    ///
    /// - Parameters:
    ///   - model: the model that the numbers come from; files of it that changed meanwhile are an error.
    ///   - figure: nil where the answer has none, which the command refuses before.
    func write(
        from model: Model, text: @autoclosure () throws -> String, json: @autoclosure () throws -> JSON,
        figure: @autoclosure () throws -> Figure? = nil
    ) throws {
        switch format {
        case .text: try Answer.text(text()).write(to: output, from: model)
        case .json: try Answer.exact(json().text + "\n").write(to: output, from: model)
        case .figure(let exporter):
            guard let figure = try figure() else { return }
            try Answer.exact(exporter.text(of: figure)).write(to: output, from: model)
        }
    }
}

/// An answer as it goes out.
private enum Answer {
    /// For people: a terminal is not given controls, which it would obey.
    case text(String)
    /// For programs, byte for byte.
    case exact(String)

    func write(to output: String?, from model: Model?) throws {
        try model?.checkUnchanged()
        let isShown = output == nil && isatty(STDOUT_FILENO) == 1
        let answer =
            switch self {
            case .text(let text): isShown ? withoutControls(text) : text
            case .exact(let text): text
            }
        if let output {
            try writeFile(outputFile(output)) { write in try write(Data(answer.utf8)) }
        } else {
            try standardOutput(answer)
        }
    }
}

/// Refuses what can't be the name of a file to write.
///
/// - Throws: a validation error that the argument parser reports.
func checkOutputFile(_ name: String) throws {
    if name.isEmpty { throw ValidationError("-o takes the name of a file, and here it is empty.") }
    if name.hasSuffix("/") {
        throw ValidationError("-o takes the name of a file, and \(visible(name)) is that of a folder.")
    }
}

/// The path of a file to write.
///
/// - Throws: `FileError.unwritable` where it is one that the command itself has read: nobody means to lose it.
func outputFile(_ name: String) throws(FileError) -> FilePath {
    let path = FilePath(raw: name)
    if ByteSource.hasRead(path) {
        throw .unwritable(path, reason: "it is read by the same command, and would be lost")
    }
    return path
}

extension Model {
    /// Says when another file has taken the place of one of the weights' files.
    ///
    /// - Throws: `FileError.changed` where the numbers themselves have changed.
    func checkUnchanged() throws {
        if let path = try weights?.checkUnchanged() {
            standardError(
                "gptstep: \(visible(path)) was replaced meanwhile; these numbers are of the file as it was opened")
        }
    }
}

/// Text that a terminal may be given: controls, which it would obey, become escapes; lines and tabs stay.
func withoutControls(_ text: String) -> String {
    let isHarmful = { (scalar: Unicode.Scalar) in
        switch scalar.properties.generalCategory {
        case .control: scalar != "\n" && scalar != "\t"
        case .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    return text.unicodeScalars.map { isHarmful($0) ? visible(String($0)) : String($0) }.joined()
}

/// Writes a line to standard error, if anyone is there to read it.
func standardError(_ line: String) { standardError(bytes: withoutControls(line) + "\n") }

/// Writes text to standard error as it is; where that cannot be written to, nothing is said.
func standardError(bytes text: String) { try? write(text, to: STDERR_FILENO) }

/// Writes text to standard output, all of it.
///
/// - Throws: ``FileError/unwritable(_:reason:)``, on a full disk for example. A closed pipe ends the program quietly.
func standardOutput(_ text: String) throws(FileError) {
    do {
        try write(text, to: STDOUT_FILENO)
    } catch { throw .unwritable("standard output", reason: error.description) }
}

private func write(_ text: String, to descriptor: CInt) throws(Errno) {
    var rest = ArraySlice(Array(text.utf8))
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0, errno != EINTR { throw Errno(rawValue: errno) }
        rest = rest.dropFirst(max(0, written))
    }
}

/// Lines of columns: numbers to the right, words to the left.
func table(_ header: [String], _ rows: [[String]], left: Set<Int>) -> String {
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].unicodeScalars.count }.max() ?? 0 }
    let lines = ([header] + rows).map { row in
        var line = row.indices.map { column in
            let padding = String(repeating: " ", count: widths[column] - row[column].unicodeScalars.count)
            return left.contains(column) ? row[column] + padding : padding + row[column]
        }.joined(separator: "  ")
        while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
        return line
    }
    return lines.joined(separator: "\n") + "\n"
}
