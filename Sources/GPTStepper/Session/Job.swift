/// What a command does that takes longer than a moment.
enum Job {
    case travel(Travel)
    case over(OverWork, [InputCase], Statement)
    case sweep(SweepWork, Statement)

    var statement: Statement {
        switch self {
        case .travel(let travel): travel.statement
        case .over(_, _, let statement), .sweep(_, let statement): statement
        }
    }

    /// How far it is; nil where that cannot be told.
    var progress: (done: Int, all: Int)? {
        switch self {
        case .travel: nil
        case .over(let work, let cases, _): (work.done, cases.count)
        case .sweep(let work, _): work.progress
        }
    }
}
