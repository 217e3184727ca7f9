/// Many passes of one program over as many tokens each, computed together: what a question over many inputs or many edits
/// asks for.
///
/// They go through the program side by side, the rows of one after those of another, so that each matrix is read once for
/// all. A pass that is edited joins where its edits begin, and has everything before from the pass that it was made from;
/// rows that nobody asks for, or that no edit can reach, are left out. Its numbers may differ from those of a single pass
/// by 1e-5 of the largest, since products of many rows are cut in other places.
///
/// ```swift
/// let runs = (0..<3).map { Batch.Run(edits: [Edit(.value(z), cells: [[5, $0, 0]], numbers: [0])]) }
/// let batch = Batch(over: trace, runs, wanted: [trace.program.logitsIndex: 5])
/// while batch.step() {}
/// try batch[2].peekLogits(at: 5)
/// ```
public final class Batch {
    /// One of the passes.
    public struct Run {
        /// Which of the passes below it is made from.
        public let input: Int
        /// What is changed in it: values and σ, no weights.
        public let edits: [Edit]

        /// A pass that is made from another.
        public init(input: Int = 0, edits: [Edit]) { (self.input, self.edits) = (input, edits) }
    }

    /// What the passes are made from.
    private enum Base {
        case tokens([[Int]])
        case pass(Trace)
        case batch(Batch)
    }

    /// Rows of an operation for the first `count` runs, from position `lower` on.
    private struct Stack {
        var outcome: Outcome
        let count: Int
        let lower: Int
    }

    /// The operations that are run.
    public let program: Program
    let weights: Weights
    private let base: Base
    /// Of each run what is changed in the pass that it is made from, and stays so.
    private let below: [[Edit]]
    /// The runs, those that begin to differ earlier first, and where each of them is.
    private let runs: [(run: Run, start: Int)]
    private let places: [Int]
    /// By operation, the first row that is computed; nil where none is.
    private var lower: [Int?]
    private var lastReader: [Int]
    /// Rows before this one are those of the pass below, in all runs.
    private let firstChanged: Int
    private let kept: Set<Int>
    private var stacks: [Stack?]
    private var next = 0

    /// How many passes there are.
    public var count: Int { runs.count }

    /// Passes over several texts of one length.
    ///
    /// - Parameters:
    ///   - edits: for each text what is changed, weights apart; none for nothing.
    ///   - weightEdits: what is changed in the weights of all of them.
    ///   - wanted: the operations whose values are asked for, by index, each with the first position that is.
    ///   - keepsAll: whether all values are kept, so that other passes can be made from these.
    public convenience init(
        _ program: Program, _ weights: Weights, tokens: [[Int]], edits: [[Edit]] = [], weightEdits: [Edit] = [],
        wanted: [Int: Int], keepsAll: Bool = false
    ) {
        self.init(
            program, weights.edited(by: weightEdits), .tokens(tokens),
            tokens.indices.map { (Run(input: $0, edits: edits.isEmpty ? [] : edits[$0]), -1) }, wanted, keepsAll)
    }

    /// Passes that are made from one.
    ///
    /// - Parameter weightEdits: what is changed in the weights of all of them.
    public convenience init(over pass: Trace, _ runs: [Run], weightEdits: [Edit] = [], wanted: [Int: Int]) {
        self.init(pass.program, pass.weights, .pass(pass), runs, weightEdits, wanted)
    }

    /// Passes that are made from others, all of whose values were kept.
    public convenience init(over batch: Batch, _ runs: [Run], weightEdits: [Edit] = [], wanted: [Int: Int]) {
        self.init(batch.program, batch.weights, .batch(batch), runs, weightEdits, wanted)
    }

    private convenience init(
        _ program: Program, _ weights: Weights, _ base: Base, _ runs: [Run], _ weightEdits: [Edit],
        _ wanted: [Int: Int]
    ) {
        let first = weightEdits.flatMap(program.changed).min().map { $0 - 1 } ?? .max
        self.init(
            program, weights.edited(by: weightEdits), base,
            runs.map { run in (run, min(first, run.edits.flatMap(program.changed).min() ?? .max)) }, wanted, false)
    }

    private init(
        _ program: Program, _ weights: Weights, _ base: Base, _ runs: [(Run, start: Int)],
        _ wanted: [Int: Int], _ keepsAll: Bool
    ) {
        (self.program, self.weights, self.base) = (program, weights, base)
        let order = runs.indices.sorted { (runs[$0].start, $0) < (runs[$1].start, $1) }
        self.runs = order.map { runs[$0] }
        let below = order.map { place -> [Edit] in
            switch base {
            case .tokens: []
            case .pass(let pass): pass.edits.filter { !$0.isOfWeights }
            case .batch(let batch): batch.changes(of: runs[place].0.input)
            }
        }
        self.below = below
        var places = order
        for (place, run) in order.enumerated() { places[run] = place }
        self.places = places
        stacks = Array(repeating: nil, count: program.nodes.count)
        kept = keepsAll ? Set(program.nodes.indices) : Set(wanted.keys)
        (lower, lastReader) = (Array(repeating: nil, count: program.nodes.count), Array(program.nodes.indices))
        for (node, row) in wanted { lower[node] = row }
        if keepsAll { for node in 0..<program.logitsIndex { lower[node] = 0 } }
        // What all rows are changed by is there for all rows.
        let whole = (below.flatMap(\.self) + runs.flatMap { $0.0.edits }).filter { !$0.isRowWise }.flatMap(
            program.changed)
        let T = program.tokenCount
        for index in (0...program.logitsIndex).reversed() {
            if lower[index] != nil, whole.contains(index) { lower[index] = 0 }
            guard let first = lower[index] else { continue }
            let node = program.nodes[index]
            for (input, source) in node.inputs.enumerated() {
                let rows = node.rowOperation?.rows(of: input, for: first..<T) ?? 0..<T
                lower[source] = min(lower[source] ?? T, rows.lowerBound)
                lastReader[source] = max(lastReader[source], index)
            }
        }
        // Rows before the first that is changed are those of the pass below.
        let isOfAll = runs.contains { $0.start < 0 || $0.0.edits.isEmpty } || !whole.isEmpty || runs.isEmpty
        let isMap = wanted.keys.contains { program.nodes[$0].isAttention }
        firstChanged = isOfAll || isMap ? 0 : runs.flatMap { $0.0.edits.map(\.firstPosition) }.min() ?? 0
        for index in lower.indices { lower[index] = lower[index].map { [firstChanged] in max($0, firstChanged) } }
    }

    /// How many passes of a program go side by side in so much memory; more of it would not be reused from block to block.
    public static func mostRuns(_ program: Program, bytes: Int = 48 << 20) -> Int {
        let widest = program.nodes.prefix(program.logitsIndex).map(\.elementCount).max() ?? 1
        let block = program.nodes.filter { $0.block == 0 }.reduce(0) { $0 + $1.elementCount }
        return max(1, bytes / (4 * max(block, 4 * widest)))
    }

    /// One of the passes, in the order in which they were given.
    public subscript(run: Int) -> any Values { BatchPass(self, places[run]) }

    // MARK: Computing

    /// Computes the next operation for all runs; false when all is there.
    public func step() -> Bool {
        while next <= program.logitsIndex {
            let index = next
            next += 1
            guard let first = lower[index], first < program.tokenCount else { continue }
            let all = runs.prefix { $0.start <= index }.count
            guard all > 0 else { continue }
            compute(index, first..<program.tokenCount, all)
            for source in program.nodes[index].inputs where lastReader[source] == index && !kept.contains(source) {
                stacks[source] = nil
            }
            return true
        }
        return false
    }

    private func compute(_ index: Int, _ rows: Range<Int>, _ all: Int) {
        let node = program.nodes[index]
        guard let operation = node.rowOperation else { preconditionFailure("\(node.address) depends on the sampling") }
        let own = runs.prefix { $0.start < index }.count
        var parts: [Outcome] = []
        if own > 0 {
            let inputs = node.inputs.enumerated().map { input, source in
                gather(source, operation.rows(of: input, for: rows), own)
            }
            parts = [
                operation.result(
                    Piece(
                        node: node, positions: rows, tokens: runs[..<own].flatMap { tokens($0.run)[rows] }[...],
                        inputs: inputs, weights: weights, runs: own))
            ]
        }
        parts += (own..<all).map { place in
            let known = self.below(index, runs[place].run.input, rows)
            return Outcome(value: known.value, statistics: known.statistics)
        }
        var outcome = parts.count == 1 ? parts[0] : Self.stacked(parts)
        // What was copied has the changes below in it.
        let changes = (0..<all).map { ($0 < own ? below[$0].of(index) : []) + runs[$0].run.edits.of(index) }
        if changes.contains(where: { !$0.isEmpty }) { outcome = apply(changes, to: outcome, index, rows) }
        stacks[index] = Stack(outcome: outcome, count: all, lower: rows.lowerBound)
    }

    private static func stacked(_ parts: [Outcome]) -> Outcome {
        var result = Outcome(value: Tensor(stacking: parts.map(\.value)))
        for statistic in parts[0].statistics.keys {
            result.statistics[statistic] = Tensor(stacking: parts.compactMap { $0.statistics[statistic] })
        }
        return result
    }

    /// An outcome with what is changed in each of the runs.
    private func apply(_ changes: [[Edit]], to outcome: Outcome, _ index: Int, _ rows: Range<Int>) -> Outcome {
        var parts: [Outcome] = []
        var start = 0
        func keep(_ end: Int) { if end > start { parts.append(outcome.part(start..<end, of: changes.count)) } }
        for (place, edits) in changes.enumerated() where !edits.isEmpty {
            keep(place)
            let mine = outcome.part(place..<place + 1, of: changes.count)
            parts.append(edits.applied(to: mine, of: index, positions: rows, BatchPass(self, place)))
            start = place + 1
        }
        keep(changes.count)
        return parts.count == 1 ? parts[0] : Self.stacked(parts)
    }

    /// All that is changed in a pass, in the order in which they were given.
    private func changes(of run: Int) -> [Edit] { below[places[run]] + runs[places[run]].run.edits }

    private func tokens(_ run: Run) -> [Int] {
        switch base {
        case .tokens(let tokens): tokens[run.input]
        case .pass(let pass): pass.tokens
        case .batch(let batch): batch.tokens(batch.runs[batch.places[run.input]].run)
        }
    }

    /// Rows of an operation of the first `count` runs, one after another.
    private func gather(_ index: Int, _ rows: Range<Int>, _ count: Int) -> Tensor {
        let stack = stacks[index]
        if let stack, stack.count == count, stack.lower == rows.lowerBound { return stack.outcome.value }
        if stack == nil, case .batch(let batch) = base, batch.count == count,
            runs[..<count].indices.allSatisfy({ batch.places[runs[$0].run.input] == $0 }),
            let below = batch.stacks[index], below.lower == rows.lowerBound
        {
            return below.outcome.value
        }
        return Tensor(
            stacking: (0..<count).flatMap { place -> [Tensor] in
                guard let stack, place < stack.count else { return [below(index, runs[place].run.input, rows).value] }
                let mine = stack.outcome.part(place..<place + 1, of: stack.count).value
                guard stack.lower != rows.lowerBound else { return [mine] }
                if rows.lowerBound > stack.lower {
                    let part = rows.lowerBound - stack.lower..<program.tokenCount - stack.lower
                    return [
                        program.nodes[index].isAttention
                            ? mine.queries(part, keys: mine.columnCount) : mine.rows(part)
                    ]
                }
                return [below(index, runs[place].run.input, rows.lowerBound..<stack.lower).value, mine]
            })
    }

    /// Rows of an operation of a pass that others are made from.
    private func below(_ index: Int, _ input: Int, _ rows: Range<Int>) -> Outcome {
        do {
            return try passBelow(input).outcome(index, rows)
        } catch { preconditionFailure("\(program.nodes[index].address) is not there: \(error)") }
    }

    func passBelow(_ input: Int) throws(Absence) -> any Values {
        switch base {
        case .tokens: throw .notComputed
        case .pass(let pass): pass
        case .batch(let batch): batch[input]
        }
    }

    // MARK: Values

    /// Rows of an operation of one run.
    func peek(_ index: Int, _ rows: Range<Int>, _ place: Int) throws(Absence) -> Rows {
        guard index <= program.logitsIndex else { throw .notComputed }
        let (run, start) = runs[place]
        guard start <= index else {
            let below = try passBelow(run.input)
            return Rows(positions: rows, outcome: try below.outcome(index, rows))
        }
        guard let stack = stacks[index], place < stack.count else { throw .notComputed }
        let mine = stack.outcome.part(place..<place + 1, of: stack.count)
        guard rows.lowerBound < stack.lower else {
            let all = Rows(positions: stack.lower..<program.tokenCount, outcome: mine)
            // Of logits those that were asked for.
            guard index == program.logitsIndex else { return all }
            let value = mine.value.rows(rows.lowerBound - stack.lower..<rows.upperBound - stack.lower)
            return Rows(positions: rows, outcome: Outcome(value: value))
        }
        guard stack.lower == firstChanged else { throw .notComputed }
        guard index != program.logitsIndex || rows.upperBound > stack.lower else {
            return Rows(positions: rows, outcome: try passBelow(run.input).outcome(index, rows))
        }
        let before = try passBelow(run.input).outcome(index, 0..<stack.lower)
        return Rows(positions: 0..<program.tokenCount, outcome: Self.stacked([before, mine]))
    }

    func tokens(at place: Int) -> [Int] { tokens(runs[place].run) }
}

extension Outcome {
    /// Some of so many runs that stand one after another.
    fileprivate func part(_ runs: Range<Int>, of count: Int) -> Outcome {
        func part(_ tensor: Tensor) -> Tensor {
            let rows = tensor.shape[0] / count
            return tensor.rows(runs.lowerBound * rows..<runs.upperBound * rows)
        }
        return count == runs.count ? self : Outcome(value: part(value), statistics: statistics.mapValues(part))
    }
}
