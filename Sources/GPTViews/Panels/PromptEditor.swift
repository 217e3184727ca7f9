import Checkpoints
import GPTEngine
import TerminalKit

/// A line of text that is being edited: a prompt, or token ids for a model that reads no text.
struct PromptEditor {
    private(set) var text: [Unicode.Scalar]
    private(set) var cursor: Int
    /// Why the text could not be run.
    var complaint: String?
    private let model: Model
    /// Whether ids are typed in place of text.
    private let readsIDs: Bool

    /// Begins with the prompt that is there: as text where that says the same tokens, else as ids.
    init(_ tokens: [Int], _ model: Model) {
        self.model = model
        let prompt = String(decoding: model.promptBytes(tokens), as: UTF8.self)
        readsIDs = (try? model.encode(Array(prompt.utf8))) != tokens
        text = Array((readsIDs ? tokens.map(String.init).joined(separator: ",") : prompt).unicodeScalars)
        cursor = text.count
    }

    /// What is to be typed.
    var label: String { readsIDs ? "ids" : "prompt" }

    mutating func press(_ key: Key) {
        complaint = nil
        switch key {
        case .character(let scalar):
            text.insert(scalar, at: cursor)
            cursor += 1
        case .backspace where cursor > 0:
            cursor -= 1
            text.remove(at: cursor)
        case .delete where cursor < text.count: text.remove(at: cursor)
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(text.count, cursor + 1)
        case .home, .control("a"): cursor = 0
        case .end, .control("e"): cursor = text.count
        case .control("u"):
            text.removeSubrange(..<cursor)
            cursor = 0
        case .control("k"): text.removeSubrange(cursor...)
        default: break
        }
    }

    /// The tokens of the text.
    func tokens() throws(PromptError) -> [Int] {
        let string = String(String.UnicodeScalarView(text))
        guard readsIDs else { return try model.encode(Array(string.utf8)) }
        let parts = string.split { $0 == "," || $0 == " " }
        if let other = parts.first(where: { Int($0) == nil }) { throw .notAnID(visible(String(other))) }
        return try model.check(parts.compactMap { Int($0) })
    }
}
