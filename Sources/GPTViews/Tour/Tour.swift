import GPTEngine
import GPTStepper

/// A way through one of the built-in models, stop by stop. A new one is a file with its stops, a line of ``all``, and its
/// words in `CTourText`.
struct Tour: Sendable {
    /// What its words are filed under.
    let name: String
    /// What it is about, as the help says.
    let title: String
    /// The preset that it goes through.
    let preset: String
    /// Its stops in order.
    let stops: [Stop]

    /// The tours that there are, by the keys that begin them in the help.
    static let all: [(key: Unicode.Scalar, tour: Tour)] = [("t", .sorting), ("T", .language)]

    /// Where a stop begins, what it points at, and how it is told that its task was done.
    struct Stop: Sendable {
        /// The region that is pointed at.
        enum Region: Sendable { case timeline, prompt, stage }

        /// What its words are filed under.
        let id: String
        let address: String
        let region: Region
        /// What the arrows speak to.
        var focus = Focus.timeline
        /// The head that is chosen; the one that is there where it is of no matter.
        var head: Int?
        /// The position that is chosen, from the end where negative.
        var position = -1
        /// Whether the task was done, given where the program was when the stop began.
        let isDone: @Sendable (App, Stepper) -> Bool
    }
}
