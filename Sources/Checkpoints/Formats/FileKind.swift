/// What a file is that is not what its name says, told by its first bytes.
enum FileKind {
    /// What stands in the place of many a weights file, configuration or vocabulary, with what brings the real one; nil
    /// where nothing is known that begins so.
    static func misplaced(_ bytes: UnsafeRawBufferPointer) -> String? {
        if bytes.isEmpty { return "it is empty; the download may have failed" }
        let start = bytes.prefix(512)
        func begins(_ text: StaticString) -> Bool {
            start.starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
        if begins("version https://git-lfs") {
            return
                "it is a Git LFS pointer, and the file itself was not downloaded; `git lfs pull` in its repository brings it"
        }
        if begins("GGUF") {
            return "it is a GGUF file, as llama.cpp reads them; the model in its original form is needed"
        }
        if begins("\u{1F}") && start.dropFirst().first == 0x8B { return "it is a gzip archive, to be unpacked first" }
        if start.starts(with: [0x89] + Array("HDF".utf8)) { return "it is an HDF5 file, as TensorFlow writes them" }
        if start.starts(with: [0x93] + Array("NUMPY".utf8)) { return "it is a NumPy array" }
        // The length of a safetensors header may be such bytes too, but then it follows.
        if start.first == 0x80, let version = start.dropFirst().first, version <= 5,
            start.dropFirst(8).first != UInt8(ascii: "{")
        {
            return "it is a Python pickle that torch.save did not write"
        }
        if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
            return "it is a tar archive, to be unpacked first"
        }
        let text = start.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }.prefix(14).map { $0 | 0x20 }
        if text.starts(with: "<!doctype html".utf8) || text.starts(with: "<html".utf8) {
            return "it is a web page, perhaps of a failed download or a login; fetch the file itself"
        }
        return nil
    }
}
