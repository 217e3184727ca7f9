public import GPTEngine

/// The second run, in step with the first: positions pair from the start.
public struct Twin {
    /// What it was asked for as.
    public let kind: Command.Other
    /// Its model.
    public let model: Model
    /// Its numbers.
    public let values: any Values
    /// Its prompt, without what was taken with the first.
    let prompt: [Int]
}
