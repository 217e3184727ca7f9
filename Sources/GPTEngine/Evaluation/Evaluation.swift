/// Computes what is wanted of a run, an operation at a time.
///
/// It walks from what is wanted back to what can run now. A run with edits computes what these change and reads the rest
/// in the run that it was made from.
struct Evaluation {
    /// What is wanted.
    let wanted: Wanted
    /// What stays in memory beside it.
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
    init(_ wanted: Wanted, beside others: [Wanted] = []) {
        self.wanted = wanted
        spared = Set(others.compactMap { if case .value(let node) = $0 { node } else { nil } })
    }

    /// Computes one operation; nil when all is there.
    ///
    /// - Parameter run: the same every time.
    mutating func step(_ run: Trace) -> Int? {
        guard let task = nextTask(run) else { return nil }
        compute(task, run)
        path.removeLast()
        return task.goal.node
    }

    /// The operation that runs next; nil when all is there.
    mutating func next(_ run: Trace) -> Int? { nextTask(run)?.goal.node }

    // MARK: The way

    private func goal(_ run: Trace) -> Goal? {
        let all = 0..<run.tokens.count
        let last = run.program.logitsIndex
        switch wanted {
        case .value(let node): return Goal(node: node, rows: all, isExact: true)
        case .rows(let node, let rows): return goal(node, rows, isExact: false, run)
        case .answer(let position): return Goal(node: last, rows: position..<position + 1, isExact: true)
        case .lens, .weight: return nil
        }
    }

    /// Rows of an operation; all of them where an edit makes each depend on all.
    private func goal(_ node: Int, _ rows: Range<Int>, isExact: Bool, _ run: Trace) -> Goal {
        guard node < run.program.logitsIndex, run.owner(of: node).isChangedWhole(node) else {
            return Goal(node: node, rows: rows, isExact: isExact)
        }
        return Goal(node: node, rows: 0..<run.tokens.count, isExact: true)
    }

    private mutating func nextTask(_ run: Trace) -> Task? {
        while let last = path.last, isThere(last.goal, run) { path.removeLast() }
        if path.isEmpty, begin(run) { return path.last }
        while let waiting = path.last.flatMap({ firstMissing($0, run) }) { path.append(task(waiting, run)) }
        return path.last
    }

    /// Puts on the path what comes next of one way through the program, or else the goal; true where it can run at once.
    private mutating func begin(_ run: Trace) -> Bool {
        if swept != nil, swept == run.store.dropCount, let next = sweep.popLast() {
            path.append(next)
            return true
        }
        guard let open = goal(run), !isThere(open, run) else { return false }
        if swept == nil, open.isExact, run.hasRoomForAll() {
            (sweep, swept) = (way(to: open, run), run.store.dropCount)
            isRoomy = run.store.hasOnePass && run.hasRoomForAll(beside: BufferPool.freeBytes)
            return begin(run)
        }
        path = [task(open, run)]
        return false
    }

    /// All that must be computed for a goal, the first last: each is looked at once, and not for each that reads it.
    private func way(to open: Goal, _ run: Trace) -> [Task] {
        let nodes = run.program.nodes
        var needed = [Goal?](repeating: nil, count: open.node + 1)
        needed[open.node] = open
        var tasks: [Task] = []
        tasks.reserveCapacity(nodes.count)
        for index in (0...open.node).reversed() {
            guard let goal = needed[index], !isThere(goal, run) else { continue }
            let task = self.task(goal, run)
            tasks.append(task)
            for (input, source) in nodes[index].inputs.enumerated() {
                let more = need(task, input, nodes[index], run)
                guard let old = needed[source] else {
                    needed[source] = more
                    continue
                }
                let start = min(old.rows.lowerBound, more.rows.lowerBound)
                needed[source] = Goal(
                    node: source, rows: start..<max(old.rows.upperBound, more.rows.upperBound),
                    isExact: old.isExact || more.isExact)
            }
        }
        return tasks
    }

    private func task(_ goal: Goal, _ run: Trace) -> Task {
        let rows = rowsToCompute(goal, run)
        return Task(goal: goal, rows: rows, isFirst: isFirst(rows, goal, run))
    }

    private func isThere(_ goal: Goal, _ run: Trace) -> Bool {
        let owner = run.owner(of: goal.node)
        if goal.node < owner.program.logitsIndex, owner.shelf.rows(of: goal.node) >= goal.rows.upperBound {
            return true
        }
        return owner.shelf.beside(goal.node, goal.rows, isExact: goal.isExact) != nil
    }

    /// What is not there yet of what an operation reads for the rows that are to be computed.
    private func firstMissing(_ task: Task, _ run: Trace) -> Goal? {
        let node = run.program.nodes[task.goal.node]
        for input in node.inputs.indices {
            let needed = need(task, input, node, run)
            if !isThere(needed, run) { return needed }
        }
        return nil
    }

    /// What a task reads of one of its inputs.
    private func need(_ task: Task, _ input: Int, _ node: Node, _ run: Trace) -> Goal {
        var rows = node.rowOperation?.rows(of: input, for: task.rows) ?? task.rows
        // Earlier queries meet the keys that come.
        if task.isFirst, task.rows.lowerBound > 0, node.isProduct, node.isAttention, input == 0 {
            rows = 0..<task.rows.upperBound
        }
        // All logits are changed together where an edit says so.
        if task.goal.node == run.program.logitsIndex, run.owner(of: task.goal.node).isChangedWhole(task.goal.node) {
            rows = 0..<run.tokens.count
        }
        // What is read of all rows before is read as it is among them.
        return goal(node.inputs[input], rows, isExact: task.goal.isExact || rows != task.rows, run)
    }

    /// The rows that a goal takes: what is missing of it; of products whole pieces, unless it is for a look.
    private func rowsToCompute(_ goal: Goal, _ run: Trace) -> Range<Int> {
        let owner = run.owner(of: goal.node)
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
    private func isFirst(_ rows: Range<Int>, _ goal: Goal, _ run: Trace) -> Bool {
        let owner = run.owner(of: goal.node)
        guard goal.isExact, goal.node < owner.program.logitsIndex, goal.rows.lowerBound == 0 || rows.lowerBound == 0
        else { return false }
        return rows.lowerBound == owner.shelf.rows(of: goal.node)
            && owner.pieces.contains { $0.upperBound == rows.upperBound }
    }

    // MARK: Computing

    private mutating func compute(_ task: Task, _ run: Trace) {
        let (goal, rows, isFirst) = (task.goal, task.rows, task.isFirst)
        let owner = run.owner(of: goal.node)
        let node = owner.program.nodes[goal.node]
        guard let operation = node.rowOperation else { preconditionFailure("\(node.address) depends on the sampling") }
        if isFirst, !isRoomy || swept != owner.store.dropCount { makeRoom(for: node, rows, owner, run) }
        // What is exact is computed in the pieces in which it always is.
        let isWhole = goal.isExact && goal.node < owner.program.logitsIndex
        let isOnePiece = owner.pieces.count == 1 || owner.pieces.contains { $0.clamped(to: rows) == rows }
        if !isWhole || isOnePiece {
            let tail = isFirst ? owner.shelf.tails[goal.node] : nil
            let outcome =
                tail.flatMap { $0.positions == rows ? $0.outcome : nil }
                ?? outcome(owner, goal.node, rows, operation, isExact: goal.isExact)
            let result = Rows(positions: rows, outcome: outcome)
            guard isFirst else { return owner.shelf.putBeside(result, goal.node, isExact: goal.isExact) }
            owner.keep(result, of: goal.node)
        } else {
            let parts = owner.pieces.filter { $0.overlaps(rows) }.map { $0.clamped(to: rows) }.map { piece in
                let tail = isFirst ? owner.shelf.tails[goal.node] : nil
                return Rows(
                    positions: piece,
                    outcome: tail.flatMap { $0.positions == piece ? $0.outcome : nil }
                        ?? outcome(owner, goal.node, piece, operation, isExact: goal.isExact))
            }
            guard isFirst else {
                let kept = Rows(positions: rows, outcome: owner.joined(parts, of: goal.node))
                return owner.shelf.putBeside(kept, goal.node, isExact: goal.isExact)
            }
            owner.keep(parts, of: goal.node)
        }
        owner.changeWhole(goal.node)
    }

    /// Some rows of an operation.
    private mutating func outcome(
        _ owner: Trace, _ index: Int, _ rows: Range<Int>, _ operation: any RowOperation, isExact: Bool
    ) -> Outcome {
        if index == owner.program.logitsIndex, owner.isChangedWhole(index) {
            return Outcome(value: owner.allLogits.rows(rows))
        }
        let piece = piece(of: owner, index, rows, operation)
        let result = isExact && rows.count == 1 ? joint(piece, operation).map { Outcome(value: $0) } : nil
        let outcome = result ?? operation.result(piece)
        guard !owner.edits.isEmpty, !owner.isChangedWhole(index) else { return outcome }
        return owner.edits.applied(to: outcome, of: index, positions: rows, owner)
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

    private func makeRoom(for node: Node, _ rows: Range<Int>, _ owner: Trace, _ run: Trace) {
        // Known rows are put together with new ones, which takes as much again.
        let more = rows.lowerBound > 0 ? 4 * node.elementCount : 0
        owner.store.makeRoom(for: node.elementCount, more: more) {
            var kept: [ObjectIdentifier: Set<Int>] = [:]
            func keep(_ node: Int) {
                kept[ObjectIdentifier(run.owner(of: node).shelf), default: []].insert(node)
            }
            for task in path {
                keep(task.goal.node)
                for input in run.program.nodes[task.goal.node].inputs { keep(input) }
            }
            for node in spared { keep(node) }
            return kept
        }
    }
}
