import GPTEngine
import GPTStepper

/// What is computed between two looks at the keyboard, a piece at a time.
extension App {
    /// What is to be there: what the screen shows, or the answer where a token is to be taken.
    private var goal: [Wanted] { pendingTakes > 0 ? [.answer(stepper.tokens.count - 1)] : stepper.wanted() }

    /// The operation that is to be computed next; nil when there is none.
    var nextWork: Int? { trace?.next(toward: goal) }

    /// Whether there is something to compute.
    public var isBusy: Bool {
        !isInterrupted && (pendingTakes > 0 || !typedAhead.isEmpty || nextWork != nil || panelNeedsWork)
    }

    /// Whether what stands in front waits for numbers.
    private var panelNeedsWork: Bool {
        guard trace != nil else { return false }
        switch panel {
        case nil where stepper.node.hasHeadMaps && nextWork == nil:
            return stepper.node.block.map { atlas.heads(of: $0).count < stepper.node.shape[0] } ?? false
        case .ledger(let ledger): return ledger.needsWork(stepper.program)
        case .heads(let heads): return heads.needsWork(atlas)
        case .lens(let lens): return lens.table.needsWork(positions(lens))
        case .help, .models, .prompt, .sampling, .continuations, nil: return false
        }
    }

    private mutating func workForPanel() {
        guard let trace else { return }
        switch panel {
        case nil where stepper.node.hasHeadMaps:
            _ = atlas.work(trace, stepper.node.block)
        case .ledger(var ledger):
            _ = ledger.top.work(trace, sampling)
            panel = .ledger(ledger)
        case .heads(let heads): _ = atlas.work(trace, heads.block)
        case .lens(var lens):
            _ = lens.table.work(trace, positions(lens))
            panel = .lens(lens)
        case .help, .models, .prompt, .sampling, .continuations, nil: break
        }
    }

    /// Computes one operation, or takes the token that all of them lead to.
    public mutating func work() {
        guard pendingTakes > 0 else {
            // A key that was typed ahead acts on what those before it led to.
            if !typedAhead.isEmpty {
                let effect = handleNow(.key(typedAhead.removeFirst()))
                if effect != .none { deferred.append(effect) }
                return
            }
            // What is in front comes first: each would drop the other's values where memory is short.
            if panelNeedsWork { workForPanel() } else { _ = trace?.work(toward: goal) }
            return
        }
        if trace?.work(toward: goal) == true { return }
        pendingTakes -= 1
        take()
        lookAtTour()
    }

    /// Whether the operation after the cursor's is worth being made ready: once a place, and with room for both.
    var canLookAhead: Bool {
        guard let trace, ahead != stepper.index, panel == nil, !isBusy, !isInterrupted, !stepper.isPlaying else {
            return false
        }
        return 3 * trace.program.workingBytes <= trace.store.budget && stepper.index + 1 < trace.program.logitsIndex
    }

    /// Computes one operation toward the one after the cursor's.
    mutating func lookAhead() {
        if trace?.work(toward: stepper.wanted(at: stepper.index + 1)) != true { ahead = stepper.index }
    }

    /// What keys that were typed ahead ask for, once.
    mutating func takeDeferred() -> [Effect] {
        defer { deferred = [] }
        return deferred
    }
}

extension Node {
    /// Whether the maps of all heads stand beside it.
    var hasHeadMaps: Bool { isAttention && givesShares }
}
