import Workbench

private let workbench = Workbench(fuzzed: "tokenizer.json")

/// Any bytes as the tokenizer.json beside a small checkpoint.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    workbench.open(UnsafeBufferPointer(start: bytes, count: count))
    return 0
}
