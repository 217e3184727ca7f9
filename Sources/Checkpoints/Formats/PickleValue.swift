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

    /// The elements of a list or a tuple; nil where there are more than are expected.
    func elements(atMost limit: Int = .max) -> [PickleValue]? {
        guard let list = pickle.list(index), list.count <= limit else { return nil }
        return list.map(at)
    }

    /// The name of a class or a function.
    var global: String? { if case .global(let name) = node { name } else { nil } }

    /// What stands for something kept elsewhere.
    var persistent: PickleValue? { if case .persistent(let name) = node { at(name) } else { nil } }

    /// Every name of something kept elsewhere, anywhere in the pickle.
    func forEachPersistent(_ body: (PickleValue) -> Void) {
        for case .persistent(let name) in pickle.nodes { body(at(name)) }
    }

    /// The name of the function that is called.
    var function: String? { if case .call(let call) = node { at(call.function).global } else { nil } }

    /// The arguments of a call; none where there are more than any function here takes.
    var arguments: [PickleValue] {
        if case .call(let call) = node { at(call.arguments).elements(atMost: 16) ?? [] } else { [] }
    }

    /// Keys and values of a dictionary, or of an object of a class that is one, by turns; nil for anything else.
    private var flatItems: [Int32]? {
        switch node {
        case .dictionary(let place): return pickle.lists[place]
        case .call(let call):
            let classes = ["collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict"]
            guard let name = function, classes.contains(name) else { return nil }
            // As it was written before pickles could set items: a list of pairs.
            guard let last = pickle.list(call.arguments)?.last, let pairs = pickle.list(last) else { return call.items }
            var items: [Int32] = []
            for pair in pairs {
                if let pair = pickle.list(pair), pair.count == 2 { items += pair }
            }
            return items + call.items
        default: return nil
        }
    }

    /// Whether it has keys and values.
    var isDictionary: Bool { flatItems != nil }

    /// Keys and values of a dictionary, or of an object of a class that is one.
    var entries: [(key: PickleValue, value: PickleValue)]? {
        flatItems.map { items in
            stride(from: 0, to: items.count, by: 2).map { (at(items[$0]), at(items[$0 + 1])) }
        }
    }

    /// Keys and values where keys are texts; the last of equal keys counts, as in Python.
    var items: [(key: String, value: PickleValue)]? {
        guard let flat = flatItems else { return nil }
        var places: [[UInt8]: Int] = [:]
        var items: [(key: String, value: PickleValue)] = []
        for place in stride(from: 0, to: flat.count, by: 2) {
            guard let key = at(flat[place]).text else { continue }
            let value = at(flat[place + 1])
            // Names are bytes, however an accent in them is written.
            if let known = places.updateValue(items.count, forKey: Array(key.utf8)) {
                places[Array(key.utf8)] = known
                items[known].value = value
            } else {
                items.append((key, value))
            }
        }
        return items
    }

    /// The value of a key that is a text.
    subscript(key: String) -> PickleValue? {
        guard let flat = flatItems else { return nil }
        let place = stride(from: flat.count - 2, through: 0, by: -2).first { at(flat[$0]).text == key }
        return place.map { at(flat[$0 + 1]) }
    }

    /// The attributes of an object, as a dictionary.
    var attributes: PickleValue? {
        guard case .call(let call) = node, let state = call.state.map(at) else { return nil }
        // With slots, the state is a pair.
        return state.isDictionary ? state : state.elements(atMost: 2)?.first(where: \.isDictionary)
    }

    /// Source: `numpy.core.multiarray.scalar(dtype, bytes)`, where the type is `dtype('f8', …)`.
    private var numpyScalar: Double? {
        let arguments = arguments
        guard function?.hasSuffix("multiarray.scalar") == true, arguments.count == 2,
            let type = arguments[0].arguments.first?.text
        else { return nil }
        var bytes: [UInt8]
        switch arguments[1].node {
        case .bytes(let range): bytes = Array(pickle.source[range].prefix(9))
        // Written with protocol 2, bytes are text in Latin-1 and the function that makes them bytes.
        default:
            guard let scalars = arguments[1].arguments.first?.text?.unicodeScalars,
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

extension Pickle {
    /// What is in a list or a tuple; nil where it is neither.
    fileprivate func list(_ index: Int32) -> [Int32]? {
        switch nodes[Int(index)] {
        case .tuple(let elements): elements
        case .list(let place): lists[place]
        default: nil
        }
    }
}
