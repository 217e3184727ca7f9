/// Why a line of the language could not be read or done, and where.
public struct LanguageError: Error, Hashable, CustomStringConvertible {
    /// What sort of fault it is, as exit statuses tell them apart.
    public enum Kind: String, Hashable, Sendable {
        /// What was said does not fit: a name, a shape, a number.
        case data
        /// A file that is not there.
        case missingFile = "no_input"
        /// What this machine or this model cannot give: weights, a second run.
        case unavailable
        /// A file that cannot be read or written.
        case file = "io"
        /// What `assert` says is not so.
        case failedAssertion = "assert"
        /// `diff … tolerance` found more.
        case tolerance
        /// It was interrupted.
        case interrupted
    }

    /// Where in a script, from 1.
    public struct Place: Hashable, Sendable {
        /// The line.
        public var line: Int
        /// The character in it.
        public var column: Int

        /// A place; the beginning unless said.
        public init(line: Int = 1, column: Int = 1) { (self.line, self.column) = (line, column) }
    }

    /// A sentence of facts: what was expected, what comes near.
    public let message: String
    /// What sort of fault.
    public let kind: Kind
    /// Where.
    public let place: Place

    /// A fault at a place.
    public init(_ message: String, at place: Place, kind: Kind = .data) {
        (self.message, self.place, self.kind) = (message, place, kind)
    }

    /// Place and sentence.
    public var description: String { "line \(place.line), column \(place.column): \(message)" }
}

/// What an expression speaks of lies ahead of the cursor, or was not recorded.
struct Absent: Error {
    let message: String
    let place: LanguageError.Place
}
