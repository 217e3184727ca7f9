import GPTEngine

/// What is computed between two commands, a piece at a time.
extension Session {
    /// What is to be there: what the screen shows, or the answer where a token is to be taken.
    private var goal: [Wanted] { pendingTakes > 0 ? [.answer(stepper.tokens.count - 1)] : stepper.wanted() }

    /// The operation that is to be computed next, by index; nil when there is none.
    public var nextWork: Int? { trace?.next(toward: goal) }

    /// Whether there is something to compute for what is on the stage, or a token to take.
    public var isBusy: Bool {
        !isInterrupted
            && (isTaking || nextWork != nil || answerWanted || watchesNeedWork || waitsForHeads || looksForFault)
    }

    /// Whether tokens are being taken.
    public var isTaking: Bool { pendingTakes > 0 }

    /// Whether a pattern is at the cursor, beside which the maps of all heads stand, and one of them is not there yet.
    private var waitsForHeads: Bool {
        let node = stepper.node
        guard trace != nil, node.isAttention, node.givesShares, let block = node.block else { return false }
        return atlas.heads(of: block).count < node.shape[0]
    }

    /// Whether what is at the cursor is still to be searched for NaN and infinities.
    private var looksForFault: Bool {
        trace.map { faults.needsWork($0, at: stepper.index, position: stepper.selection.position) } ?? false
    }

    /// Computes one operation, or takes the token that all of them lead to.
    public mutating func work() {
        guard trace?.work(toward: goal) != true else { return }
        if isTaking {
            pendingTakes -= 1
            takePredicted()
        } else if answerWanted {
            workOnAnswer()
        } else if watchesNeedWork {
            workOnWatches()
        } else if waitsForHeads {
            workOnHeads(of: stepper.node.block)
        } else if let trace {
            faults.work(
                trace, at: stepper.index, position: stepper.selection.position, sampling: sampling)
        }
    }

    /// Calls off the tokens that are to be taken.
    public mutating func callOff() { pendingTakes = 0 }

    /// Ends what is being done; what is there stays, and the next command goes on from it.
    public mutating func interrupt() {
        (isInterrupted, pendingTakes) = (true, 0)
        notice = "Interrupted. Any step goes on from here."
    }

    /// Computes one operation toward what tells the heads of a block apart, or of all blocks for nil.
    public mutating func workOnHeads(of block: Int?) {
        if let trace { _ = atlas.work(trace, block) }
    }

    /// Whether the operation after the cursor's is worth being made ready: once a place, and with room for both.
    public var canLookAhead: Bool {
        guard let trace, ahead != stepper.index, !isBusy, !isInterrupted, !stepper.isPlaying else { return false }
        return 3 * trace.program.workingBytes <= trace.store.budget && stepper.index + 1 < trace.program.logitsIndex
    }

    /// Computes one operation toward the one after the cursor's.
    public mutating func lookAhead() {
        if trace?.work(toward: stepper.wanted(at: stepper.index + 1)) != true { ahead = stepper.index }
    }
}
