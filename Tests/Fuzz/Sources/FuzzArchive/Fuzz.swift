import Workbench

private let workbench = Workbench(fuzzed: "x.pt")

/// Any bytes as a file of PyTorch: a zip archive or the row of pickles of old.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    workbench.openWeights(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
