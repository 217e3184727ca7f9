import SystemPackage

/// A checkpoint of llm.c: a header of 256 integers, then the parameters one after the other, each for all blocks.
///
/// The tensors are given the names of GPT-2; their layout is [out, in], and the rows that pad the token table are left out.
///
/// Source: `write_model` of llm.c's `train_gpt2.py`, and `gpt2_build_from_checkpoint` of its `train_gpt2.cu`.
struct LlmCFile {
    /// The tensors, in the order of their bytes.
    let tensors: [StoredTensor]
    /// The shape that the header says.
    let keys: ConfigurationKeys

    private static let magic: Int32 = 20_240_326
    private static let headerSize = 256 * 4

    /// Whether bytes begin as such a file does.
    static func isOne(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // The length of a safetensors header has zeros where a version is here.
        bytes.count >= 8 && Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)) == magic
            && bytes[4..<8].contains { $0 != 0 }
    }

    /// Reads the header and finds the tensors.
    ///
    /// - Throws: ``CheckpointError/notLlmC(path:reason:)``, whatever the bytes.
    init(_ source: ByteSource, path: FilePath) throws(CheckpointError) {
        let bytes = source.bytes
        func refusal(_ reason: String) -> CheckpointError { .notLlmC(path: path, reason: reason) }
        guard bytes.count >= Self.headerSize else { throw refusal("it ends inside its header of 1024 bytes") }
        let header = (0..<8).map {
            Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
        }
        let types: [Int: ElementType] = [3: .f32, 5: .bf16]
        guard let type = types[header[1]] else {
            throw refusal(
                "it is of version \(header[1]), and 3 (F32) and 5 (BF16) are known; write it again with llm.c of today")
        }
        let (context, vocabulary, blocks, heads, width, rows) = (
            header[2], header[3], header[4], header[5], header[6], header[7]
        )
        for (name, value) in [
            ("context", context), ("vocabulary", vocabulary), ("layers", blocks), ("heads", heads), ("channels", width),
        ] where value < 1 || value > 1 << 24 {
            throw refusal("its header says \(value) \(name)")
        }
        guard rows >= vocabulary, blocks <= 1 << 12, width <= 1 << 20 else {
            throw refusal(
                "its header says a vocabulary of \(vocabulary) padded to \(rows), \(blocks) layers and \(width) channels"
            )
        }
        let size = type.bits / 8
        let parts: [(name: String, shape: [Int])] = [
            ("ln_1.weight", [width]), ("ln_1.bias", [width]), ("attn.c_attn.weight", [3 * width, width]),
            ("attn.c_attn.bias", [3 * width]), ("attn.c_proj.weight", [width, width]), ("attn.c_proj.bias", [width]),
            ("ln_2.weight", [width]), ("ln_2.bias", [width]), ("mlp.c_fc.weight", [4 * width, width]),
            ("mlp.c_fc.bias", [4 * width]), ("mlp.c_proj.weight", [width, 4 * width]), ("mlp.c_proj.bias", [width]),
        ]
        // No overflow: there are fewer than 2^32 rows of at most 2^20 channels, and 2^12 layers of some 2^44 numbers.
        let perBlock = parts.reduce(0) { $0 + $1.shape.reduce(1, *) }
        let numbers = (rows + context + 2) * width + blocks * perBlock
        guard bytes.count == Self.headerSize + size * numbers else {
            throw refusal(
                "it is \(bytes.count) bytes and its header describes \(Self.headerSize + size * numbers): probably an interrupted download"
            )
        }
        var tensors: [StoredTensor] = []
        var place = Self.headerSize
        func take(_ name: String, _ shape: [Int], of stored: Int? = nil) {
            let count = shape.reduce(1, *)
            tensors.append(
                StoredTensor(name: name, type: type, shape: shape, place: place..<place + size * count, in: source))
            place += size * (stored ?? count)
        }
        take("wte.weight", [vocabulary, width], of: rows * width)
        take("wpe.weight", [context, width])
        for (name, shape) in parts {
            for block in 0..<blocks { take("h.\(block).\(name)", shape) }
        }
        take("ln_f.weight", [width])
        take("ln_f.bias", [width])
        self.tensors = tensors
        keys = ConfigurationKeys(
            [
                "n_positions": .integer(context), "vocab_size": .integer(vocabulary),
                "n_layer": .integer(blocks), "n_head": .integer(heads), "n_embd": .integer(width),
            ], of: .llmC, path: path)
    }
}
