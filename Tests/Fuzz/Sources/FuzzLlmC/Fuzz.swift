import Workbench

private let workbench = Workbench(fuzzed: "gpt2_124M.bin")

/// Any bytes as a checkpoint of llm.c: the eight numbers of its header, then what follows the header.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: bytes, count: count))
    let padding = [UInt8](repeating: 0, count: 1024 - 32)
    workbench.openWeights(Array(bytes.prefix(32)) + padding + Array(bytes.dropFirst(32)))
    return 0
}
