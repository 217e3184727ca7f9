/// The instructions of a pickle: what each does to the stack.
extension Pickle {
    /// Does one instruction; whether there is another.
    func step() throws(PickleError) -> Bool {
        let start = end
        let code = try byte()
        switch code {
        case 0x80:
            let version = try byte()
            guard version <= 5 else { throw .broken("protocol \(version), and 5 is the newest", byte: start) }
        case 0x95:
            // Nobody needs to know who has all of it; but a frame cannot be longer than that.
            guard try integer(UInt64.self) <= source.count - end else { throw .cut(byte: start) }
        case UInt8(ascii: "."): return false

        case UInt8(ascii: "N"): try push(.none)
        case 0x88: try push(.bool(true))
        case 0x89: try push(.bool(false))
        case UInt8(ascii: "J"): try push(.integer(try integer(Int32.self)))
        case UInt8(ascii: "K"): try push(.integer(try integer(UInt8.self)))
        case UInt8(ascii: "M"): try push(.integer(try integer(UInt16.self)))
        case 0x8A: try pushLong(try take(try integer(UInt8.self)))
        case 0x8B: try pushLong(try take(try integer(Int32.self)))
        case UInt8(ascii: "I"), UInt8(ascii: "L"):
            let text = try line()
            let digits = text.hasSuffix("L") ? text.dropLast() : text[...]
            if code == UInt8(ascii: "I"), text == "00" || text == "01" {
                try push(.bool(text == "01"))
            } else if let value = Int(digits) {
                try push(.integer(value))
            } else {
                let unsigned = digits.first == "-" ? digits.dropFirst() : digits
                guard !unsigned.isEmpty, unsigned.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                    throw .broken("a number that is none", byte: start)
                }
                try push(.largeInteger)
            }
        case UInt8(ascii: "F"):
            guard let value = Double(try line()) else { throw .broken("a number", byte: start) }
            try push(.number(value))
        case UInt8(ascii: "G"):
            let bits = source.loadUnaligned(fromByteOffset: try take(8).lowerBound, as: UInt64.self)
            try push(.number(Double(bitPattern: UInt64(bigEndian: bits))))

        case UInt8(ascii: "X"): try push(.text(try text(try take(try integer(UInt32.self)))))
        case 0x8C: try push(.text(try text(try take(try integer(UInt8.self)))))
        case 0x8D: try push(.text(try text(try take(try integer(UInt64.self)))))
        case UInt8(ascii: "V"): try push(.text(try escaped(try rawLine())))
        case UInt8(ascii: "S"): try push(.text(try unquoted(try rawLine())))
        case UInt8(ascii: "T"): try pushOldText(try take(try integer(Int32.self)))
        case UInt8(ascii: "U"): try pushOldText(try take(try integer(UInt8.self)))
        case UInt8(ascii: "B"): try push(.bytes(try take(try integer(UInt32.self))))
        case UInt8(ascii: "C"): try push(.bytes(try take(try integer(UInt8.self))))
        case 0x8E, 0x96: try push(.bytes(try take(try integer(UInt64.self))))

        case UInt8(ascii: "("):
            guard marks.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
            marks.append(stack.count)
        case UInt8(ascii: "0"):
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): try pushAgain(Int32(try top()))

        case UInt8(ascii: "]"), 0x8F: try pushEmpty(Node.list)
        case UInt8(ascii: "l"), 0x91:
            let elements = try popToMark()
            try pushEmpty(Node.list)
            try append(elements)
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"), 0x90: try append(try popToMark())
        case UInt8(ascii: ")"): try push(.tuple([]))
        case UInt8(ascii: "t"): try pushTuple(try popToMark())
        case 0x85...0x87: try pushTuple(try pop(Int(code) - 0x84))
        case UInt8(ascii: "}"): try pushEmpty(Node.dictionary)
        case UInt8(ascii: "d"):
            let items = try popToMark()
            try pushEmpty(Node.dictionary)
            try set(items)
        case UInt8(ascii: "s"): try set(try pop(2))
        case UInt8(ascii: "u"): try set(try popToMark())

        case UInt8(ascii: "p"):
            guard let key = Int(try line()) else { throw .broken("a number", byte: start) }
            try remember(key)
        case UInt8(ascii: "q"): try remember(try integer(UInt8.self))
        case UInt8(ascii: "r"): try remember(try integer(UInt32.self))
        case 0x94: try remember(memo.count)
        case UInt8(ascii: "g"):
            guard let key = Int(try line()) else { throw .broken("a number", byte: start) }
            try recall(key)
        case UInt8(ascii: "h"): try recall(try integer(UInt8.self))
        case UInt8(ascii: "j"): try recall(try integer(UInt32.self))

        case UInt8(ascii: "c"):
            let module = try line()
            try pushGlobal(module, try line())
        case 0x93:
            let names = try pop(2)
            guard case .text(let module) = nodes[Int(names[0])], case .text(let name) = nodes[Int(names[1])] else {
                throw .broken("a class whose name is no text", byte: start)
            }
            try pushGlobal(module, name)
        case UInt8(ascii: "R"), 0x81:
            let parts = try pop(2)
            try pushCall(parts[0], parts[1])
        case 0x92:
            let parts = try pop(3)
            try pushCall(parts[0], parts[1])
        case UInt8(ascii: "i"):
            let module = try line()
            try pushGlobal(module, try line())
            let function = try pop()
            try pushCall(function, try popToMark())
        case UInt8(ascii: "o"):
            let parts = try popToMark()
            guard let function = parts.first else { throw .broken("an object without a class", byte: start) }
            try pushCall(function, Array(parts.dropFirst()))
        case UInt8(ascii: "b"):
            let (state, target) = (try pop(), try top())
            try nest(target, [state])
            guard case .call(let call) = nodes[target] else {
                throw .broken("a state for what is no object", byte: start)
            }
            call.state = state
        case UInt8(ascii: "Q"):
            let name = try pop()
            try push(.persistent(name))
            try nest(nodes.count - 1, [name])

        default: throw .broken("the instruction \(code), which is not understood", byte: start)
        }
        return true
    }

    private func pushLong(_ range: Range<Int>) throws(PickleError) {
        guard range.count <= 8 else { return try push(.largeInteger) }
        let isNegative = range.last.map { source[$0] >= 0x80 } ?? false
        let bits = range.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int(source[$1]) }
        try push(.integer(bits))
    }

    /// A `str` of Python 2: text where it can be one.
    private func pushOldText(_ range: Range<Int>) throws(PickleError) {
        try push(String(validating: source[range], as: UTF8.self).map(Node.text) ?? .bytes(range))
    }

    // MARK: Texts of protocol 0

    /// Text in Python's raw-unicode-escape: Latin-1, and `\u000a` for what that has not.
    private func escaped(_ range: Range<Int>) throws(PickleError) -> String {
        var scalars = String.UnicodeScalarView()
        var rest = source[range]
        while let byte = rest.popFirst() {
            let digits = byte == 0x5C ? (rest.first == 0x75 ? 4 : rest.first == 0x55 ? 8 : 0) : 0
            guard digits > 0 else {
                scalars.append(Unicode.Scalar(byte))
                continue
            }
            let value = UInt32(String(decoding: rest.dropFirst().prefix(digits), as: UTF8.self), radix: 16)
            guard let scalar = value.flatMap(Unicode.Scalar.init) else {
                throw .broken("text that is no Unicode", byte: range.lowerBound)
            }
            scalars.append(scalar)
            rest = rest.dropFirst(1 + digits)
        }
        return String(scalars)
    }

    /// A text of protocol 0: between quotes, with Python's escapes; those of single bytes are refused.
    private func unquoted(_ range: Range<Int>) throws(PickleError) -> String {
        let escapes: [UInt8: UInt8] = [0x5C: 0x5C, 0x27: 0x27, 0x22: 0x22, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09]
        var rest = source[range]
        guard rest.count >= 2, let quote = rest.popFirst(), quote == 0x27 || quote == 0x22, rest.popLast() == quote
        else {
            throw .broken("text without quotes", byte: range.lowerBound)
        }
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == 0x5C else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.popFirst().flatMap({ escapes[$0] }) else {
                throw .broken("an escape that is not understood", byte: range.lowerBound)
            }
            bytes.append(escaped)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .broken("text that is no UTF-8", byte: range.lowerBound)
        }
        return text
    }

    // MARK: What no checkpoint names

    /// Whether a function has no place in a file of numbers, called or not: it runs commands or code, or opens what it is
    /// told to.
    static func isHostile(_ name: String) -> Bool {
        let parts = name.split(separator: ".").map { String($0.drop { $0 == "_" }) }
        guard let first = parts.first, let last = parts.last else { return false }
        return hostileModules.contains(first) || !hostileParts.isDisjoint(with: parts) || hostileNames.contains(last)
            || !Set(parts).isDisjoint(with: ["builtins", "builtin__"]) && hostileBuiltins.contains(last)
            || ["torch.hub", "torch.jit", "torch.package"].contains(parts.prefix(2).joined(separator: "."))
            || ["torch.load", "torch.serialization.load", "torch.storage._load_from_bytes"].contains(name)
    }

    private static let hostileModules: Set = [
        "pip", "pdb", "bdb", "webbrowser", "pickle", "cPickle", "marshal", "asyncio", "tempfile", "timeit", "cProfile",
        "doctest", "urllib", "ftplib", "smtplib", "telnetlib", "imp", "codeop", "commands",
    ]
    private static let hostileParts: Set = [
        "os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "runpy", "importlib", "pty", "ctypes",
        "multiprocessing",
    ]
    private static let hostileNames: Set = [
        "system", "popen", "Popen", "check_output", "check_call", "execv", "execve", "runstring", "run_module",
        "run_path",
        "interact", "InteractiveInterpreter", "InteractiveConsole", "builtins__", "globals__", "subclasses__",
    ]
    private static let hostileBuiltins: Set = [
        "eval", "exec", "execfile", "compile", "import__", "open", "file", "input", "apply", "breakpoint", "reload",
    ]
}
