import GPTEngine
public import GPTFigures

extension Scene {
    /// What the operation at the cursor looks like.
    public var figure: Figure {
        Figure(title: Words.of(node).title, address: node.address, formula: formula, body: body)
    }

    /// Its heatmaps, the result first, then the operands from the last to the first; weights among them.
    public var heatmaps: [Heatmap] {
        if case .equation(let equation, _, _) = body { return equation.heatmaps.reversed() }
        guard node.isLogits else { return [] }
        // The listed bars are no heatmap; what they are made of is.
        let shape = node.reads[0].parameter.shape
        let unembedding = Heatmap.weight(
            self, 0, weight(0).map { Slice($0) }, named: node.reads[0].symbol, rows: shape[0], columns: shape[1],
            row: vocabulary)
        return [.operand(self, 0, row: selection.position), unembedding]
    }

    /// The picture of the operation at the cursor: the one place that asks which operation it is. A new one that does not
    /// look like a matrix needs a line here and a function in this folder.
    private var body: Figure.Body {
        switch node.operation {
        case is Tokens: return .tokens(tokenTable)
        case let lookup as Lookup: return .embedding(self, lookup)
        case is Add: return .residual(self)
        case is Normalize: return .normalized(self)
        case is ScaleAndShift: return .normOut(self)
        case let linear as Linear: return linear.headCount == nil ? .linear(self) : .projection(self)
        case let scores as Scores: return .scores(self, scores)
        case is Mask: return .maskedScores(self)
        case is Mix: return .mixture(self)
        case let activate as Activate: return .activation(self, activate.activation)
        case is Softmax where node.isAttention: return .pattern(self)
        default: return node.isAnswer ? .output(self) : .operands(self)
        }
    }

    private var tokenTable: TokenTable {
        let rows = stepper.tokens.enumerated().map { position, token in
            TokenTable.Row(
                position: position, name: model.label(token),
                id: stepper.isRevealed(row: position, column: 0) ? token : nil)
        }
        return TokenTable(rows, selected: selection.position, address: node.address)
    }
}

extension Figure.Body {
    /// What an operation reads, and what it makes of it: the picture of those that have none of their own.
    static func operands(_ scene: Scene) -> Figure.Body {
        let (row, column) = scene.stepper.cell
        let operands = scene.node.inputs.indices.map { place -> Heatmap in
            let isAlike = scene.stepper.program.nodes[scene.node.inputs[place]].shape == scene.node.shape
            return .operand(scene, place, row: row, column: isAlike ? column : nil)
        }
        guard let first = operands.first else { return .equation(Equation(.result(scene))) }
        let others = operands.dropFirst().map { (",", $0) }
        return .equation(Equation(first, others + [("→", .result(scene))]))
    }
}

extension Heatmap {
    /// The result of the operation at the cursor: positions downward, the selected cell marked.
    static func result(_ scene: Scene, named title: String? = nil) -> Heatmap {
        let plane = scene.stepper.plane
        let (row, column) = scene.stepper.cell
        var heatmap = Heatmap(title: title ?? scene.node.name, rows: plane.rowCount, columns: plane.columnCount)
        heatmap.address = scene.node.address
        heatmap.slice = scene.slice(of: scene.stepper.index)
        heatmap.absence = scene.absenceText
        heatmap.rowNames = scene.positionNames
        if scene.cacheNote != nil {
            // What is new in this pass carries a sign; the rest was kept.
            for position in scene.stepper.cachedCount..<scene.stepper.tokens.count {
                heatmap.rowNames[position] = "+" + heatmap.rowNames[position]
            }
        }
        heatmap.revealed = scene.stepper.revealed
        heatmap.isResult = true
        (heatmap.row, heatmap.column) = (row, column)
        return heatmap
    }

    /// An operand that the operation at the cursor reads: positions downward.
    static func operand(_ scene: Scene, _ place: Int, row: Int? = nil, column: Int? = nil) -> Heatmap {
        value(scene, of: scene.node.inputs[place], row: row, column: column)
    }

    /// The value of any operation, by index: positions downward.
    static func value(_ scene: Scene, of index: Int, row: Int? = nil, column: Int? = nil) -> Heatmap {
        let node = scene.stepper.program.nodes[index]
        let plane = Plane(of: node)
        var heatmap = Heatmap(title: node.name, rows: plane.rowCount, columns: plane.columnCount)
        heatmap.address = node.address
        heatmap.slice = scene.slice(of: index)
        heatmap.absence = scene.absenceText
        heatmap.rowNames = scene.positionNames
        (heatmap.row, heatmap.column) = (row, column)
        return heatmap
    }

    /// Weights that the operation at the cursor reads, by their place among what it reads.
    static func weight(
        _ scene: Scene, _ read: Int, _ slice: Slice?, named title: String, rows: Int, columns: Int, row: Int? = nil,
        column: Int? = nil
    ) -> Heatmap {
        var heatmap = Heatmap(title: title, rows: rows, columns: columns)
        heatmap.address = scene.node.reads[read].parameter.name
        heatmap.slice = slice
        heatmap.absence = "weights not loaded"
        (heatmap.row, heatmap.column) = (row, column)
        return heatmap
    }
}

extension Scene {
    /// Why there are no numbers to draw.
    var absenceText: String { (values == nil ? Absence.notLoaded : absence ?? .notComputed).description }

    /// Two axes of an operation's value, if it has been computed: of what has heads, the chosen one.
    func slice(of index: Int) -> Slice? {
        guard let value = value(of: index) else { return nil }
        let axes = stepper.program.nodes[index].axes
        if axes.first == .head { return .head(selection.head, ofMaps: value) }
        return axes.contains(.head) ? .head(selection.head, ofColumns: value) : Slice(value)
    }
}
