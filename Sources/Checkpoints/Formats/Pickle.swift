/// What a Python pickle describes, as data: nothing that it names is looked up, and nothing that it calls is called.
///
/// A pickle is a program for a stack machine that can call any function of Python. This one builds the same values, but a
/// call becomes a value too, which says what would be called with what. A pickle that would run a command or code is
/// refused whole.
///
/// Values are numbered, and hold the numbers of others. A class, because everything that was found in a pickle points into
/// it.
///
/// Source: `pickletools` of CPython 3.13, protocols 0 to 5.
final class Pickle {
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
        case tuple([Int32])
        /// What is in it stands in ``lists`` at this place, where it can grow.
        case list(Int)
        /// As a list, keys and values by turns.
        case dictionary(Int)
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

    /// More values, and values in lists and dictionaries, than any checkpoint has.
    static let mostNodes = 1 << 20
    /// Deeper than Python's own writer of pickles goes.
    private static let mostDepth = 1000

    /// The bytes, which the values point into.
    let source: UnsafeRawBufferPointer
    /// The byte after the pickle.
    var end: Int
    private(set) var nodes: [Node] = []
    /// What is in each list and each dictionary.
    private(set) var lists: [[Int32]] = []
    /// How deep the values in each are nested, where that is not 0.
    private var depths: [Int32: Int] = [:]
    /// How many values there are in lists, tuples and dictionaries, one in several counted several times.
    private var elementCount = 0
    private(set) var root: Int32 = 0

    var stack: [Int32] = []
    /// How high the stack was at each mark.
    var marks: [Int] = []
    private(set) var memo: [Int: Int32] = [:]

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

    func take(_ count: Int) throws(PickleError) -> Range<Int> {
        guard count >= 0, count <= source.count - end else { throw .cut(byte: end) }
        defer { end += count }
        return end..<end + count
    }

    func byte() throws(PickleError) -> UInt8 { source[try take(1).lowerBound] }

    func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(PickleError) -> Int {
        let place = try take(MemoryLayout<Value>.size).lowerBound
        let value = Value(littleEndian: source.loadUnaligned(fromByteOffset: place, as: type))
        guard let value = Int(exactly: value) else { throw .cut(byte: place) }
        return value
    }

    func rawLine() throws(PickleError) -> Range<Int> {
        guard let length = source[end...].firstIndex(of: 0x0A).map({ $0 - end }) else { throw .cut(byte: end) }
        defer { end += 1 }
        return try take(length)
    }

    func line() throws(PickleError) -> String { try text(try rawLine()) }

    func text(_ range: Range<Int>) throws(PickleError) -> String {
        guard let text = String(validating: source[range], as: UTF8.self) else {
            throw .broken("text that is no UTF-8", byte: range.lowerBound)
        }
        return text
    }

    // MARK: The stack

    func push(_ node: Node) throws(PickleError) {
        guard nodes.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        stack.append(Int32(nodes.count))
        nodes.append(node)
    }

    func pop() throws(PickleError) -> Int32 {
        guard stack.count > marks.last ?? 0 else { throw .broken("a value that is not there", byte: end - 1) }
        return stack.removeLast()
    }

    /// Notes that a value holds others.
    func nest(_ outer: Int, _ inner: [Int32]) throws(PickleError) {
        let outer = Int32(outer)
        var depth = depths[outer] ?? 0
        for value in inner where value != outer { depth = max(depth, 1 + (depths[value] ?? 0)) }
        elementCount += inner.count
        guard elementCount <= Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        guard depth <= Self.mostDepth else { throw .tooDeep(most: Self.mostDepth) }
        if depth > 0 { depths[outer] = depth }
    }

    func pushEmpty(_ node: (Int) -> Node) throws(PickleError) {
        try push(node(lists.count))
        lists.append([])
    }

    func pushTuple(_ elements: [Int32]) throws(PickleError) {
        try push(.tuple(elements))
        try nest(nodes.count - 1, elements)
    }

    func pushCall(_ function: Int32, _ arguments: Int32) throws(PickleError) {
        switch nodes[Int(function)] {
        case .global, .call: break
        default: throw .broken("a call of what is no function", byte: end - 1)
        }
        try push(.call(Call(function, arguments)))
        try nest(nodes.count - 1, [function, arguments])
    }

    func popToMark() throws(PickleError) -> [Int32] {
        guard let mark = marks.popLast() else { throw .broken("a mark that is not there", byte: end - 1) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    func pop(_ count: Int) throws(PickleError) -> [Int32] {
        var values: [Int32] = []
        for _ in 0..<count { values.append(try pop()) }
        return values.reversed()
    }

    func top() throws(PickleError) -> Int {
        guard stack.count > marks.last ?? 0, let top = stack.last else {
            throw .broken("a value that is not there", byte: end - 1)
        }
        return Int(top)
    }

    func remember(_ key: Int) throws(PickleError) {
        guard key >= 0 else { throw .broken("a negative place", byte: end) }
        guard memo.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        memo[key] = Int32(try top())
    }

    func recall(_ key: Int) throws(PickleError) {
        guard let node = memo[key] else { throw .broken("what was never remembered", byte: end) }
        try pushAgain(node)
    }

    func pushAgain(_ node: Int32) throws(PickleError) {
        guard stack.count < Self.mostNodes else { throw .tooLarge(most: Self.mostNodes) }
        stack.append(node)
    }

    // MARK: What it is made of

    func append(_ elements: [Int32]) throws(PickleError) {
        let target = try top()
        try nest(target, elements)
        switch nodes[target] {
        case .list(let place): lists[place] += elements
        case .call(let call): call.elements += elements
        default: throw .broken("an element for what is no list", byte: end - 1)
        }
    }

    func set(_ items: [Int32]) throws(PickleError) {
        guard items.count.isMultiple(of: 2) else { throw .broken("a key without a value", byte: end - 1) }
        let target = try top()
        try nest(target, items)
        switch nodes[target] {
        case .dictionary(let place): lists[place] += items
        case .call(let call): call.items += items
        default: throw .broken("an item for what is no dictionary", byte: end - 1)
        }
    }

    func pushCall(_ function: Int32, _ arguments: [Int32]) throws(PickleError) {
        try pushTuple(arguments)
        try pushCall(function, try pop())
    }

    func pushGlobal(_ module: String, _ name: String) throws(PickleError) {
        let name = "\(module).\(name)"
        guard !Self.isHostile(name) else { throw .hostile(function: name) }
        try push(.global(name))
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
            "its pickle names \(visible(function)), which can run commands or code when Python opens it and has no use in a checkpoint; nothing was run here"
        }
    }
}
