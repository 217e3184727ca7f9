import Workbench

private let workbench = Workbench(fuzzed: "x.pt")

/// Any bytes as the pickle in a file of PyTorch, beside a storage of 24 bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let pickle = Array(UnsafeBufferPointer(start: bytes, count: count))
    workbench.openWeights(archive([("a/data.pkl", pickle), ("a/data/0", [UInt8](repeating: 7, count: 24))]))
    return 0
}

/// A zip archive of stored entries.
private func archive(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, data) in entries {
        let start = bytes.count
        let middle = little(0, 12) + little(data.count, 4) + little(data.count, 4) + little(name.utf8.count, 2)
        bytes += Array("PK\u{3}\u{4}".utf8) + little(20, 2) + middle + little(0, 2) + Array(name.utf8) + data
        directory += Array("PK\u{1}\u{2}".utf8) + little(20, 4) + middle + little(0, 12) + little(start, 4)
        directory += Array(name.utf8)
    }
    let counts = little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
    return bytes + directory + Array("PK\u{5}\u{6}".utf8) + counts + little(directory.count, 4) + little(bytes.count, 4)
        + little(0, 2)
}

private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
