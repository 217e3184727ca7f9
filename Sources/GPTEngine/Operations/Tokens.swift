/// Text becomes token ids, [T].
public struct Tokens: RowOperation {
    func extent(_ inputs: [Extent], _ reads: [Node.Read], tokenCount: Int) -> Extent {
        Extent([.position], [tokenCount])
    }

    var givesTokens: Bool { true }
    func formula(_ names: Node.Names) -> String { "text → ids" }
    func numbers(_ cell: Cell) -> String { "" }
    func terms(_ cell: Cell) -> [Term] { [] }

    func result(_ piece: Piece) -> Outcome {
        Outcome(value: Tensor([piece.count], piece.tokens.map(Float.init)))
    }
}
