/// Text becomes token ids, [T].
public struct Tokens: RowOperation {
    public func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        Extent([.position], [tokenCount])
    }

    public var givesTokens: Bool { true }
    public func formula(_ names: Node.Names) -> String { "text → ids" }
    public func numbers(_ cell: Cell) -> String { "" }
    public func terms(_ cell: Cell) -> [Term] { [] }

    public func result(_ piece: Piece) -> Outcome {
        Outcome(value: Tensor([piece.count], piece.tokens.map(Float.init)))
    }
}
