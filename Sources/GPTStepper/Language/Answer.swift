/// What a command answers.
public struct Answer: Sendable {
    /// The command that was asked.
    public let statement: Statement
    /// The display whose value it is; nil for an answer of its own.
    public var display: Int?
    /// What it is.
    public let content: Content

    /// What an answer is.
    public enum Content: Sendable {
        /// Values, one for each expression.
        case values([Datum])
        /// Rows of columns.
        case table(Table)
        /// Where one is, and why.
        case stop(StopReport)
        /// An edit was made, with this number.
        case edit(Int)
        /// Words for a person: no answer in JSON.
        case words(String)
        /// It could not be done.
        case error(LanguageError)
    }

    /// Rows of columns.
    public struct Table: Sendable {
        /// One of its places.
        public enum Field: Sendable {
            /// A number.
            case number(Double)
            /// A whole number.
            case integer(Int)
            /// A token, by its id.
            case token(Int)
            /// A text.
            case text(String)
            /// True or false.
            case truth(Bool)
            /// Nothing.
            case none
            /// Values with axes.
            case datum(Datum)
            /// Several.
            case list([Field])
        }

        /// What they are.
        public let columns: [String]
        /// In order.
        public let rows: [[Field]]
        /// The same as numbers with axes, for a picture; nil where it has none.
        public var picture: Datum?
        /// For each row the command that acts on it; none where nothing does.
        public var acts: [String] = []
        /// Words under it.
        public var note = ""

        init(_ columns: [String], _ rows: [[Field]], picture: Datum? = nil, acts: [String] = [], note: String = "") {
            (self.columns, self.rows, self.picture, self.acts, self.note) = (columns, rows, picture, acts, note)
        }
    }
}

/// Where one stands after a move, and why.
public struct StopReport: Hashable, Sendable {
    /// Why one stands there.
    public enum Reason: String, Hashable, Sendable {
        /// As far as was asked.
        case step
        /// A breakpoint.
        case breakpoint
        /// A watched value changed.
        case watch
        /// Something is not finite.
        case nan
        /// The pass, or the context, ends.
        case end
        /// The pass begins.
        case start
    }

    /// The step, from 1.
    public let step: Int
    /// The operation.
    public let address: String
    /// How many tokens were taken.
    public let token: Int
    /// Why.
    public let reason: Reason
    /// The stop's number.
    public var number: Int?
    /// What was watched, before; nil for absent.
    public var old: Datum?
    /// What it is now.
    public var new: Datum?
    /// Tokens that this command took.
    public var taken: [Int] = []
    /// What else is to be said, for a person.
    public var words: String?
}
