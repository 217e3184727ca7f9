import Checkpoints

/// Any bytes as a safetensors file: refused with a reason, or every tensor lies within the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let file = UnsafeRawBufferPointer(start: bytes, count: count)
    do {
        let header = try SafetensorsHeader(file)
        for entry in header.entries {
            precondition(header.byteCount + entry.range.upperBound <= count, "\(entry.name) ends after the file")
            precondition(
                entry.shape.reduce(1, &*) &* entry.type.bits == 8 * entry.range.count, "\(entry.name) has another size")
        }
    } catch {
        precondition(!error.description.isEmpty, "a refusal without a reason")
    }
    return 0
}
