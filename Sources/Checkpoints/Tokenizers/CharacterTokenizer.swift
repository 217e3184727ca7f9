public import SystemPackage

/// One token a character: the vocabulary of models such as the built-in one, and of nanoGPT's and minGPT's on characters.
public struct CharacterTokenizer: Tokenizer {
    /// The characters by id; an id in between may have none.
    private let letters: [Unicode.Scalar?]
    private let ids: [Unicode.Scalar: Int]

    /// Creates a tokenizer over characters in the order of their ids.
    public init(_ letters: String) { self.init(Array(letters.unicodeScalars)) }

    private init(_ letters: [Unicode.Scalar?]) {
        self.letters = letters
        ids = Dictionary(letters.enumerated().compactMap { id, letter in letter.map { ($0, id) } }) { first, _ in first
        }
    }

    /// Reads the `meta.pkl` that nanoGPT's data scripts write beside a data set, and people beside a checkpoint.
    ///
    /// Source: `data/shakespeare_char/prepare.py` of nanoGPT: a dictionary with `vocab_size`, `itos` and `stoi`.
    ///
    /// - Parameter vocabularySize: how many tokens the model has; of another model, ids would mean something else.
    /// - Throws: ``FileError`` or ``TokenizerError``.
    public init(metadata path: FilePath, vocabularySize: Int) throws {
        let source = try ByteSource(reading: path)
        func refusal(_ reason: String) -> TokenizerError { .file(path: path, reason: reason) }
        let value: PickleValue
        do throws(PickleError) { value = PickleValue(try Pickle(source.bytes)) } catch {
            // What begins as a pickle is one, however broken.
            throw refusal(source.bytes.first == 0x80 ? "\(error)" : FileKind.misplaced(source.bytes) ?? "\(error)")
        }
        guard let entries = value["itos"]?.entries, let back = value["stoi"]?.entries else {
            throw refusal("it has no itos and stoi, the characters by id and back")
        }
        var letters: [Unicode.Scalar?] = []
        for (key, letter) in entries {
            guard let id = key.integer, id >= 0, id < 1 << 21 else { throw refusal("its itos has a key that is no id") }
            guard let scalars = letter.text?.unicodeScalars, let scalar = scalars.first, scalars.count == 1 else {
                throw refusal("its itos gives the id \(id) something else than one character")
            }
            letters += Array(repeating: nil, count: max(0, id + 1 - letters.count))
            letters[id] = scalar
        }
        self.init(letters)
        // One dictionary cuts text and the other joins it; where they part, ids would not mean what they say.
        let agrees =
            back.count == ids.count
            && back.allSatisfy { key, id in
                key.text?.unicodeScalars.first.flatMap { ids[$0] } == id.integer && key.text?.unicodeScalars.count == 1
            }
        guard agrees else { throw refusal("its itos and its stoi do not agree") }
        guard ids.count == vocabularySize, letters.count == vocabularySize,
            value["vocab_size"].map({ $0.integer == ids.count }) ?? true
        else {
            throw refusal("it has \(ids.count) characters, and the vocabulary of the model \(vocabularySize) tokens")
        }
    }

    /// One id a character.
    public func encode(_ text: [UInt8], allowingSpecial: Bool = false) throws(PromptError) -> [Int] {
        var found: [Int] = []
        for (place, scalar) in String(decoding: text, as: UTF8.self).unicodeScalars.enumerated() {
            guard let id = ids[scalar] else {
                throw .notInVocabulary(letter: visible(String(scalar)), place: place, letters: names)
            }
            found.append(id)
        }
        return found
    }

    /// The character.
    public func bytes(of id: Int) -> [UInt8]? {
        letters.indices.contains(id) ? letters[id].map { Array(String($0).utf8) } : nil
    }

    /// The characters as they are shown.
    private var names: [String] { letters.compactMap { $0.map { displayForm(Array(String($0).utf8)) } } }
}
