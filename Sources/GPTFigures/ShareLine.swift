public import GPTEngine

/// All tokens end to end by id, each as long as its probability, and the random number that falls on one of them.
public struct ShareLine {
    /// The probabilities, the random number and the token that it fell on.
    public let prediction: Prediction
    /// What a token is called.
    public let label: (Int) -> String

    /// The line of a prediction.
    public init(_ prediction: Prediction, label: @escaping (Int) -> String) {
        (self.prediction, self.label) = (prediction, label)
    }
}
