import SystemPackage

extension BytePairTokenizer {
    /// Makes sure that llm.c's `gpt2_tokenizer.bin` holds GPT-2's tokens, and gives their tokenizer: the file has tokens and
    /// no merges, so that of others nothing says how text is cut.
    ///
    /// Source: `write_tokenizer` of llm.c's `train_gpt2.py`: a header of 256 integers, then each token after its length.
    ///
    /// - Throws: ``FileError`` or ``TokenizerError``.
    static func llmC(_ path: FilePath) throws -> BytePairTokenizer {
        let source = try ByteSource(reading: path)
        let bytes = source.bytes
        func refusal(_ reason: String) -> TokenizerError { .file(path: path, reason: reason) }
        let header = { (place: Int) in
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
        }
        guard bytes.count >= 1024, header(0) == 20_240_328 else {
            throw refusal(FileKind.misplaced(bytes) ?? "it does not begin as llm.c's tokenizers do")
        }
        guard header(1) == 1 || header(1) == 2 else {
            throw refusal("it is of version \(header(1)), and 1 and 2 are known")
        }
        let gpt2 = try BytePairTokenizer.gpt2()
        guard header(2) == gpt2.count else {
            throw refusal(
                "it has \(header(2)) tokens and no merges, and only GPT-2's \(gpt2.count) are known without them")
        }
        var place = 1024
        for id in 0..<gpt2.count {
            guard place < bytes.count, Int(bytes[place]) < bytes.count - place else {
                throw refusal("it ends before its token \(id): probably an interrupted download")
            }
            let end = place + 1 + Int(bytes[place])
            guard bytes[place + 1..<end].elementsEqual(gpt2.bytes(of: id) ?? []) else {
                throw refusal("its token \(id) is not GPT-2's, and it has no merges that would say how text is cut")
            }
            place = end
        }
        return gpt2
    }
}
