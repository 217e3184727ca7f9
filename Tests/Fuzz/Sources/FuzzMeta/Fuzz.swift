import Workbench

private let workbench = Workbench(fuzzed: "meta.pkl")

/// Any bytes as a meta.pkl, the characters of nanoGPT.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    workbench.openCharacters(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
