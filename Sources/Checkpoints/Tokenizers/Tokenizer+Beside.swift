package import SystemPackage

/// The tokenizer that a program keeps beside its weights; nil where there is none, and ids have to do.
///
/// nanoGPT keeps characters in a `meta.pkl`, which people put beside minGPT's weights too, and llm.c its tokens in `gpt2_tokenizer.bin`; where neither is there, a
/// vocabulary of GPT-2's size, or padded to 50304 as nanoGPT pads it, is GPT-2's.
///
/// - Throws: ``FileError``, or ``TokenizerError`` when a file is broken or asks for what is not understood.
package func tokenizer(
    in folder: FilePath, of program: ConfigurationKeys.Program, vocabularySize: Int
) throws -> (any Tokenizer)? {
    let own: (name: String, read: (FilePath) throws -> any Tokenizer)? =
        switch program {
        case .transformers: nil
        case .nanoGPT, .minGPT: ("meta.pkl", { try CharacterTokenizer(metadata: $0, vocabularySize: vocabularySize) })
        case .llmC: ("gpt2_tokenizer.bin", BytePairTokenizer.llmC)
        }
    if let own, try folder.appending(own.name).status() != nil { return try own.read(folder.appending(own.name)) }
    if let pairs = try BytePairTokenizer.inFolder(folder) { return pairs }
    return program != .transformers && [50257, 50304].contains(vocabularySize) ? try BytePairTokenizer.gpt2() : nil
}
