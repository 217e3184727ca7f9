import Checkpoints
import GPTEngine
import SystemPackage

/// One text that a pass is run over.
struct InputCase {
    let tokens: [Int]
    /// That of the second run; nil for the session's own.
    var other: [Int]?
    /// What else its line says: `$name`.
    var fields: [String: Datum] = [:]
    /// As it is named in an answer.
    let label: String
}

extension Expression.Inputs {
    /// The texts for a model.
    ///
    /// - Parameter count: how many tokens random ones have.
    func cases(_ model: Model, count: Int, at place: LanguageError.Place) throws -> [InputCase] {
        switch self {
        case .all:
            guard let letters = model.preset?.sortedCount else {
                throw LanguageError(
                    "The inputs of \(model.name) cannot be listed: give a file, texts or random N.", at: place)
            }
            let V = model.configuration.vocabularySize
            let all = (0..<letters).reduce(1) { all, _ in all * V }
            return (0..<all).map { number in
                var (rest, ids) = (number, [Int](repeating: 0, count: letters))
                for position in ids.indices.reversed() {
                    (rest, ids[position]) = rest.quotientAndRemainder(dividingBy: V)
                }
                return InputCase(tokens: ids, label: model.text(ids))
            }
        case .random(let number, let seed):
            let length = model.preset?.sortedCount ?? count
            let V = Double(model.configuration.vocabularySize)
            guard let draw = try? Sampling(seed: UInt64(seed)) else { return [] }
            return (0..<number).map { which in
                let ids = (0..<length).map { Int(draw.draw(position: which * length + $0) * V) }
                return InputCase(tokens: ids, label: model.tokenizer == nil ? "\(ids)" : model.text(ids))
            }
        case .texts(let texts):
            if texts.count == 1, FilePath(raw: texts[0]).exists, FilePath(raw: texts[0]).extension != nil {
                return try Expression.Inputs.file(texts[0]).cases(model, count: count, at: place)
            }
            return try texts.map { InputCase(tokens: try Self.encode($0, model, place), label: $0) }
        case .file(let name):
            let cases = try Self.lines(of: name, at: place).enumerated().compactMap { number, line in
                line.allSatisfy(\.isWhitespace) ? nil : try Self.line(line, number + 1, name, model, place)
            }
            guard !cases.isEmpty else { throw LanguageError("\(visible(name)) has no prompts.", at: place) }
            return cases
        }
    }

    private static func encode(_ text: String, _ model: Model, _ place: LanguageError.Place) throws -> [Int] {
        do { return try model.encode(Array(text.utf8)) } catch { throw LanguageError(error.description, at: place) }
    }

    static func lines(of name: String, at place: LanguageError.Place) throws -> [String] {
        try text(of: name, at: place).split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(
            String.init)
    }

    /// The text of a file.
    static func text(of name: String, at place: LanguageError.Place) throws -> String {
        do {
            let bytes = try readFile(FilePath(raw: name), most: 1 << 28)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw LanguageError("\(visible(name)) is not UTF-8.", at: place)
            }
            return text
        } catch let error as FileError {
            let isMissing = if case .missing = error { true } else { false }
            throw LanguageError(error.description, at: place, kind: isMissing ? .missingFile : .file)
        }
    }

    private static func line(
        _ line: String, _ number: Int, _ name: String, _ model: Model, _ place: LanguageError.Place
    ) throws -> InputCase {
        func fault(_ what: String) -> LanguageError {
            LanguageError("\(visible(name)), line \(number): \(what)", at: place)
        }
        do {
            guard line.hasPrefix("{") else { return InputCase(tokens: try encode(line, model, place), label: line) }
            let object: JSON
            do { object = try JSON(parsing: line) } catch { throw fault("\(error)") }
            func tokens(_ value: JSON) throws -> [Int] {
                if let text = value.string { return try encode(text, model, place) }
                let ids = value.array?.compactMap(\.whole) ?? []
                guard !ids.isEmpty, ids.count == value.array?.count else {
                    throw fault("a text or token ids are expected.")
                }
                do { return try model.check(ids) } catch { throw fault(error.description) }
            }
            guard let main = object["prompt"] ?? object["ids"] else {
                throw fault("it has no \"prompt\" and no \"ids\".")
            }
            let ids = try tokens(main)
            var fields: [String: Datum] = [:]
            for (key, value) in object.members ?? [] where !["prompt", "ids", "other"].contains(key) {
                if let text = value.string {
                    fields[key] = Datum(text: text)
                } else if let number = value.double {
                    fields[key] = Datum(number)
                } else if let truth = value.bool {
                    fields[key] = Datum(truth ? 1 : 0, kind: .truth)
                } else if let list = value.array, case let numbers = list.compactMap(\.double),
                    numbers.count == list.count
                {
                    fields[key] = Datum(numbers, axes: ["item"], shape: [numbers.count])
                }
            }
            return InputCase(
                tokens: ids, other: try object["other"].map(tokens), fields: fields,
                label: main.string ?? "\(ids)")
        } catch let error as LanguageError {
            throw error.message.hasPrefix(visible(name)) ? error : fault(error.message)
        }
    }
}
