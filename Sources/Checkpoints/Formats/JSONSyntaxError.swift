/// How bytes break the rules of JSON, or of what is expected of them.
public enum JSONSyntaxError: Error, Hashable, CustomStringConvertible {
    /// The bytes are not UTF-8.
    case notUTF8
    /// Something else stands where this is expected.
    case syntax(expected: String, byte: Int)
    /// A name occurs twice in one object.
    case duplicate(name: String)

    /// What is wrong, as the rest of a sentence about the text.
    public var description: String {
        switch self {
        case .notUTF8: "is not UTF-8 text"
        case .syntax(let expected, let byte): "is broken at byte \(byte): \(expected) is expected there"
        case .duplicate(let name): "names \"\(visible(name))\" twice"
        }
    }
}
