/// A value of a pickle, asked for what it should be.
struct PickleValue {
    private let pickle: Pickle
    private let index: Int32

    /// The value that a pickle is of.
    init(_ pickle: Pickle) { self.init(pickle, pickle.root) }

    private init(_ pickle: Pickle, _ index: Int32) { (self.pickle, self.index) = (pickle, index) }

    private var node: Pickle.Node { pickle.nodes[Int(index)] }

    private func at(_ index: Int32) -> PickleValue { PickleValue(pickle, index) }

    /// A whole number, one of NumPy's among them.
    var integer: Int? {
        switch node {
        case .integer(let value): value
        default: numpyScalar.flatMap { Int(exactly: $0) }
        }
    }

    /// A number, one of NumPy's among them.
    var number: Double? {
        switch node {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: numpyScalar
        }
    }

    var bool: Bool? { if case .bool(let value) = node { value } else { nil } }
    var text: String? { if case .text(let value) = node { value } else { nil } }
    var isNone: Bool { if case .none = node { true } else { false } }

    /// The elements of a list or a tuple.
    var elements: [PickleValue]? {
        switch node {
        case .list(let list), .tuple(let list): list.map(at)
        default: nil
        }
    }

    /// The name of a class or a function.
    var global: String? { if case .global(let name) = node { name } else { nil } }

    /// What stands for something kept elsewhere.
    var persistent: PickleValue? { if case .persistent(let name) = node { at(name) } else { nil } }

    /// Every name of something kept elsewhere, anywhere in the pickle.
    func forEachPersistent(_ body: (PickleValue) -> Void) {
        for case .persistent(let name) in pickle.nodes { body(at(name)) }
    }

    /// A call of a function that has a name, with its arguments.
    var call: (function: String, arguments: [PickleValue])? {
        guard case .call(let call) = node, let function = at(call.function).global else { return nil }
        return (function, at(call.arguments).elements ?? [])
    }

    /// Keys and values of a dictionary, or of an object of a class that is one.
    var entries: [(key: PickleValue, value: PickleValue)]? {
        switch node {
        case .dictionary(let items): return pairs(items)
        case .call(let call):
            guard let name = at(call.function).global,
                ["collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict"].contains(
                    name)
            else { return nil }
            // As it was written before pickles could set items: a list of pairs.
            let given = at(call.arguments).elements?.last?.elements?.compactMap(\.elements).filter { $0.count == 2 }
            return (given ?? []).map { ($0[0], $0[1]) } + pairs(call.items)
        default: return nil
        }
    }

    /// Keys and values where keys are texts; the last of equal keys counts, as in Python.
    var items: [(key: String, value: PickleValue)]? {
        guard let entries else { return nil }
        var places: [String: Int] = [:]
        var items: [(key: String, value: PickleValue)] = []
        for entry in entries {
            guard let key = entry.key.text else { continue }
            if let place = places[key] {
                items[place].value = entry.value
            } else {
                places[key] = items.count
                items.append((key, entry.value))
            }
        }
        return items
    }

    /// The value of a key that is a text.
    subscript(key: String) -> PickleValue? { entries?.last { $0.key.text == key }?.value }

    /// The attributes of an object, as a dictionary.
    var attributes: PickleValue? {
        guard case .call(let call) = node, let state = call.state.map(at) else { return nil }
        // With slots, the state is a pair.
        return state.entries == nil ? state.elements?.first { $0.entries != nil } : state
    }

    private func pairs(_ items: [Int32]) -> [(key: PickleValue, value: PickleValue)] {
        stride(from: 0, to: items.count, by: 2).map { (at(items[$0]), at(items[$0 + 1])) }
    }

    /// Source: `numpy.core.multiarray.scalar(dtype, bytes)`, where the type is `dtype('f8', …)`.
    private var numpyScalar: Double? {
        guard let (function, arguments) = call, function.hasSuffix("multiarray.scalar"), arguments.count == 2,
            let type = arguments[0].call?.arguments.first?.text
        else { return nil }
        var bytes: [UInt8]
        switch arguments[1].node {
        case .bytes(let range): bytes = Array(pickle.source[range])
        // Written with protocol 2, bytes are text in Latin-1 and the function that makes them bytes.
        default:
            guard let scalars = arguments[1].call?.arguments.first?.text?.unicodeScalars,
                scalars.allSatisfy({ $0.value < 256 })
            else { return nil }
            bytes = scalars.map { UInt8($0.value) }
        }
        guard bytes.count <= 8 else { return nil }
        let count = bytes.count
        bytes += Array(repeating: 0, count: 8 - count)
        let bits = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        switch (type, count) {
        case ("f8", 8): return Double(bitPattern: bits)
        case ("f4", 4): return Double(Float(bitPattern: UInt32(bits)))
        case ("i8", 8): return Double(Int64(bitPattern: bits))
        case ("i4", 4): return Double(Int32(truncatingIfNeeded: bits))
        default: return nil
        }
    }
}
