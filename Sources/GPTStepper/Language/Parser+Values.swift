import GPTEngine

/// Values, with Python's precedence.
extension Parser {
    /// Everything that a value can be, with Python's precedence.
    mutating func expression() throws -> Expression {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting < 100 else { throw LanguageError("This is nested too deeply.", at: here) }
        return try infixes(0)
    }

    static let levels: [[String]] = [
        ["or"], ["and"], ["not"], ["==", "!=", "<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "@"],
    ]

    mutating func infixes(_ level: Int) throws -> Expression {
        guard level < Self.levels.count else { return try prefixed() }
        let signs = Self.levels[level]
        if signs == ["not"] {
            skipSpace()
            let place = here
            guard take(word: "not") else { return try infixes(level + 1) }
            nesting += 1
            defer { nesting -= 1 }
            guard nesting < 100 else { throw LanguageError("This is nested too deeply.", at: here) }
            let operand = try infixes(level)
            return .prefix("not", operand, place)
        }
        var left = try infixes(level + 1)
        var count = 0
        while true {
            skipSpace()
            let place = here
            guard let sign = signs.first(where: { $0 == "or" || $0 == "and" ? take(word: $0) : take($0) }) else {
                return left
            }
            count += 1
            guard count < 1000 else { throw LanguageError("This is too long.", at: place) }
            if level == 3, count > 1 {
                throw LanguageError("Comparisons do not follow one another: join them by `and`.", at: place)
            }
            let right = try infixes(level + 1)
            left = .infix(sign, left, right, place)
        }
    }

    mutating func prefixed() throws -> Expression {
        skipSpace()
        let place = here
        if take("-") {
            nesting += 1
            defer { nesting -= 1 }
            guard nesting < 100 else { throw LanguageError("This is nested too deeply.", at: place) }
            let operand = try prefixed()
            return .prefix("-", operand, place)
        }
        return try postfix()
    }

    /// Something with its slices.
    mutating func postfix() throws -> Expression {
        var result = try primary()
        var count = 0
        while peek() == "[" {
            let place = here
            let parts = try subscripts()
            result = .slice(result, parts, place)
            count += 1
            guard count < 100 else { throw LanguageError("This is sliced too often.", at: place) }
        }
        return result
    }

    mutating func primary() throws -> Expression {
        skipSpace()
        let place = here
        guard let next = peek() else { throw fault("a value") }
        if next == "(" {
            at += 1
            depth += 1
            let result = try expression()
            try expect(")")
            depth -= 1
            return result
        }
        if let text = try quoted() { return .text(text, place) }
        if Self.isDigit(next) || next == "." && Self.isDigit(peek(1)) { return .number(try decimal()) }
        if next == "$" {
            at += 1
            let name = word() ?? ""
            at += name.count
            return .variable(name, place)
        }
        guard let name = name() else { throw fault("a value") }
        switch name {
        case "true": return .truth(true)
        case "false": return .truth(false)
        case "inf": return .number(.infinity)
        case "nan": return .number(.nan)
        case "not", "and", "or":
            at -= name.unicodeScalars.count
            throw fault("a value")
        default: break
        }
        guard peek() == "(" else { return .name(name, place) }
        return try call(name, place)
    }

    mutating func decimal() throws -> Double {
        let start = at
        while let next = peek(),
            Self.isDigit(next) || next == "." && Self.isDigit(peek(1)) || next == "." && !Self.isWord(peek(1) ?? " ")
        { at += 1 }
        if peek() == "e" || peek() == "E" {
            let isSigned = peek(1) == "-" || peek(1) == "+"
            if Self.isDigit(peek(isSigned ? 2 : 1)) {
                at += isSigned ? 2 : 1
                while Self.isDigit(peek()) { at += 1 }
            }
        }
        let digits = String(String.UnicodeScalarView(text[start..<at]))
        guard let number = Double(digits), peek().map({ !Self.isWord($0) }) ?? true else {
            at = start
            throw fault("a number")
        }
        return number
    }

    /// A name: words with dots between them, and `*` or ranges in places where a whole number or a word may stand.
    mutating func name() -> String? {
        var end = at
        var word = ""
        scan: while end < text.count {
            let next = text[end]
            if Self.isWord(next) {
                guard end > at || !Self.isDigit(next) else { return nil }
                word.unicodeScalars.append(next)
            } else if next == "." {
                guard end > at, end + 1 < text.count, Self.isWord(text[end + 1]) || text[end + 1] == "*" else {
                    break scan
                }
                word = ""
            } else if next == "*" {
                // After a dot, after L or H, or alone.
                guard word.isEmpty || word.hasSuffix("L") && word.count == 1 || word.hasSuffix("H") && Self.isHead(word)
                else { break scan }
                if end == at {
                    end += 1
                    if end < text.count, text[end] == ".", end + 1 < text.count, Self.isWord(text[end + 1]) {
                        word = "*"
                        continue
                    }
                    break scan
                }
                word.unicodeScalars.append(next)
            } else if next == ":" {
                // L3:7, H0:3, blocks.3:7 .
                let digits = word.unicodeScalars.drop { "LH".unicodeScalars.contains($0) }
                guard !digits.isEmpty, digits.allSatisfy(Self.isDigit), end + 1 < text.count,
                    Self.isDigit(text[end + 1])
                else { break scan }
                word.unicodeScalars.append(next)
            } else {
                break
            }
            end += 1
        }
        guard end > at else { return nil }
        defer { at = end }
        return String(String.UnicodeScalarView(text[at..<end]))
    }

    static func isHead(_ word: String) -> Bool {
        word == "H"
            || word.hasPrefix("L") && word.dropFirst().dropLast().allSatisfy { $0.isNumber || $0 == "*" || $0 == ":" }
    }

    mutating func call(_ name: String, _ place: LanguageError.Place) throws -> Expression {
        at += 1
        depth += 1
        if name == "over" {
            let inputs = try inputs()
            try expect(",")
            let body = try expression()
            try expect(")")
            depth -= 1
            return .over(inputs, body, place)
        }
        var (arguments, options) = ([Expression](), [String: Expression]())
        if !take(")") {
            repeat {
                skipSpace()
                let start = at
                if let word = word(), peek(word.count) != "(",
                    {
                        at += word.count; return take("=") && peek() != "="
                    }()
                {
                    options[word] = try expression()
                } else {
                    at = start
                    arguments.append(try expression())
                }
            } while take(",")
            try expect(")")
        }
        depth -= 1
        return .call(name, arguments, options, place)
    }

    /// The slices between brackets.
    mutating func subscripts() throws -> [Expression.Subscript] {
        at += 1
        depth += 1
        var parts: [Expression.Subscript] = []
        repeat { parts.append(try part()) } while take(",")
        try expect("]")
        depth -= 1
        return parts
    }

    mutating func part() throws -> Expression.Subscript {
        skipSpace()
        let start = at
        if let word = word(), !Self.isDigit(word.unicodeScalars.first),
            {
                at += word.count; return take("=") && peek() != "="
            }()
        {
            let inner = try part()
            return .named(word, inner)
        }
        at = start
        if peek() == "[" {
            at += 1
            var items: [Expression] = []
            repeat { items.append(try expression()) } while take(",")
            try expect("]")
            return .list(items)
        }
        if peek() == "*" {
            let next = { [text] in text.dropFirst($0).first { $0 != " " && $0 != "\n" } }(at + 1)
            if next == "]" || next == "," {
                at += 1
                return .each
            }
        }
        if take(":") {
            let last = endsPart() ? nil : try expression()
            return .range(nil, last)
        }
        let first = try expression()
        guard take(":") else { return .item(first) }
        let last = endsPart() ? nil : try expression()
        return .range(first, last)
    }

    mutating func endsPart() -> Bool {
        skipSpace()
        return peek() == "]" || peek() == ","
    }

    /// Texts that a pass is run over.
    mutating func inputs() throws -> Expression.Inputs {
        skipSpace()
        if let first = try quoted() {
            var texts = [first]
            while true {
                let before = at
                guard take(","), let next = try quoted() else {
                    at = before
                    return .texts(texts)
                }
                texts.append(next)
            }
        }
        if take(word: "all") { return .all }
        if take(word: "random") {
            guard let count = try wholeNumber(), count > 0, count <= 1 << 20 else {
                throw fault("how many random inputs")
            }
            let seed = take(word: "seed") ? try wholeNumber() : 0
            guard let seed else { throw fault("a seed") }
            return .random(count, seed: seed)
        }
        return .file(try argument("all, random N, a file or texts in quotes", until: [":", ",", ")"]))
    }
}

extension Expression {
    /// Reads a value.
    ///
    /// - Throws: ``LanguageError``.
    public init(_ text: String) throws {
        var parser = Parser(text)
        self = try parser.expression()
        guard parser.isAtEnd(), parser.peek() == nil else { throw parser.fault("the end") }
    }
}
