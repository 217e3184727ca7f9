import GPTStepper

/// What a key asks for.
enum Command: Hashable, Sendable {
    case step(Stepper.Grain, Stepper.Direction)
    case first
    case last
    case restart
    case take
    case giveBack
    case moveCell(rows: Int, columns: Int)
    case head(Int)
    case play
    case pace(faster: Bool)
    case focus(Int)
    case enter
    case escape
    case zoom(Int)
    case resetZoom
    case picture(Int)
    case scaling
    case pooling
    case continuations
    case heads
    case lens
    case editPrompt
    case chooseModel
    case editSampling
    case help
    case quit
    case redraw
    case suspend
}

/// The region that the arrow keys speak to.
public enum Focus: Int, Hashable, Sendable, CaseIterable {
    /// Arrows step.
    case timeline
    /// Arrows move the selected cell.
    case stage
    /// The explanation gets the room it needs.
    case inspector
}
