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
    private var path: [Task] = []
    /// What is left of one way through the program, the next at the end, where all of it fits in memory.
    private var sweep: [Task] = []
    /// How often something had been dropped when that way was looked for; nil before it was.
    private var swept: Int?
    /// Whether all of it fits beside the memory that waits for reuse, too: nothing has to make room.
    private var isRoomy = false
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

    /// Rows of an operation that are to be computed for a goal, and whether they go on from its first ones.
    private struct Task {
        let goal: Goal
        let rows: Range<Int>
        let isFirst: Bool
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
        guard let task = nextTask(runs) else { return nil }
        compute(task, runs)
        path.removeLast()
        return task.goal.node
    }

    /// The operation that runs next; nil when all is there.
    public mutating func next(_ runs: [Trace]) -> Int? { nextTask(runs)?.goal.node }

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

    private mutating func nextTask(_ runs: [Trace]) -> Task? {
        while let last = path.last, isThere(last.goal, runs) { path.removeLast() }
        if path.isEmpty, begin(runs) { return path.last }
        while let waiting = path.last.flatMap({ missing($0, runs) }) { path.append(task(waiting, runs)) }
        return path.last
    }

    /// Puts on the path what comes next of one way through the program, or else the first goal that is open; true where it
    /// can run at once.
    private mutating func begin(_ runs: [Trace]) -> Bool {
        if swept != nil, swept == runs[0].store.dropCount, let next = sweep.popLast() {
            path.append(next)
            return true
        }
        for run in runs.indices where path.isEmpty {
            guard let open = goal(run, runs), !isThere(open, runs) else { continue }
            if swept == nil, runs.count == 1, open.isExact, runs[0].hasRoomForAll() {
                (sweep, swept) = (way(to: open, runs), runs[0].store.dropCount)
                isRoomy = runs[0].store.hasOnePass && runs[0].hasRoomForAll(beside: BufferPool.freeBytes)
                return begin(runs)
            }
            path = [task(open, runs)]
        }
        return false
    }

    /// All that must be computed for a goal, the first last: each is looked at once, and not for each that reads it.
    private func way(to open: Goal, _ runs: [Trace]) -> [Task] {
        let nodes = runs[open.run].program.nodes
        var needed = [Goal?](repeating: nil, count: open.node + 1)
        needed[open.node] = open
        var tasks: [Task] = []
        tasks.reserveCapacity(nodes.count)
        for index in (0...open.node).reversed() {
            guard let goal = needed[index], !isThere(goal, runs) else { continue }
            let task = self.task(goal, runs)
            tasks.append(task)
            for (input, source) in nodes[index].inputs.enumerated() {
                let more = need(task, input, nodes[index])
                guard let old = needed[source] else {
                    needed[source] = more
                    continue
                }
                let start = min(old.rows.lowerBound, more.rows.lowerBound)
                needed[source] = Goal(
                    run: old.run, node: source, rows: start..<max(old.rows.upperBound, more.rows.upperBound),
                    isExact: old.isExact || more.isExact)
            }
        }
        return tasks
    }

    private func task(_ goal: Goal, _ runs: [Trace]) -> Task {
        let rows = rowsToCompute(goal, runs)
        return Task(goal: goal, rows: rows, isFirst: isFirst(rows, goal, runs))
    }

    /// What must be there before a task can run; where runs can be joined, what the others lack for the same.
    private func missing(_ task: Task, _ runs: [Trace]) -> Goal? {
        if let mine = firstMissing(task, runs) { return mine }
        guard runs.count > 1 else { return nil }
        let goal = task.goal
        let owner = runs[goal.run].owner(of: goal.node)
        for place in runs.indices where place != goal.run && runs[place].owner(of: goal.node) !== owner {
            let other = Goal(run: place, node: goal.node, rows: goal.rows, isExact: goal.isExact)
            guard !isThere(other, runs) else { continue }
            if let waiting = firstMissing(self.task(other, runs), runs) { return waiting }
        }
        return nil
    }

    private func isThere(_ goal: Goal, _ runs: [Trace]) -> Bool {
        let owner = runs[goal.run].owner(of: goal.node)
        if goal.node < owner.program.logitsIndex, owner.shelf.rows(of: goal.node) >= goal.rows.upperBound {
            return true
        }
        return owner.shelf.beside(goal.node, goal.rows, isExact: goal.isExact) != nil
    }

    /// What is not there yet of what an operation reads for the rows that are to be computed.
    private func firstMissing(_ task: Task, _ runs: [Trace]) -> Goal? {
        let node = runs[task.goal.run].program.nodes[task.goal.node]
        for input in node.inputs.indices {
            let needed = need(task, input, node)
            if !isThere(needed, runs) { return needed }
        }
        return nil
    }

    /// What a task reads of one of its inputs.
    private func need(_ task: Task, _ input: Int, _ node: Node) -> Goal {
        var rows = node.rowOperation?.rows(of: input, for: task.rows) ?? task.rows
        // Earlier queries meet the keys that come.
        if task.isFirst, task.rows.lowerBound > 0, node.isProduct, node.isAttention, input == 0 {
            rows = 0..<task.rows.upperBound
        }
        // What is read of all rows before is read as it is among them.
        return Goal(
            run: task.goal.run, node: node.inputs[input], rows: rows,
            isExact: task.goal.isExact || rows != task.rows)
    }

    /// The rows that a goal takes: what is missing of it; of products whole pieces, unless it is for a look.
    private func rowsToCompute(_ goal: Goal, _ runs: [Trace]) -> Range<Int> {
        let owner = runs[goal.run].owner(of: goal.node)
        guard goal.isExact, goal.node < owner.program.logitsIndex else { return goal.rows }
        var rows = goal.rows
        let pieces = owner.pieces
        if pieces.count == 1 {
            // All rows come in one piece.
            if owner.program.nodes[goal.node].isProduct { rows = pieces[0] }
        } else if owner.program.nodes[goal.node].isProduct {
            for piece in pieces where piece.overlaps(rows) {
                rows = min(rows.lowerBound, piece.lowerBound)..<max(rows.upperBound, piece.upperBound)
            }
        }
        let known = owner.shelf.rows(of: goal.node)
        return goal.rows.lowerBound == 0 || rows.lowerBound == 0 ? known..<rows.upperBound : rows
    }

    /// Whether rows go on from the first ones, and not beside them.
    private func isFirst(_ rows: Range<Int>, _ goal: Goal, _ runs: [Trace]) -> Bool {
        let owner = runs[goal.run].owner(of: goal.node)
        guard goal.isExact, goal.node < owner.program.logitsIndex, goal.rows.lowerBound == 0 || rows.lowerBound == 0
        else { return false }
        return rows.lowerBound == owner.shelf.rows(of: goal.node)
            && owner.pieces.contains { $0.upperBound == rows.upperBound }
    }

    // MARK: Computing

    private mutating func compute(_ task: Task, _ runs: [Trace]) {
        let (goal, rows, isFirst) = (task.goal, task.rows, task.isFirst)
        let owner = runs[goal.run].owner(of: goal.node)
        let node = owner.program.nodes[goal.node]
        guard let operation = node.rowOperation else { preconditionFailure("\(node.address) depends on the sampling") }
        let others = runs.count > 1 ? companions(goal, rows, operation, runs) : []
        if isFirst, !isRoomy || swept != owner.store.dropCount { makeRoom(for: node, rows, owner, runs) }
        // What is exact is computed in the pieces in which it always is.
        let isWhole = goal.isExact && goal.node < owner.program.logitsIndex
        let isOnePiece = owner.pieces.count == 1 || owner.pieces.contains { $0.clamped(to: rows) == rows }
        if others.isEmpty, !isWhole || isOnePiece {
            // One run and one piece: what nearly all are.
            let tail = isFirst ? owner.shelf.tails[goal.node] : nil
            let outcome =
                tail.flatMap { $0.positions == rows ? $0.outcome : nil }
                ?? outcome(owner, goal.node, rows, operation, isExact: goal.isExact, isAlone: runs.count == 1)
            let result = Rows(positions: rows, outcome: outcome)
            return isFirst
                ? owner.keep(result, of: goal.node)
                : owner.shelf.putBeside(result, goal.node, isExact: goal.isExact)
        }
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
                other.pieces == owner.pieces, firstMissing(task(mine, runs), runs) == nil,
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
        guard owners.count > 1 else {
            return [outcome(owners[0], index, rows, operation, isExact: isExact, isAlone: isAlone)]
        }
        let results = operation.stacked(owners.map { piece(of: $0, index, rows, operation) })
        return zip(owners, results).map { $0.applyingEdits(to: $1, of: index, positions: rows) }
    }

    /// Some rows of an operation for one run.
    private mutating func outcome(
        _ owner: Trace, _ index: Int, _ rows: Range<Int>, _ operation: any RowOperation, isExact: Bool, isAlone: Bool
    ) -> Outcome {
        let piece = piece(of: owner, index, rows, operation)
        let result =
            isExact && rows.count == 1 && isAlone ? joint(piece, operation).map { Outcome(value: $0) } : nil
        return owner.applyingEdits(to: result ?? operation.result(piece), of: index, positions: rows)
    }

    /// Some rows of an operation with what they read.
    private func piece(of run: Trace, _ index: Int, _ rows: Range<Int>, _ operation: any RowOperation) -> Piece {
        let node = run.program.nodes[index]
        var inputs: [Tensor] = []
        inputs.reserveCapacity(node.inputs.count)
        for (input, source) in node.inputs.enumerated() {
            inputs.append(
                run.owner(of: source).rows(of: source, operation.rows(of: input, for: rows), keys: rows.upperBound))
        }
        return Piece(node: node, positions: rows, tokens: run.tokens[rows], inputs: inputs, weights: run.weights)
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
            for task in path {
                let run = runs[task.goal.run]
                keep(task.goal.node, of: run)
                for input in run.program.nodes[task.goal.node].inputs { keep(input, of: run) }
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

extension Trace {
    /// An outcome with what is changed in it.
    fileprivate func applyingEdits(to outcome: Outcome, of index: Int, positions: Range<Int>) -> Outcome {
        guard !edits.isEmpty else { return outcome }
        return edits.reduce(outcome) { outcome, edit in
            edit.target == .value(index)
                ? edit.apply(to: outcome, positions: positions, isAttention: program.nodes[index].isAttention) : outcome
        }
    }
}
