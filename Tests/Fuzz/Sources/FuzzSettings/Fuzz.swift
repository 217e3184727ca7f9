import Workbench

private let workbench = Workbench(fuzzed: "tokenizer_config.json")

/// Any bytes as the tokenizer_config.json beside a small checkpoint with vocab.json and merges.txt.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    workbench.open(UnsafeBufferPointer(start: bytes, count: count))
    return 0
}
