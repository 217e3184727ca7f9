import Workbench

private let workbench = Workbench(fuzzed: "model.safetensors.index.json", leavingOut: ["model.safetensors"])

/// Any bytes as the index of a sharded checkpoint, with a shard beside it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    workbench.open(UnsafeBufferPointer(start: bytes, count: count))
    return 0
}
