import GPTFigures
import TerminalKit

/// How the stage is looked at: which picture, how close, and by which rules cells are coloured.
struct StageView: Hashable, Sendable {
    var scaling = Heatmap.Scaling.matrix
    var pooling = Heatmap.Pooling.largest
    /// 0 for the whole equation; from 1 on one picture alone, closer with every level.
    var zoom = 0
    /// Which of the operation's pictures is alone, counted from the result backward.
    var picture = 0
    /// The cell that is looked at in a picture other than the result, row by row.
    var cell = 0

    /// By which rules cells are coloured and pooled.
    var rules: Heatmap.Rules { Heatmap.Rules(scaling: scaling, pooling: pooling) }

    /// What is looked at is the result again, and all of it.
    mutating func reset() {
        zoom = 0
        lookAtResult()
    }

    /// What is looked at is the result.
    mutating func lookAtResult() { (picture, cell) = (0, 0) }
}

extension ColorScale {
    /// The colours of a terminal that show it.
    var ramp: Ramp {
        switch self {
        case .sequential: .sequential
        case .diverging: .diverging
        }
    }
}
