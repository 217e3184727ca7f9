public import GPTEngine

/// A cursor over a program: where we are, what is selected, and how far the tokens go.
///
/// A pure value: it computes no numbers and knows no terminal. `index` is the operation at the cursor, which is
/// computed and shown; `revealed` is how many of its cells are, when it is run cell by cell.
public struct Stepper: Hashable, Sendable {
    /// How far a step goes.
    public enum Grain: Hashable, Sendable {
        /// One cell of this operation, row by row in the chosen head.
        case cell
        /// One operation.
        case operation
        /// To the first operation of the next sub-layer.
        case subLayer
        /// To the last operation of the block; from there, of the next.
        case block
        /// The same operation one block on.
        case sameOperation
    }

    /// Which way.
    public enum Direction: Int, Hashable, Sendable {
        /// Toward the input.
        case backward = -1
        /// Toward the output.
        case forward = 1
    }

    /// Why a step stayed where it was.
    public enum Stop: Hashable, Sendable {
        /// There is nothing before.
        case atFirst
        /// There is nothing after.
        case atLast
        /// No block that way has this operation.
        case noSuchOperation
        /// The context holds no more tokens.
        case contextFull
        /// No token was taken that could be given back.
        case nothingTaken
    }

    /// The pass that is stepped through.
    public private(set) var program: Program
    /// The program folded into its parts.
    public private(set) var timeline: Timeline
    /// The prompt and the tokens taken since.
    public private(set) var tokens: [Int]
    /// How many tokens the pass before this one had read, whose keys and values are still there; 0 for a new prompt.
    public private(set) var cachedCount = 0
    /// What was given back, the latest last: whole texts that can be taken up again.
    public private(set) var left: [[Int]] = []
    /// How many of the tokens are the prompt.
    public private(set) var promptCount: Int
    /// The operation at the cursor, counted from 0.
    public private(set) var index = 0
    /// How many cells of it are run, row by row; nil when all are.
    public private(set) var revealed: Int?
    /// Which cell one looks at.
    public private(set) var selection = Selection()
    /// Whether it steps by itself.
    public var isPlaying = false
    /// Milliseconds between two steps of its own.
    public private(set) var interval = 500

    /// Opens a pass over a prompt at its first operation, with the last token selected.
    ///
    /// - Parameter tokens: at least one, at most as many as the context holds.
    public init(_ configuration: Configuration, tokens: [Int]) {
        program = .gpt2(configuration, tokenCount: tokens.count)
        timeline = Timeline(program)
        self.tokens = tokens
        promptCount = tokens.count
        selection.position = tokens.count - 1
    }

    /// The operation at the cursor.
    public var node: Node { program.nodes[index] }
    /// The cells of it that are seen at a time.
    public var plane: Plane { Plane(of: node) }

    // MARK: Stepping

    /// Takes `count` steps; returns why it stayed, when it could not go the whole way.
    public mutating func step(_ grain: Grain, _ direction: Direction, count: Int = 1) -> Stop? {
        for _ in 0..<max(1, count) {
            if let stop = stepOnce(grain, direction) { return stop }
        }
        return nil
    }

    private mutating func stepOnce(_ grain: Grain, _ direction: Direction) -> Stop? {
        let isForward = direction == .forward
        switch grain {
        case .cell: return stepCell(direction)
        case .operation: return go(to: index + direction.rawValue)
        case .subLayer: return go(to: nearest(timeline.subLayerStarts, direction))
        case .block:
            let ends = timeline.sections.map { isForward ? $0.range.upperBound - 1 : $0.range.lowerBound }
            return go(to: nearest(ends, direction))
        case .sameOperation:
            guard let block = node.block, program.configuration.layerCount > block + direction.rawValue,
                block + direction.rawValue >= 0
            else { return .noSuchOperation }
            return program.index(node.name, block: block + direction.rawValue).map { go(to: $0) } ?? .noSuchOperation
        }
    }

    /// The closest of some places that way, or beyond the end where there is none.
    private func nearest(_ places: [Int], _ direction: Direction) -> Int {
        switch direction {
        case .forward: places.first { $0 > index } ?? program.nodes.count
        case .backward: places.last { $0 < index } ?? -1
        }
    }

    private mutating func stepCell(_ direction: Direction) -> Stop? {
        let cells = plane.count
        let next = (revealed ?? cells) + direction.rawValue
        if next > cells {
            if let stop = go(to: index + 1) { return stop }
            reveal(1)
        } else if next < 1 {
            return go(to: index - 1)
        } else {
            reveal(next)
        }
        return nil
    }

    /// Shows the first `count` cells and selects the last of them.
    private mutating func reveal(_ count: Int) {
        let plane = plane
        revealed = count < plane.count ? count : nil
        select(row: (count - 1) / plane.columnCount, column: (count - 1) % plane.columnCount)
    }

    /// Goes to an operation; all of its cells are run.
    @discardableResult
    public mutating func go(to target: Int) -> Stop? {
        guard target >= 0 else { return .atFirst }
        guard target < program.nodes.count else { return .atLast }
        index = target
        revealed = nil
        return nil
    }

    // MARK: Selection

    /// The row and the column of the selected cell on the plane of this operation.
    public var cell: (row: Int, column: Int) {
        let plane = plane
        return (
            plane.row.map { selection.index($0, of: node) } ?? 0,
            plane.column.map { selection.index($0, of: node) } ?? 0
        )
    }

    /// Whether a cell has been run.
    public func isRevealed(row: Int, column: Int) -> Bool {
        revealed.map { row * plane.columnCount + column < $0 } ?? true
    }

    /// Moves the selected cell, stopping at the edges.
    public mutating func moveCell(rows: Int, columns: Int) {
        let (row, column) = cell
        select(row: row + rows, column: column + columns)
    }

    private mutating func select(row: Int, column: Int) {
        let plane = plane
        let (row, column) = (min(max(0, row), plane.rowCount - 1), min(max(0, column), plane.columnCount - 1))
        if let axis = plane.row { selection.set(axis, of: node, to: row) }
        if let axis = plane.column { selection.set(axis, of: node, to: column) }
    }

    /// Chooses another head, round and round.
    public mutating func moveHead(_ count: Int) {
        let heads = program.configuration.headCount
        selection.head = ((selection.head + count) % heads + heads) % heads
    }

    /// Chooses a head by its number, which must be one.
    mutating func selectHead(_ head: Int) { selection.head = head }

    /// Goes to a cell of an operation by its whole index.
    public mutating func visit(_ target: Int, at cell: [Int]) {
        guard program.nodes.indices.contains(target) else { return }
        go(to: target)
        for (axis, index) in zip(node.axes, cell) {
            selection.set(axis, of: node, to: index)
        }
    }

    /// Chooses a position.
    public mutating func select(position: Int) { selection.position = min(max(0, position), tokens.count - 1) }

    /// Chooses a query and a key.
    public mutating func select(key: Int, position: Int) {
        select(position: position)
        selection.key = min(max(0, key), tokens.count - 1)
    }

    /// Chooses a token of the vocabulary.
    public mutating func select(vocabulary id: Int?) { selection.vocabulary = id }

    // MARK: Tokens

    /// Appends a token and begins the longer pass.
    public mutating func take(_ token: Int) -> Stop? {
        guard tokens.count < program.configuration.contextLength else { return .contextFull }
        let before = tokens.count
        restart(tokens + [token])
        cachedCount = before
        return nil
    }

    /// Gives the last `count` taken tokens back, or as many as were taken, and lands where the first was sampled.
    public mutating func giveBack(_ count: Int = 1) -> Stop? {
        guard tokens.count > promptCount else { return .nothingTaken }
        keep()
        restart(tokens.dropLast(min(count, tokens.count - promptCount)))
        go(to: program.nodes.count - 1)
        return nil
    }

    /// Takes up a text again that was given back.
    public mutating func takeUp(_ text: [Int]) {
        left.removeAll { $0 == text }
        keep(unless: text)
        restart(text)
    }

    /// Keeps what is there among what was left. Of a text that is given back token by token, the whole is kept.
    private mutating func keep(unless next: [Int] = []) {
        let isKept = (left + [next]).contains { $0.starts(with: tokens) }
        if tokens.count > promptCount, !isKept { left.append(tokens) }
    }

    /// Begins a pass over another prompt.
    public mutating func edit(_ prompt: [Int]) {
        // The same prompt leads to the same continuations.
        if prompt == Array(tokens.prefix(promptCount)) { keep() } else { left = [] }
        promptCount = prompt.count
        restart(prompt)
    }

    private mutating func restart(_ tokens: some Sequence<Int>) {
        self.tokens = Array(tokens)
        cachedCount = 0
        program = .gpt2(program.configuration, tokenCount: self.tokens.count)
        timeline = Timeline(program)
        selection.position = self.tokens.count - 1
        selection.key = min(selection.key, selection.position)
        selection.vocabulary = nil
        isPlaying = false
        go(to: 0)
    }

    /// Plays faster or slower, between 20 steps a second and one in four seconds.
    public mutating func changePace(faster: Bool) {
        interval = min(4000, max(50, faster ? interval / 2 : interval * 2))
    }
}

extension Stepper {
    /// What the screen shows of an operation, what it reads among it: the one at the cursor unless said.
    public func wanted(at place: Int? = nil) -> [Wanted] {
        let place = min(place ?? index, program.nodes.count - 1)
        let node = program.nodes[place]
        let inputs = node.inputs.filter { $0 < program.logitsIndex }.map(Wanted.value)
        let own: Wanted = node.isAnswer ? .answer(selection.position) : .value(place)
        return inputs + [own] + node.reads.map { .weight($0.parameter) }
    }
}
