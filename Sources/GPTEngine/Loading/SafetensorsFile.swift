public import SystemPackage

/// A safetensors file, or bytes in that format: its header checked, its tensors read when asked for.
public struct SafetensorsFile: Sendable {
    /// Where it came from, for messages.
    public let path: FilePath
    /// What is in it.
    public let header: SafetensorsHeader
    let source: ByteSource

    /// Opens a file by mapping it.
    ///
    /// - Throws: ``FileError`` or ``CheckpointError/notSafetensors(path:reason:)``.
    public init(path: FilePath) throws {
        try self.init(ByteSource(mapping: path), path: path)
    }

    /// Reads the header of bytes that are there.
    init(_ source: ByteSource, path: FilePath) throws(CheckpointError) {
        self.path = path
        self.source = source
        do {
            header = try SafetensorsHeader(source.bytes)
        } catch {
            if let reason = FileKind.misplaced(source.bytes) { throw .otherKind(path: path, reason: reason) }
            let begins = source.bytes.starts(with: Array("PK".utf8)) || source.bytes.starts(with: [0x80])
            // A header's length may begin with the same bytes, but then a header follows.
            throw begins && source.bytes.dropFirst(8).first != UInt8(ascii: "{")
                ? .pickle(path: path) : .notSafetensors(path: path, reason: error)
        }
    }

    /// The bytes of a tensor; valid while the file is open.
    func bytes(of entry: SafetensorsHeader.Entry) -> UnsafeRawBufferPointer {
        let start = header.byteCount + entry.range.lowerBound
        return UnsafeRawBufferPointer(rebasing: source.bytes[start..<start + entry.range.count])
    }

    /// The numbers of a tensor as 32-bit floats: borrowed from the file where they are, converted exactly otherwise.
    ///
    /// Returns nil for element types that are not floating-point numbers of 16 bits or more.
    public func tensor(_ entry: SafetensorsHeader.Entry) -> Tensor? {
        let bytes = bytes(of: entry)
        switch entry.type {
        case .f32:
            if let base = bytes.baseAddress, Int(bitPattern: base).isMultiple(of: MemoryLayout<Float>.alignment) {
                return Tensor(entry.shape, borrowing: bytes.assumingMemoryBound(to: Float.self), from: source)
            }
            return convert(entry.shape, bytes, as: Float.self) { $0 }
        case .f16: return convert(entry.shape, bytes, as: UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bf16: return convert(entry.shape, bytes, as: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .f64: return convert(entry.shape, bytes, as: Double.self) { Float($0) }
        case .bool, .f4, .f6E2M3, .f6E3M2, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .i16, .u16,
            .i32, .u32, .c64, .i64, .u64:
            return nil
        }
    }

    private func convert<Element: BitwiseCopyable>(
        _ shape: [Int], _ bytes: UnsafeRawBufferPointer, as type: Element.Type, _ number: (Element) -> Float
    ) -> Tensor {
        Tensor(shape) { out in
            let stride = MemoryLayout<Element>.size
            for i in out.indices { out[i] = number(bytes.loadUnaligned(fromByteOffset: i * stride, as: type)) }
        }
    }
}
