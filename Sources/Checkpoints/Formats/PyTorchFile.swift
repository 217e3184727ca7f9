import SystemPackage

/// A file that `torch.save` wrote: the tensors of the state dictionary in it, and the shape that a training program saved
/// beside them.
///
/// Both forms are read where they lie: the zip archive of PyTorch 1.6 and later, and the row of pickles before it. What
/// else is in it, such as the state of an optimizer, is passed over without being read.
///
/// Source: `torch/serialization.py` and `torch/_utils.py` of PyTorch 2.13.
struct PyTorchFile {
    /// The tensors, in the order of the state dictionary.
    let tensors: [StoredTensor]
    /// Entries of the state dictionary that cannot be read as tensors, with the reason.
    let unreadable: [String: String]
    /// The shape of the model, where the file says it.
    let keys: ConfigurationKeys?

    /// Whether bytes begin as such a file does.
    static func isOne(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // A header of safetensors may be as long as these bytes say, but then it follows them.
        bytes.starts(with: [0x50, 0x4B, 3, 4]) && bytes.dropFirst(8).first != UInt8(ascii: "{") || isLegacy(bytes)
    }

    /// Reads the tensors of a file.
    ///
    /// - Throws: ``CheckpointError/notPyTorch(path:reason:)``, whatever the bytes.
    init(_ source: ByteSource, path: FilePath) throws(CheckpointError) {
        do {
            let isLegacy = Self.isLegacy(source.bytes)
            let (value, storages) = isLegacy ? try Self.legacy(source.bytes) : try Self.archive(source.bytes)
            let contents = try Self.contents(value)
            var (tensors, unreadable): ([StoredTensor], [String: String]) = ([], [:])
            for (name, value) in contents.state {
                do throws(TensorFault) {
                    let tensor = try storages.tensor(name, value, in: source)
                    if let tensor { tensors.append(tensor) }
                } catch {
                    guard case .notUnderstood(let reason) = error else { throw error }
                    unreadable[name] = reason
                }
            }
            (self.tensors, self.unreadable) = (tensors, unreadable)
            keys = contents.configuration.flatMap { Self.keys($0, isNanoGPT: contents.isNanoGPT, path: path) }
        } catch {
            throw .notPyTorch(path: path, reason: "\(error)")
        }
    }

    // MARK: The two forms

    /// The pickle `NAME/data.pkl` with the storages `NAME/data/KEY` beside it.
    private static func archive(_ bytes: UnsafeRawBufferPointer) throws -> (PickleValue, PyTorchStorages) {
        let entries = try ZipDirectory(bytes).entries
        let pickles = entries.keys.filter { $0.hasSuffix("/data.pkl") }
        guard let name = pickles.first, pickles.count == 1 else {
            throw Refusal("it is a zip archive and holds no data.pkl, so torch.save did not write it")
        }
        let folder = name.dropLast("data.pkl".count)
        if entries["\(folder)constants.pkl"] != nil {
            throw Refusal(
                "it is a TorchScript archive, a program with its weights; save the state_dict of the model instead")
        }
        guard let place = entries[name] ?? nil else { throw Refusal(compressed: name) }
        if let order = entries["\(folder)byteorder"] ?? nil, !bytes[order].elementsEqual("little".utf8) {
            throw Refusal(
                "its numbers are big-endian (its entry byteorder says so); save it again on a machine of today")
        }
        // What follows the pickle in the file is not of it.
        let pickle = try Pickle(UnsafeRawBufferPointer(rebasing: bytes[..<place.upperBound]), from: place.lowerBound)
        let prefix = "\(folder)data/"
        let places = entries.filter { $0.key.hasPrefix(prefix) }.map {
            (String($0.key.dropFirst(prefix.count)), $0.value)
        }
        return (PickleValue(pickle), PyTorchStorages(places: Dictionary(places) { $1 }))
    }

    /// Five pickles: a magic number, a version, the machine, the value, the keys of its storages; then each storage, after
    /// the number of its elements.
    private static func legacy(_ bytes: UnsafeRawBufferPointer) throws -> (PickleValue, PyTorchStorages) {
        var end = 0
        func next() throws -> PickleValue {
            let pickle = try Pickle(bytes, from: end)
            end = pickle.end
            return PickleValue(pickle)
        }
        _ = try next()
        guard try next().integer == 1001 else { throw Refusal("it is of a version of torch.save that is not known") }
        guard try next()["little_endian"]?.bool == true else {
            throw Refusal("its numbers are big-endian (its little_endian says so); save it again on a machine of today")
        }
        let value = try next()
        guard let keys = try next().elements()?.compactMap(\.text) else { throw Refusal("it has no list of storages") }
        // How long its elements are, only the value tells that speaks of it.
        let sizes = PyTorchStorages.elementSizes(in: value)
        var places: [String: Range<Int>?] = [:]
        for key in keys {
            guard let size = sizes[key] ?? nil else {
                throw Refusal("its storage \(visible(key)) is of no kind that is known")
            }
            guard end <= bytes.count - 8 else { throw Refusal(cutIn: key) }
            let count = Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: Int64.self)))
            end += 8
            let (length, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, length >= 0, length <= bytes.count - end else { throw Refusal(cutIn: key) }
            guard places.updateValue(end..<end + length, forKey: key) == nil else {
                throw Refusal("its storage \(visible(key)) is there twice")
            }
            end += length
        }
        return (value, PyTorchStorages(places: places))
    }

    private static func isLegacy(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // The pickle of the magic number 0x1950A86A20F9469CFC6C.
        let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        guard bytes.first == 0x80, bytes.count > 32 else { return false }
        return [2, 11].contains { bytes[$0..<$0 + magic.count].elementsEqual(magic) }
    }

    // MARK: What is in it

    private struct Contents {
        let state: [(key: String, value: PickleValue)]
        var configuration: PickleValue?
        var isNanoGPT = false
    }

    /// The state dictionary: the value itself, or what training programs keep under these names.
    private static func contents(_ value: PickleValue) throws -> Contents {
        guard let items = value.items else {
            guard let function = value.function else {
                throw Refusal(
                    "it holds a list, a tuple or a single value; the dictionary that state_dict() gives is expected")
            }
            throw Refusal(
                PyTorchStorages.isTensor(value)
                    ? "it holds a single tensor, and no state_dict"
                    : "it holds an object of the class \(visible(function)), which is not looked up; save the state_dict of the model instead"
            )
        }
        let holdsTensors = { (value: PickleValue) in
            value.items?.contains { PyTorchStorages.isTensor($0.value) } == true
        }
        for name in ["model", "state_dict", "model_state_dict", "module"] {
            guard let inner = value[name] else { continue }
            guard holdsTensors(inner), let state = inner.items else {
                guard name == "model", let function = inner.function else { continue }
                throw Refusal(
                    "its model is an object of the class \(visible(function)), which is not looked up; save the state_dict of the model instead"
                )
            }
            var contents = Contents(state: state)
            contents.isNanoGPT = value["model_args"]?.isDictionary == true
            let usual = ["model_args", "config", "hyper_parameters"].compactMap { value[$0] }
            contents.configuration = (usual + items.map(\.value)).first { shape(in: $0) != nil }
            return contents
        }
        guard holdsTensors(value) else {
            let found = items.isEmpty ? "it is empty" : "its keys are \(listed(items.map(\.key)))"
            throw Refusal("it holds no dictionary of tensors, as state_dict() gives one: \(found)")
        }
        return Contents(state: items)
    }

    /// The keys and values of a shape, in a dictionary or in the attributes of an object.
    private static func shape(in value: PickleValue) -> [(key: String, value: PickleValue)]? {
        // minGPT's has the model's part among others.
        let whole = value.isDictionary ? value : value.attributes
        let part = whole?["model"].flatMap { $0.isDictionary ? $0 : $0.attributes }
        let items = (part ?? whole)?.items
        return items?.contains { $0.key == "n_embd" || $0.key == "n_layer" } == true ? items : nil
    }

    /// The keys of a shape: nanoGPT's, minGPT's or those of transformers, told by their names.
    private static func keys(_ value: PickleValue, isNanoGPT: Bool, path: FilePath) -> ConfigurationKeys? {
        guard let items = shape(in: value) else { return nil }
        let values = Dictionary(items.map { ($0.key, JSON($0.value)) }) { $1 }
        let program: ConfigurationKeys.Program =
            isNanoGPT || (values["block_size"] != nil && (values["dropout"] != nil || values["bias"] != nil))
            ? .nanoGPT : values["block_size"] != nil ? .minGPT : .transformers
        return ConfigurationKeys(values, of: program, path: path)
    }

    private struct Refusal: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
        init(cutIn storage: String) {
            self.init("it breaks off in its storage \(visible(storage)): probably an interrupted download")
        }
        init(compressed name: String) {
            self.init(
                "its entry \(visible(name)) is compressed, which torch.save never does; load and save it again with PyTorch"
            )
        }
    }
}

extension JSON {
    /// A value of a pickle as far as configurations hold such.
    fileprivate init(_ value: PickleValue) {
        if value.isNone {
            self = .null
        } else if let bool = value.bool {
            self = .bool(bool)
        } else if let integer = value.integer {
            self = .integer(integer)
        } else if let number = value.number {
            self = .number(number)
        } else if let text = value.text {
            self = .string(text)
        } else {
            self = .array([])
        }
    }
}
