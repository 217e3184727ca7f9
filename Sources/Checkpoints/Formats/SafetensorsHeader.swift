/// The element types of the safetensors format, with their size.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
    case bool = "BOOL"
    case f4 = "F4"
    case f6E2M3 = "F6_E2M3"
    case f6E3M2 = "F6_E3M2"
    case u8 = "U8"
    case i8 = "I8"
    case f8E5M2 = "F8_E5M2"
    case f8E4M3 = "F8_E4M3"
    case f8E8M0 = "F8_E8M0"
    case f8E4M3FNUZ = "F8_E4M3FNUZ"
    case f8E5M2FNUZ = "F8_E5M2FNUZ"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case c64 = "C64"
    case f64 = "F64"
    case i64 = "I64"
    case u64 = "U64"

    /// Bits of one element.
    public var bits: Int {
        switch self {
        case .f4: 4
        case .f6E2M3, .f6E3M2: 6
        case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ: 8
        case .i16, .u16, .f16, .bf16: 16
        case .i32, .u32, .f32: 32
        case .c64, .f64, .i64, .u64: 64
        }
    }
}

/// The header of a safetensors file: what tensors there are and where.
///
/// Strict, as the format's reference reader is, and in one place stricter: duplicate names are refused, compared byte
/// by byte. Source: the safetensors format text and its Rust reader, release 0.8.
public struct SafetensorsHeader: Sendable {
    /// One tensor.
    public struct Entry: Sendable {
        /// Its name.
        public let name: String
        /// What its elements are.
        public let type: ElementType
        /// The extent of each axis; none for a scalar. Where another is 0, one may be the bit pattern of a number above
        /// 2^63.
        public let shape: [Int]
        /// Where its bytes are, counted from the end of the header.
        public let range: Range<Int>
    }

    /// The tensors in the order of their bytes.
    public let entries: [Entry]
    /// The free-form strings of `__metadata__`.
    public let metadata: [String: String]
    /// The length of the length field and the header: where the tensors' bytes begin.
    public let byteCount: Int

    /// The largest header that is read, in bytes.
    public static let limit = 100_000_000

    /// Reads and checks the header of a whole file.
    ///
    /// - Throws: ``SafetensorsError``, whatever the bytes.
    public init(_ file: UnsafeRawBufferPointer) throws(SafetensorsError) {
        guard file.count >= 8 else { throw .tooSmall(bytes: file.count) }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= Self.limit else { throw .headerTooLarge(bytes: length) }
        guard 8 + Int(length) <= file.count else { throw .headerCut(bytes: Int(length), file: file.count) }
        byteCount = 8 + Int(length)
        do {
            var scanner = try JSONScanner(UnsafeRawBufferPointer(rebasing: file[8..<byteCount]), origin: 8)
            (entries, metadata) = try scanner.header()
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw .header(error as? JSONSyntaxError ?? .notUTF8)
        }
        try Self.check(entries, dataBytes: file.count - byteCount, headerBytes: byteCount)
    }

    /// The tensors fill the data without overlap, hole or tail, and each has the bytes that its shape needs.
    private static func check(_ entries: [Entry], dataBytes: Int, headerBytes: Int) throws(SafetensorsError) {
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw .gapOrOverlap(name: entry.name, expected: end, found: entry.range.lowerBound)
            }
            // In order, as the reference multiplies: after a zero nothing is too large.
            var bits: UInt = 1
            for extent in entry.shape + [entry.type.bits] {
                let (product, overflow) = bits.multipliedReportingOverflow(by: UInt(bitPattern: extent))
                guard !overflow else { throw .sizeOverflow(name: entry.name, shape: entry.shape) }
                bits = product
            }
            guard bits.isMultiple(of: 8), bits / 8 == UInt(entry.range.count) else {
                throw .wrongSize(name: entry.name, shape: entry.shape, type: entry.type, found: entry.range.count)
            }
            end = entry.range.upperBound
        }
        if end > dataBytes {
            let (described, overflow) = headerBytes.addingReportingOverflow(end)
            throw .truncated(file: headerBytes + dataBytes, described: overflow ? .max : described)
        }
        if end < dataBytes { throw .trailingBytes(count: dataBytes - end) }
    }
}

/// How bytes break the rules of a safetensors file.
public enum SafetensorsError: Error, Hashable, CustomStringConvertible {
    /// Not even the length of the header is there.
    case tooSmall(bytes: Int)
    /// The length field speaks of more than ``SafetensorsHeader/limit``.
    case headerTooLarge(bytes: UInt64)
    /// The file ends inside the header.
    case headerCut(bytes: Int, file: Int)
    /// The header is not the JSON that is expected.
    case header(JSONSyntaxError)
    /// A field of a tensor is missing.
    case missingField(name: String, field: String)
    /// An element type that the format does not know.
    case unknownType(name: String, type: String)
    /// The shape's product does not fit a number.
    case sizeOverflow(name: String, shape: [Int])
    /// Shape, type and byte range do not agree.
    case wrongSize(name: String, shape: [Int], type: ElementType, found: Int)
    /// A tensor does not begin where the one before ended.
    case gapOrOverlap(name: String, expected: Int, found: Int)
    /// The header describes more bytes than there are.
    case truncated(file: Int, described: Int)
    /// There are bytes that no tensor owns.
    case trailingBytes(count: Int)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .tooSmall(let bytes): "it has \(bytes) bytes, fewer than the 8 that a safetensors file begins with"
        case .headerTooLarge(let bytes):
            "its first 8 bytes announce a header of \(bytes) bytes, more than the \(SafetensorsHeader.limit) allowed: it is probably not a safetensors file"
        case .headerCut(let bytes, let file):
            "it is \(file) bytes and its header alone \(bytes): probably an interrupted download, or not a safetensors file"
        case .header(let error): "its header \(error.description)"
        case .missingField(let name, let field): "its header gives no \(field) for the tensor \(visible(name))"
        case .unknownType(let name, let type): "the tensor \(visible(name)) is of the unknown type \(visible(type))"
        case .sizeOverflow(let name, let shape):
            "the shape \(visible(shape)) of the tensor \(visible(name)) is too large to count"
        case .wrongSize(let name, let shape, let type, let found):
            "the tensor \(visible(name)) has \(found) bytes, which do not make \(visible(shape)) of \(type.rawValue)"
        case .gapOrOverlap(let name, let expected, let found):
            "the tensor \(visible(name)) begins at byte \(found) of the data, not at \(expected) where the one before ends"
        case .truncated(let file, let described):
            "the file is \(file) bytes and its header describes \(described): probably an interrupted download"
        case .trailingBytes(let count): "\(count) bytes after the last tensor belong to nothing"
        }
    }
}
