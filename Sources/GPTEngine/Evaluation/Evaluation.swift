/// Computes what is wanted of some runs of one program, an operation at a time.
///
/// It walks from what is wanted back to what can run now. Runs that wait for the same operation have their rows stacked
/// into one product; a run with edits computes what these change and reads the rest where it is.
public struct Evaluation {
    /// What is wanted.
    public let wanted: Wanted
    /// What stays in memory beside it, of the first run.
    private let spared: Set<Int>
    /// What waits for one another, what can run now at the end.
    private var path: [Goal] = []
    /// What one row made of a matrix that several operations share by columns.
    private var shared: (parameter: String, positions: Range<Int>, result: Tensor)?

    /// Rows of an operation that are to be there.
    private struct Goal {
        let run: Int
        let node: Int
        let rows: Range<Int>
        /// Whether they have the bits that they have among all rows of their piece.
        let isExact: Bool
    }

    /// - Parameter others: what is wanted at the same time, and is not dropped for this.
    public init(_ wanted: Wanted, beside others: [Wanted] = []) {
        self.wanted = wanted
        spared = Set(others.compactMap { if case .value(let node) = $0 { node } else { nil } })
    }

    /// Computes one operation, for each run that waits for it; nil when all is there.
    ///
    /// - Parameter runs: runs of one program, over as many tokens; the same every time.
    public mutating func step(_ runs: [Trace]) -> Int? {
        guard let goal = nextGoal(runs) else { return nil }
        compute(goal, runs)
        path.removeLast()
        return goal.node
    }

    /// The operation that runs next; nil when all is there.
    public mutating func next(_ runs: [Trace]) -> Int? { nextGoal(runs)?.node }

    // MARK: The way

    private func goal(_ run: Int, _ runs: [Trace]) -> Goal? {
        let all = 0..<runs[run].tokens.count
        let last = runs[run].program.logitsIndex
        switch wanted {
        case .value(let node): return Goal(run: run, node: node, rows: all, isExact: true)
        case .rows(let node, let rows): return Goal(run: run, node: node, rows: rows, isExact: false)
        case .answer(let position): return Goal(run: run, node: last, rows: position..<position + 1, isExact: true)
        case .lens, .weight: return nil
        }
    }

    private mutating func nextGoal(_ runs: [Trace]) -> Goal? {
        while let last = path.last, isThere(last, runs) { path.removeLast() }
        if path.isEmpty {
            for run in runs.indices where path.isEmpty {
                if let open = goal(run, runs), !isThere(open, runs) { path = [open] }
            }
        }
        while let waiting = path.last.flatMap({ missing($0, runs) }) { path.append(waiting) }
        return path.last
    }

    /// What must be there before a goal can run; where runs can be joined, what the others lack for the same.
    private func missing(_ goal: Goal, _ runs: [Trace]) -> Goal? {
        if let mine = inputs(goal, runs).first(where: { !isThere($0, runs) }) { return mine }
        guard runs.count > 1 else { return nil }
        let owner = runs[goal.run].owner(of: goal.node)
        for place in runs.indices where place != goal.run && runs[place].owner(of: goal.node) !== owner {
            let other = Goal(run: place, node: goal.node, rows: goal.rows, isExact: goal.isExact)
            guard !isThere(other, runs) else { continue }
            if let waiting = inputs(other, runs).first(where: { !isThere($0, runs) }) { return waiting }
        }
        return nil
    }

    private func isThere(_ goal: Goal, _ runs: [Trace]) -> Bool {
        let owner = runs[goal.run].owner(of: goal.node)
        if goal.node < owner.program.logitsIndex, let entry = owner.shelf.entries[goal.node],
            entry.rows >= goal.rows.upperBound
        {
            return true
        }
        return owner.shelf.beside(goal.node, goal.rows, isExact: goal.isExact) != nil
    }

    /// What an operation reads for the rows that are to be computed.
    private func inputs(_ goal: Goal, _ runs: [Trace]) -> [Goal] {
        let run = runs[goal.run]
        let node = run.program.nodes[goal.node]
        guard let operation = node.rowOperation else { return [] }
        let rows = rowsToCompute(goal, runs)
        return node.inputs.enumerated().map { input, source in
            var needed = operation.rows(of: input, for: rows)
            // Earlier queries meet the keys that come.
            if rows.lowerBound > 0, isFirst(rows, goal, runs), operation.isProduct, node.isAttention, input == 0 {
                needed = 0..<rows.upperBound
            }
            // What is read of all rows before is read as it is among them.
            return Goal(run: goal.run, node: source, rows: needed, isExact: goal.isExact || needed != rows)
        }
    }

    /// The rows that a goal takes: what is missing of it; of products whole pieces, unless it is for a look.
    private func rowsToCompute(_ goal: Goal, _ runs: [Trace]) -> Range<Int> {
        let owner = runs[goal.run].owner(of: goal.node)
        guard goal.isExact, goal.node < owner.program.logitsIndex else { return goal.rows }
        var rows = goal.rows
        if owner.program.nodes[goal.node].rowOperation?.isProduct == true {
            for piece in owner.pieces where piece.overlaps(rows) {
                rows = min(rows.lowerBound, piece.lowerBound)..<max(rows.upperBound, piece.upperBound)
            }
        }
        let known = owner.shelf.entries[goal.node]?.rows ?? 0
        return goal.rows.lowerBound == 0 || rows.lowerBound == 0 ? known..<rows.upperBound : rows
    }

    /// Whether rows go on from the first ones, and not beside them.
    private func isFirst(_ rows: Range<Int>, _ goal: Goal, _ runs: [Trace]) -> Bool {
        let owner = runs[goal.run].owner(of: goal.node)
        guard goal.isExact, goal.node < owner.program.logitsIndex, goal.rows.lowerBound == 0 || rows.lowerBound == 0
        else { return false }
        return rows.lowerBound == owner.shelf.entries[goal.node]?.rows ?? 0
            && owner.pieces.contains { $0.upperBound == rows.upperBound }
    }

    // MARK: Computing

    private mutating func compute(_ goal: Goal, _ runs: [Trace]) {
        let owner = runs[goal.run].owner(of: goal.node)
        let (rows, node) = (rowsToCompute(goal, runs), owner.program.nodes[goal.node])
        guard let operation = node.rowOperation else { preconditionFailure("\(node.address) depends on the sampling") }
        let others = companions(goal, rows, operation, runs)
        let isFirst = isFirst(rows, goal, runs)
        if isFirst { makeRoom(for: node, rows, owner, runs) }
        // What is exact is computed in the pieces in which it always is.
        let isWhole = goal.isExact && goal.node < owner.program.logitsIndex
        let pieces = isWhole ? owner.pieces.filter { $0.overlaps(rows) }.map { $0.clamped(to: rows) } : [rows]
        let parts = pieces.map { piece -> [Outcome] in
            if isFirst, others.isEmpty, let tail = owner.shelf.tails[goal.node], tail.positions == piece {
                return [tail.outcome]
            }
            return outcomes(
                [owner] + others, goal.node, piece, operation, isExact: goal.isExact, isAlone: runs.count == 1)
        }
        for (place, run) in ([owner] + others).enumerated() {
            let mine = zip(pieces, parts).map { Rows(positions: $0, outcome: $1[place]) }
            if isFirst {
                run.keep(mine, of: goal.node)
            } else {
                let kept = Rows(positions: rows, outcome: run.joined(mine, of: goal.node))
                run.shelf.putBeside(kept, goal.node, isExact: goal.isExact)
            }
        }
    }

    /// Other runs that wait for the same rows and can run now.
    private func companions(
        _ goal: Goal, _ rows: Range<Int>, _ operation: any RowOperation, _ runs: [Trace]
    ) -> [Trace] {
        guard runs.count > 1, operation.isRowWise else { return [] }
        let owner = runs[goal.run].owner(of: goal.node)
        var found: [Trace] = []
        for place in runs.indices where place != goal.run {
            let mine = Goal(run: place, node: goal.node, rows: goal.rows, isExact: goal.isExact)
            let other = runs[place].owner(of: goal.node)
            guard other !== owner, !found.contains(where: { $0 === other }), !isThere(mine, runs),
                rowsToCompute(mine, runs) == rows,
                other.pieces == owner.pieces, inputs(mine, runs).allSatisfy({ isThere($0, runs) }),
                other.weights.agree(with: owner.weights, on: owner.program.nodes[goal.node].reads.map(\.parameter))
            else { continue }
            found.append(other)
        }
        return found
    }

    /// Some rows of an operation for each of some runs: stacked into one call where there are several.
    private mutating func outcomes(
        _ owners: [Trace], _ index: Int, _ rows: Range<Int>, _ operation: any RowOperation, isExact: Bool, isAlone: Bool
    ) -> [Outcome] {
        let node = owners[0].program.nodes[index]
        let pieces = owners.map { run in
            Piece(
                node: node, positions: rows, tokens: run.tokens[rows],
                inputs: node.inputs.enumerated().map { input, source in
                    run.owner(of: source).rows(of: source, operation.rows(of: input, for: rows), keys: rows.upperBound)
                }, weights: run.weights)
        }
        var results: [Outcome]
        if pieces.count > 1 {
            results = operation.stacked(pieces)
        } else if isExact, rows.count == 1, isAlone, let joint = joint(pieces[0], operation) {
            results = [Outcome(value: joint)]
        } else {
            results = [operation.result(pieces[0])]
        }
        for (place, run) in owners.enumerated() {
            for edit in run.edits where edit.target == .value(index) {
                results[place] = edit.apply(to: results[place], positions: rows, isAttention: node.isAttention)
            }
        }
        return results
    }

    /// One row is read from memory as fast as its matrix: what shares a matrix goes through it together.
    private mutating func joint(_ piece: Piece, _ operation: any RowOperation) -> Tensor? {
        guard let columns = piece.node.reads.first?.columns else { return nil }
        let parameter = piece.node.reads[0].parameter.name
        if shared?.parameter != parameter || shared?.positions != piece.positions {
            guard let result = operation.shared(piece) else { return nil }
            shared = (parameter, piece.positions, result)
        }
        guard let all = shared?.result.reshaped([piece.node.reads[0].parameter.shape[1]]) else { return nil }
        return all.rows(columns).reshaped([1] + piece.node.shape.dropFirst())
    }

    private func makeRoom(for node: Node, _ rows: Range<Int>, _ owner: Trace, _ runs: [Trace]) {
        // Known rows are put together with new ones, which takes as much again.
        let more = rows.lowerBound > 0 ? 4 * node.elementCount : 0
        owner.store.makeRoom(for: node.elementCount, more: more) {
            var kept: [ObjectIdentifier: Set<Int>] = [:]
            func keep(_ node: Int, of run: Trace) {
                kept[ObjectIdentifier(run.owner(of: node).shelf), default: []].insert(node)
            }
            for goal in path {
                keep(goal.node, of: runs[goal.run])
                for input in runs[goal.run].program.nodes[goal.node].inputs { keep(input, of: runs[goal.run]) }
            }
            for node in spared { keep(node, of: runs[0]) }
            return kept
        }
    }
}

extension RowOperation {
    /// The rows of several pieces of one operation, from one call over all of them.
    func stacked(_ pieces: [Piece]) -> [Outcome] {
        let count = pieces[0].count
        let first = pieces[0]
        let inputs = first.inputs.indices.map { input in Tensor(stacking: pieces.map { $0.inputs[input] }) }
        let whole = result(
            Piece(
                node: first.node,
                positions: first.positions.lowerBound..<first.positions.lowerBound + count * pieces.count,
                tokens: pieces.flatMap(\.tokens)[...], inputs: inputs, weights: first.weights))
        return pieces.indices.map { place in
            let rows = place * count..<(place + 1) * count
            return Outcome(value: whole.value.rows(rows), statistics: whole.statistics.mapValues { $0.rows(rows) })
        }
    }
}
