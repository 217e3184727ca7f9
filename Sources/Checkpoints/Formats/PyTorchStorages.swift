/// The memory that tensors of a PyTorch file are views of.
struct PyTorchStorages {
    /// Where the bytes of each lie in the file, by key; nil where they are compressed.
    let places: [String: Range<Int>?]

    /// Whether a value is what PyTorch rebuilds a tensor from.
    static func isTensor(_ value: PickleValue) -> Bool {
        let name = value.function ?? ""
        return ["torch._utils._rebuild_", "torch._tensor._rebuild_"].contains(where: name.hasPrefix)
    }

    /// A tensor; nil for a value that is none.
    ///
    /// A view may lie in its storage in any order. One of more numbers than its storage has, as `expand` makes, is read up
    /// to a small size only: no file's claim costs more memory than the file itself.
    func tensor(_ name: String, _ value: PickleValue, in source: ByteSource) throws(TensorFault) -> StoredTensor? {
        guard Self.isTensor(value) else { return nil }
        let parts = try Self.parts(of: value)
        let bytes = try place(of: parts.storage)
        guard let type = parts.type ?? parts.storage.type else {
            throw .notUnderstood("a tensor of \(visible(parts.storage.name))")
        }
        let (shape, size) = (parts.shape, type.bits / 8)
        guard parts.offset >= 0, parts.strides.count == shape.count, (shape + parts.strides).allSatisfy({ $0 >= 0 })
        else {
            throw .broken("its tensor \(visible(name)) has a shape, strides or an offset that no tensor has")
        }
        // Of nothing it does not matter where it lies.
        if shape.contains(0) {
            return StoredTensor(
                name: name, type: type, shape: shape, place: bytes.lowerBound..<bytes.lowerBound, in: source)
        }
        // How many numbers there are and which is the last, in whole numbers that may be too large.
        var (count, last, isTooLarge) = (1, parts.offset, false)
        for (extent, stride) in zip(shape, parts.strides) {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            let (step, overflow2) = stride.multipliedReportingOverflow(by: extent - 1)
            let (sum, overflow3) = last.addingReportingOverflow(step)
            (count, last) = (product, sum)
            isTooLarge = isTooLarge || overflow || overflow2 || overflow3
        }
        let all = bytes.count / size
        guard !isTooLarge, last < all else {
            throw .broken(
                "its tensor \(visible(name)) of the shape \(visible(shape)) lies outside its storage, which has \(all) numbers"
            )
        }
        guard count <= max(all, 1 << 16) else {
            throw .notUnderstood("a view of \(count) numbers on \(all), as expand makes")
        }
        // Along an axis of one nothing is ever a step away.
        let strides = zip(shape, parts.strides).map { $0 == 1 ? 0 : $1 }
        return StoredTensor(
            name: name, type: type, shape: shape, strides: Self.isRowByRow(shape, strides) ? nil : strides,
            place: bytes.lowerBound + parts.offset * size..<bytes.lowerBound + (last + 1) * size, in: source)
    }

    private static func isRowByRow(_ shape: [Int], _ strides: [Int]) -> Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            guard stride == expected else { return false }
            expected *= extent
        }
        return true
    }

    // MARK: What a tensor is made of

    private struct Storage {
        let name: String
        let key: String
        let count: Int
        /// A part of another storage, as files of old may say: its first element and how many there are.
        let view: (start: Int, count: Int)?

        var type: ElementType? { PyTorchStorages.types[name.split(separator: ".").last.map(String.init) ?? ""] }
    }

    private struct Parts {
        let storage: Storage
        let offset: Int
        let shape: [Int]
        let strides: [Int]
        /// What the elements are, where the storage does not say.
        let type: ElementType?
    }

    /// Source: the functions of `torch._utils` and `torch._tensor` by these names.
    private static func parts(of value: PickleValue) throws(TensorFault) -> Parts {
        try parts(function: value.function ?? "", value.arguments, depth: 0)
    }

    private static func parts(
        function: String, _ arguments: [PickleValue], depth: Int
    ) throws(TensorFault) -> Parts {
        let tooLittle = TensorFault.broken("it rebuilds a tensor from too little")
        let counts: ClosedRange<Int>
        switch function {
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            guard let inner = arguments.first, depth < 4 else { throw tooLittle }
            return try parts(function: inner.function ?? "", inner.arguments, depth: depth + 1)
        case "torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type":
            // Of a subclass, or with attributes of its own: a function that is called with the third as its arguments.
            guard arguments.count >= 3, let name = arguments[0].global, let inner = arguments[2].elements(atMost: 16),
                depth < 4
            else { throw tooLittle }
            return try parts(function: name, inner, depth: depth + 1)
        case "torch._utils._rebuild_tensor": counts = 4...4
        case "torch._utils._rebuild_tensor_v2": counts = 6...7
        case "torch._utils._rebuild_tensor_v3": counts = 7...8
        default: throw .notUnderstood("a tensor that \(visible(function)) makes")
        }
        guard counts.contains(arguments.count), let offset = arguments[1].integer,
            let storage = try storage(arguments[0]),
            let shape = integers(arguments[2]), let strides = integers(arguments[3])
        else { throw tooLittle }
        // What is said besides is that numbers are to be negated or conjugated.
        if arguments.count == counts.upperBound, counts.count > 1, arguments.last?.items?.isEmpty == false {
            throw .notUnderstood(
                "a tensor whose numbers are to be changed when it is read (its negative or conjugate bit)")
        }
        var type: ElementType?
        if counts.upperBound == 8 {
            let name = arguments[6].global ?? ""
            type = types[name]
            if type == nil { throw .notUnderstood("a tensor of \(visible(name))") }
        }
        return Parts(storage: storage, offset: offset, shape: shape, strides: strides, type: type)
    }

    private static func integers(_ value: PickleValue) -> [Int]? {
        // A size may be written as a call of torch.Size.
        let elements = value.elements(atMost: 64) ?? value.arguments.first?.elements(atMost: 64)
        guard let elements else { return nil }
        let integers = elements.compactMap(\.integer)
        return integers.count == elements.count ? integers : nil
    }

    /// `('storage', its class, a key, a device, how many elements, perhaps a view)`.
    private static func storage(_ value: PickleValue) throws(TensorFault) -> Storage? {
        guard let parts = value.persistent?.elements(atMost: 6), parts.count >= 5, parts[0].text == "storage",
            let name = parts[1].global, let key = parts[2].text, parts[3].text != nil, let count = parts[4].integer
        else { return nil }
        guard count >= 0 else { throw .broken("its storage \(visible(key)) has \(count) elements") }
        let view = parts.count > 5 ? parts[5].elements(atMost: 3) : nil
        guard let view, view.count == 3, let start = view[1].integer, let length = view[2].integer else {
            return Storage(name: name, key: key, count: count, view: nil)
        }
        return Storage(name: name, key: key, count: count, view: (start, length))
    }

    private func place(of storage: Storage) throws(TensorFault) -> Range<Int> {
        guard let found = places[storage.key] else {
            throw .broken("its storage \(visible(storage.key)) is not in the file")
        }
        guard let bytes = found else {
            throw .broken(
                "its storage \(visible(storage.key)) is compressed, which torch.save never does; load and save it again with PyTorch"
            )
        }
        guard let size = Self.elementSize(storage.name) else {
            throw .notUnderstood("a tensor of \(visible(storage.name))")
        }
        let (needed, overflow) = storage.count.multipliedReportingOverflow(by: size)
        guard !overflow, needed == bytes.count else {
            throw .broken(
                "its storage \(visible(storage.key)) has \(bytes.count) bytes, and \(storage.count) elements of \(visible(storage.name)) are expected"
            )
        }
        guard let (start, count) = storage.view else { return bytes.lowerBound..<bytes.lowerBound + needed }
        guard start >= 0, count >= 0, start <= storage.count, count <= storage.count - start else {
            throw .broken("a view lies outside its storage \(visible(storage.key))")
        }
        return bytes.lowerBound + start * size..<bytes.lowerBound + (start + count) * size
    }

    /// The bytes of an element of each storage that is spoken of anywhere in a value, by key.
    static func elementSizes(in value: PickleValue) -> [String: Int?] {
        var sizes: [String: Int?] = [:]
        value.forEachPersistent { name in
            guard let parts = name.elements(atMost: 6), parts.count >= 5, let type = parts[1].global,
                let key = parts[2].text
            else { return }
            sizes[key] = elementSize(type)
        }
        return sizes
    }

    private static func elementSize(_ storage: String) -> Int? {
        let name = storage.split(separator: ".").last.map(String.init) ?? ""
        switch name {
        case "UntypedStorage", "QInt8Storage", "QUInt8Storage", "QUInt4x2Storage", "QUInt2x4Storage": return 1
        case "QInt32Storage": return 4
        case "ComplexDoubleStorage": return 16
        default: return types[name].map { $0.bits / 8 }
        }
    }

    /// What the elements are, by the class of a storage or by the name of a type.
    private static let types: [String: ElementType] = [
        "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "LongStorage": .i64,
        "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
        "ComplexFloatStorage": .c64, "torch.uint16": .u16, "torch.uint32": .u32, "torch.uint64": .u64,
        "torch.float8_e5m2": .f8E5M2, "torch.float8_e4m3fn": .f8E4M3, "torch.float8_e8m0fnu": .f8E8M0,
        "torch.float8_e4m3fnuz": .f8E4M3FNUZ, "torch.float8_e5m2fnuz": .f8E5M2FNUZ, "torch.float64": .f64,
        "torch.float32": .f32, "torch.float16": .f16, "torch.bfloat16": .bf16, "torch.int64": .i64, "torch.int32": .i32,
        "torch.int16": .i16, "torch.int8": .i8, "torch.uint8": .u8, "torch.bool": .bool,
    ]
}

/// Why a tensor of a PyTorch file is not there.
enum TensorFault: Error, CustomStringConvertible {
    /// The file contradicts itself.
    case broken(String)
    /// It may be whole, but is of a kind that is not read.
    case notUnderstood(String)

    /// What is wrong, as part of a sentence.
    var description: String {
        switch self {
        case .broken(let reason): reason
        case .notUnderstood(let kind): "it is \(kind), which is not understood"
        }
    }
}
