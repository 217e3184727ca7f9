import Checkpoints

private let tokenizer = try? BytePairTokenizer.gpt2()

/// Any bytes as a prompt: the tokens say the same bytes again, and each has a form that can be shown.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let tokenizer else { preconditionFailure("GPT-2's merges are built in") }
    let text = Array(UnsafeBufferPointer(start: bytes, count: count))
    do {
        for allowingSpecial in [false, true] {
            let ids = try tokenizer.encode(text, allowingSpecial: allowingSpecial)
            precondition(ids.flatMap { tokenizer.bytes(of: $0) ?? [] } == text, "\(ids) are other bytes")
            let shown = ids.compactMap(tokenizer.bytes).map(displayForm).joined()
            precondition(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(shown)")
        }
    } catch {
        preconditionFailure("\(error)")
    }
    return 0
}
