/// What a zip archive holds, and where: entries are found, never unpacked.
///
/// Its own, because `torch.save` stores without compression so that a file can be mapped, and the kept libraries give
/// bytes and not places. Strict: what would let two programs read the same archive differently is refused.
///
/// Source: PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5.
struct ZipDirectory {
    /// Where the bytes of each stored entry are, by name; nil for one that is compressed.
    let entries: [String: Range<Int>?]

    /// Reads the directory at the end of an archive.
    ///
    /// - Throws: ``ZipError``, whatever the bytes.
    init(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
        let (start, size, count) = try Self.directory(bytes)
        var reader = Reader(bytes: bytes, place: start, end: start + size)
        var entries: [String: Range<Int>?] = [:]
        var taken: [(start: Int, end: Int)] = []
        for _ in 0..<count {
            let entry = try reader.entry()
            let data = try reader.data(of: entry, before: start)
            guard case .none = entries.updateValue(entry.isStored ? data : nil, forKey: entry.name) else {
                throw .broken("it names \(visible(entry.name)) twice")
            }
            taken.append((entry.header, data.upperBound))
        }
        guard reader.place == reader.end else { throw .broken("its directory has another size than it says") }
        taken.sort { $0.start < $1.start }
        for (one, next) in zip(taken, taken.dropFirst()) where one.end > next.start {
            throw .broken("two of its entries overlap")
        }
        self.entries = entries
    }

    /// Where the directory is, from the record at the end, or from that of large archives before it.
    private static func directory(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ZipError) -> (start: Int, size: Int, count: Int) {
        let mark: [UInt8] = [0x50, 0x4B, 5, 6]
        // A comment of at most 65,535 bytes may follow.
        let last = bytes.count - 22
        guard last >= 0 else { throw .cut }
        let found = (max(0, last - 65_535)...last).reversed().first { place in
            bytes[place..<place + 4].elementsEqual(mark)
        }
        guard let place = found else { throw .cut }
        var reader = Reader(bytes: bytes, place: place + 4, end: bytes.count)
        let (disk, first) = (try reader.integer(UInt16.self), try reader.integer(UInt16.self))
        let (here, all) = (try reader.integer(UInt16.self), try reader.integer(UInt16.self))
        var (count, size, start) = (all, try reader.integer(UInt32.self), try reader.integer(UInt32.self))
        let comment = try reader.integer(UInt16.self)
        guard place + 22 + comment == bytes.count else { throw .broken("bytes follow its end") }
        guard disk == 0, first == 0, here == all else { throw .broken("it is a part of an archive on several disks") }
        var end = place
        // The record of large archives; what the other can say too, both have to say alike.
        if place >= 76, bytes[place - 20..<place - 16].elementsEqual([0x50, 0x4B, 6, 7]) {
            let missing = ZipError.broken("its record for large archives is not where it should be")
            reader.place = place - 16
            guard try reader.integer(UInt32.self) == 0 else { throw missing }
            end = try reader.integer(UInt64.self)
            guard end <= place - 76, try reader.integer(UInt32.self) <= 1,
                bytes[end..<end + 4].elementsEqual([0x50, 0x4B, 6, 6])
            else { throw missing }
            reader.place = end + 4
            guard try reader.integer(UInt64.self) == place - 20 - end - 12 else { throw missing }
            reader.place = end + 32
            let large = (
                try reader.integer(UInt64.self), try reader.integer(UInt64.self), try reader.integer(UInt64.self)
            )
            guard [large.0, 0xFFFF].contains(count), [large.1, 0xFFFF_FFFF].contains(size),
                [large.2, 0xFFFF_FFFF].contains(start)
            else { throw .broken("its two records of its end disagree") }
            (count, size, start) = large
        }
        guard start <= end, size == end - start, count <= size / 46 else {
            throw .broken("its directory is not where it should be")
        }
        return (start, size, count)
    }

    private struct Entry {
        let name: String
        let isStored: Bool
        let size: Int
        /// Where its own header is.
        let header: Int
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var place: Int
        let end: Int

        mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(ZipError) -> Int {
            let size = MemoryLayout<Value>.size
            guard place >= 0, size <= end - place else { throw .cut }
            defer { place += size }
            let value = Value(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: type))
            guard let value = Int(exactly: value) else { throw .broken("it has a size of 2^63 bytes or more") }
            return value
        }

        mutating func take(_ count: Int) throws(ZipError) -> Slice<UnsafeRawBufferPointer> {
            guard place >= 0, count <= end - place else { throw .cut }
            defer { place += count }
            return bytes[place..<place + count]
        }

        /// A line of the directory.
        mutating func entry() throws(ZipError) -> Entry {
            guard try take(4).elementsEqual([0x50, 0x4B, 1, 2]) else { throw .broken("its directory is broken") }
            _ = try take(4)
            let (flags, method) = (try integer(UInt16.self), try integer(UInt16.self))
            _ = try take(8)
            var (packed, size) = (try integer(UInt32.self), try integer(UInt32.self))
            let lengths = (try integer(UInt16.self), try integer(UInt16.self), try integer(UInt16.self))
            _ = try take(8)
            var header = try integer(UInt32.self)
            guard let name = String(validating: try take(lengths.0), as: UTF8.self) else {
                throw .broken("the name of an entry is no UTF-8")
            }
            var extra = Reader(bytes: bytes, place: place, end: place + lengths.1)
            _ = try take(lengths.1 + lengths.2)
            while extra.end - extra.place >= 4 {
                let (kind, length) = (try extra.integer(UInt16.self), try extra.integer(UInt16.self))
                guard kind == 1 else {
                    _ = try extra.take(length)
                    continue
                }
                // Only what did not fit into 32 bits, in this order.
                if size == 0xFFFF_FFFF { size = try extra.integer(UInt64.self) }
                if packed == 0xFFFF_FFFF { packed = try extra.integer(UInt64.self) }
                if header == 0xFFFF_FFFF { header = try extra.integer(UInt64.self) }
                break
            }
            guard flags & encryption == 0 else { throw .broken("\(visible(name)) is encrypted") }
            let steps = name.split(separator: "/", omittingEmptySubsequences: false)
            guard !name.isEmpty, !steps.contains(".."), !name.hasPrefix("/"), !name.utf8.contains(0x5C),
                !name.utf8.contains(0)
            else {
                throw .broken("its entry \(visible(name)) leads out of its folder")
            }
            let isStored = method == 0
            guard !isStored || packed == size else {
                throw .broken("\(visible(name)) has two sizes")
            }
            return Entry(name: name, isStored: isStored, size: packed, header: header)
        }

        /// Where the bytes of an entry are: after a header of their own that has to tell the same.
        func data(of entry: Entry, before limit: Int) throws(ZipError) -> Range<Int> {
            let refusal = ZipError.broken("\(visible(entry.name)) is not where its directory says")
            guard entry.header <= limit - 30 else { throw refusal }
            var local = Reader(bytes: bytes, place: entry.header, end: limit)
            guard try local.take(4).elementsEqual([0x50, 0x4B, 3, 4]) else { throw refusal }
            _ = try local.take(2)
            let (flags, method) = (try local.integer(UInt16.self), try local.integer(UInt16.self))
            _ = try local.take(8)
            let (packed, size) = (try local.integer(UInt32.self), try local.integer(UInt32.self))
            // Unless they follow the data, the sizes are told here too.
            guard
                flags & 8 != 0
                    || [packed, size].allSatisfy({ [entry.size, 0xFFFF_FFFF].contains($0) || !entry.isStored })
            else { throw refusal }
            let (name, extra) = (try local.integer(UInt16.self), try local.integer(UInt16.self))
            guard flags & encryption == 0, (method == 0) == entry.isStored,
                try local.take(name).elementsEqual(entry.name.utf8)
            else {
                throw refusal
            }
            _ = try local.take(extra)
            let start = local.place
            guard entry.size <= limit - start else { throw refusal }
            return start..<start + entry.size
        }
    }
}

/// The bits of an entry's flags that say it is encrypted: weakly, strongly, its header too.
private let encryption = 1 | 1 << 6 | 1 << 13

/// Why bytes are no zip archive that is read here.
enum ZipError: Error, CustomStringConvertible {
    case cut
    case broken(String)

    /// What is wrong, as part of a sentence.
    var description: String {
        switch self {
        case .cut: "it is a zip archive that breaks off: probably an interrupted download"
        case .broken(let reason): "as a zip archive it is broken: \(reason)"
        }
    }
}
