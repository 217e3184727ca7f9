/// What a safetensors header says: the tensors in the order of their bytes, and the free-form strings.
extension JSONScanner {
    typealias Header = (entries: [SafetensorsHeader.Entry], metadata: [String: String])

    /// The whole header; entries in the order of their bytes.
    mutating func header() throws -> Header {
        var entries: [SafetensorsHeader.Entry] = []
        var metadata: [String: String] = [:]
        try object { scanner, name in
            if name.utf8.elementsEqual("__metadata__".utf8) {
                metadata = try scanner.metadata()
            } else {
                entries.append(try scanner.entry(name))
            }
        }
        try end()
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        return (entries, metadata)
    }

    private mutating func metadata() throws -> [String: String] {
        if takeNull() { return [:] }
        var strings: [String: String] = [:]
        try object { scanner, key in strings[key] = try scanner.string() }
        return strings
    }

    private mutating func entry(_ name: String) throws -> SafetensorsHeader.Entry {
        var (type, shape, offsets): (ElementType?, [Int]?, [Int]?)
        try object { scanner, field in
            switch field {
            case "dtype":
                let text = try scanner.string()
                guard let known = ElementType(rawValue: text) else {
                    throw SafetensorsError.unknownType(name: name, type: text)
                }
                type = known
            case "shape":
                var extents: [Int] = []
                try scanner.array { scanner in extents.append(Int(bitPattern: try scanner.unsigned())) }
                shape = extents
            case "data_offsets": offsets = try scanner.integers()
            default: try scanner.skipValue()
            }
        }
        guard let type else { throw SafetensorsError.missingField(name: name, field: "dtype") }
        guard let shape else { throw SafetensorsError.missingField(name: name, field: "shape") }
        guard let offsets else { throw SafetensorsError.missingField(name: name, field: "data_offsets") }
        guard offsets.count == 2, offsets[0] <= offsets[1] else { throw expected("data_offsets as [begin, end]") }
        return SafetensorsHeader.Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }
}
