/// What a Python pickle describes, as data: nothing that it names is looked up, and nothing that it calls is called.
///
/// A pickle is a program for a stack machine that can call any function of Python. This one builds the same values, but a
/// call becomes a value too, which says what would be called with what. A pickle that would run a command or code is
/// refused whole.
///
/// Values are numbered, and hold the numbers of others: a value that is nested a million deep is no deeper here.
///
/// Source: `pickletools` of CPython 3.13, protocols 0 to 5.
struct Pickle {
    /// One value.
    enum Node {
        case none
        case bool(Bool)
        case integer(Int)
        /// A whole number of more than 64 bits, which nothing here needs.
        case largeInteger
        case number(Double)
        case text(String)
        /// Bytes, by their place in the source.
        case bytes(Range<Int>)
        case list([Int32])
        case tuple([Int32])
        /// Keys and values by turns.
        case dictionary([Int32])
        /// A class or a function: `torch.FloatStorage`.
        case global(String)
        case call(Call)
        /// Something that the program which wrote the pickle keeps elsewhere, by this name.
        case persistent(Int32)
    }

    /// A call that Python would make, and what it would do to the result.
    final class Call {
        let function: Int32
        let arguments: Int32
        /// What `__setstate__` would be given.
        var state: Int32?
        /// What would be appended.
        var elements: [Int32] = []
        /// What would be set, keys and values by turns.
        var items: [Int32] = []

        init(_ function: Int32, _ arguments: Int32) { (self.function, self.arguments) = (function, arguments) }
    }

    /// More values than any checkpoint has.
    private static let mostNodes = 1 << 20
    /// Deeper than Python itself nests.
    private static let mostDepth = 1000

    /// The bytes, which the values point into.
    let source: UnsafeRawBufferPointer
    /// The byte after the pickle.
    private(set) var end: Int
    private(set) var nodes: [Node] = []
    /// How deep the values in each are nested, where that is not 0.
    private var depths: [Int32: Int] = [:]
    private(set) var root: Int32 = 0

    private var stack: [Int32] = []
    /// How high the stack was at each mark.
    private var marks: [Int] = []
    private var memo: [Int: Int32] = [:]

    /// Reads one pickle.
    ///
    /// - Throws: ``PickleError``, whatever the bytes.
    init(_ source: UnsafeRawBufferPointer, from start: Int = 0) throws(PickleError) {
        (self.source, end) = (source, start)
        while try step() {}
        root = try pop()
        (stack, marks, memo, depths) = ([], [], [:], [:])
    }

    // MARK: Reading

    private mutating func take(_ count: Int) throws(PickleError) -> Range<Int> {
        guard count >= 0, count <= source.count - end else { throw .cut(byte: end) }
        defer { end += count }
        return end..<end + count
    }

    private mutating func byte() throws(PickleError) -> UInt8 { source[try take(1).lowerBound] }

    private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(PickleError) -> Int {
        let place = try take(MemoryLayout<Value>.size).lowerBound
        let value = Value(littleEndian: source.loadUnaligned(fromByteOffset: place, as: type))
        guard let value = Int(exactly: value) else { throw .cut(byte: place) }
        return value
    }

    private mutating func rawLine() throws(PickleError) -> Range<Int> {
        guard let length = source[end...].firstIndex(of: 0x0A).map({ $0 - end }) else { throw .cut(byte: end) }
        defer { end += 1 }
        return try take(length)
    }

    private mutating func line() throws(PickleError) -> String { try text(try rawLine()) }

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

    private func text(_ range: Range<Int>) throws(PickleError) -> String {
        guard let text = String(validating: source[range], as: UTF8.self) else {
            throw .broken("text that is no UTF-8", byte: range.lowerBound)
        }
        return text
    }

    // MARK: The stack

    private mutating func push(_ node: Node) throws(PickleError) {
        guard nodes.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        stack.append(Int32(nodes.count))
        nodes.append(node)
    }

    private mutating func pop() throws(PickleError) -> Int32 {
        guard stack.count > marks.last ?? 0 else { throw .broken("a value that is not there", byte: end - 1) }
        return stack.removeLast()
    }

    /// Notes that a value holds others.
    private mutating func nest(_ outer: Int, _ inner: [Int32]) throws(PickleError) {
        let outer = Int32(outer)
        var depth = depths[outer] ?? 0
        for value in inner { depth = max(depth, 1 + (depths[value] ?? 0)) }
        guard depth <= Self.mostDepth else { throw .tooDeep(most: Self.mostDepth) }
        if depth > 0 { depths[outer] = depth }
    }

    private mutating func pushTuple(_ elements: [Int32]) throws(PickleError) {
        try push(.tuple(elements))
        try nest(nodes.count - 1, elements)
    }

    private mutating func pushCall(_ function: Int32, _ arguments: Int32) throws(PickleError) {
        switch nodes[Int(function)] {
        case .global, .call: break
        default: throw .broken("a call of what is no function", byte: end - 1)
        }
        try push(.call(Call(function, arguments)))
        try nest(nodes.count - 1, [function, arguments])
    }

    private mutating func popToMark() throws(PickleError) -> [Int32] {
        guard let mark = marks.popLast() else { throw .broken("a mark that is not there", byte: end - 1) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func pop(_ count: Int) throws(PickleError) -> [Int32] {
        var values: [Int32] = []
        for _ in 0..<count { values.append(try pop()) }
        return values.reversed()
    }

    private func top() throws(PickleError) -> Int {
        guard stack.count > marks.last ?? 0, let top = stack.last else {
            throw .broken("a value that is not there", byte: end - 1)
        }
        return Int(top)
    }

    private mutating func remember(_ key: Int) throws(PickleError) {
        guard key >= 0 else { throw .broken("a negative place", byte: end) }
        guard memo.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        memo[key] = Int32(try top())
    }

    private mutating func recall(_ key: Int) throws(PickleError) {
        guard let node = memo[key] else { throw .broken("what was never remembered", byte: end) }
        try pushAgain(node)
    }

    private mutating func pushAgain(_ node: Int32) throws(PickleError) {
        guard stack.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        stack.append(node)
    }

    // MARK: What it is made of

    private mutating func append(_ elements: [Int32]) throws(PickleError) {
        let target = try top()
        try nest(target, elements)
        switch nodes[target] {
        case .list(var list):
            nodes[target] = .none  // So that the list is not copied.
            list += elements
            nodes[target] = .list(list)
        case .call(let call): call.elements += elements
        default: throw .broken("an element for what is no list", byte: end - 1)
        }
    }

    private mutating func set(_ items: [Int32]) throws(PickleError) {
        guard items.count.isMultiple(of: 2) else { throw .broken("a key without a value", byte: end - 1) }
        let target = try top()
        try nest(target, items)
        switch nodes[target] {
        case .dictionary(var dictionary):
            nodes[target] = .none
            dictionary += items
            nodes[target] = .dictionary(dictionary)
        case .call(let call): call.items += items
        default: throw .broken("an item for what is no dictionary", byte: end - 1)
        }
    }

    private mutating func pushCall(_ function: Int32, _ arguments: [Int32]) throws(PickleError) {
        try pushTuple(arguments)
        try pushCall(function, try pop())
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws(PickleError) {
        let name = "\(module).\(name)"
        guard !Self.isHostile(name) else { throw .hostile(function: name) }
        try push(.global(name))
    }

    /// Whether a function has no place in a file of numbers, called or not: it runs commands or code, or opens what it is
    /// told to.
    private static func isHostile(_ name: String) -> Bool {
        let parts = name.split(separator: ".").map { String($0.drop { $0 == "_" }) }
        guard let first = parts.first, let last = parts.last else { return false }
        return hostileModules.contains(first) || !hostileParts.isDisjoint(with: parts) || hostileNames.contains(last)
            || ["torch.hub", "torch.jit", "torch.package"].contains(parts.prefix(2).joined(separator: "."))
            || ["torch.load", "torch.serialization.load", "torch.storage._load_from_bytes"].contains(name)
    }

    private static let hostileModules: Set = [
        "commands", "imp", "pip", "code", "codeop", "pdb", "bdb", "webbrowser", "pickle", "cPickle",
        "marshal",
        "dill", "cloudpickle", "joblib", "asyncio", "tempfile", "timeit", "cProfile", "profile", "trace", "doctest",
        "urllib", "requests", "http", "ftplib", "smtplib", "telnetlib",
    ]
    private static let hostileParts: Set = [
        "os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "runpy", "importlib", "pty", "ctypes",
        "multiprocessing",
    ]
    private static let hostileNames: Set = [
        "eval", "exec", "execfile", "compile", "import__", "open", "input", "apply", "breakpoint", "system", "popen",
        "Popen", "check_output", "check_call", "spawn", "fork", "execv", "execve", "runstring", "run_module",
        "run_path",
        "builtins__", "globals__", "subclasses__",
    ]

    /// A text of protocol 0: between quotes, with Python's escapes.
    private func unquoted(_ text: String) throws(PickleError) -> String {
        guard text.utf8.count >= 2, text.first == text.last, text.first == "'" || text.first == "\"" else {
            throw .broken("text without quotes", byte: end)
        }
        let inner = text.dropFirst().dropLast()
        guard inner.contains("\\") else { return String(inner) }
        return String(inner).replacing("\\n", with: "\n").replacing("\\t", with: "\t").replacing("\\'", with: "'")
            .replacing("\\\"", with: "\"").replacing("\\\\", with: "\\")
    }

    // MARK: The opcodes

    /// Does one instruction; whether there is another.
    private mutating func step() throws(PickleError) -> Bool {
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
        case UInt8(ascii: "S"): try push(.text(try unquoted(try line())))
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

        case UInt8(ascii: "]"), 0x8F: try push(.list([]))
        case UInt8(ascii: "l"), 0x91:
            let elements = try popToMark()
            try push(.list([]))
            try append(elements)
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"), 0x90: try append(try popToMark())
        case UInt8(ascii: ")"): try push(.tuple([]))
        case UInt8(ascii: "t"): try pushTuple(try popToMark())
        case 0x85...0x87: try pushTuple(try pop(Int(code) - 0x84))
        case UInt8(ascii: "}"): try push(.dictionary([]))
        case UInt8(ascii: "d"):
            let items = try popToMark()
            try push(.dictionary([]))
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

    private mutating func pushLong(_ range: Range<Int>) throws(PickleError) {
        guard range.count <= 8 else { return try push(.largeInteger) }
        let isNegative = range.last.map { source[$0] >= 0x80 } ?? false
        let bits = range.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int(source[$1]) }
        try push(.integer(bits))
    }

    /// A `str` of Python 2: text where it can be one.
    private mutating func pushOldText(_ range: Range<Int>) throws(PickleError) {
        try push(String(validating: source[range], as: UTF8.self).map(Node.text) ?? .bytes(range))
    }
}

/// Why bytes are no pickle that is read here.
enum PickleError: Error, CustomStringConvertible {
    case cut(byte: Int)
    case broken(String, byte: Int)
    case tooLarge(most: Int)
    case tooDeep(most: Int)
    /// It would run a command or code.
    case hostile(function: String)

    /// What is wrong, as part of a sentence.
    var description: String {
        switch self {
        case .cut(let byte): "its pickle breaks off at byte \(byte): probably an interrupted download"
        case .broken(let what, let byte): "its pickle asks at byte \(byte) for \(what)"
        case .tooLarge(let most): "its pickle has more than \(most) values, more than any checkpoint"
        case .tooDeep(let most): "its pickle nests values more than \(most) deep, deeper than any checkpoint"
        case .hostile(let function):
            "its pickle names \(visible(function)), which runs commands or code when Python opens it; nothing was run here, and the file is not to be trusted"
        }
    }
}
