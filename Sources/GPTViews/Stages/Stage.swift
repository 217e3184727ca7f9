import GPTEngine
import GPTStepper
import TerminalKit

/// The picture of an operation, before it is laid out.
enum Stage {
    /// Operands, signs and the result; beside or below it what this operation has besides.
    case equation(Equation, Extras = Extras())
    /// The vocabulary's tokens with a bar each.
    case bars(Bars, note: String = "", line: CumulativeLine? = nil)
    /// A table of tokens.
    case tokens

    /// What an equation may have besides its pictures.
    struct Extras {
        /// The result is made of probabilities.
        var ramp = Ramp.diverging
        /// The result has removed cells.
        var isCausal = false
        /// Whether thumbnails of all heads belong to it.
        var hasHeads = false
        /// A function with a point on it.
        var curve: Curve?
    }

    /// Its pictures, the result first, then the operands from the last to the first; weights among them.
    func pictures(_ scene: Scene) -> [Picture] {
        guard case .equation(let equation, let extras) = self else {
            guard scene.node.isLogits else { return [] }
            // The listed bars are no picture; what they are made of is.
            let table = scene.weight(0).map { Slice($0) }
            let shape = scene.node.reads[0].parameter.shape
            var unembedding = Picture.weight(
                scene, table, named: "W_U", rows: shape[0], columns: shape[1], row: scene.vocabulary)
            unembedding.reach = nil
            return [.operand(scene, 0, row: scene.selection.position), unembedding]
        }
        var pictures = equation.parts.compactMap { if case .picture(let picture) = $0 { picture } else { nil } }
        pictures.reverse()
        if !pictures.isEmpty { (pictures[0].ramp, pictures[0].isCausal) = (extras.ramp, extras.isCausal) }
        return pictures
    }

    /// The picture of the operation at the cursor. A new operation needs a line here and a function in this folder.
    init(_ scene: Scene) {
        let node = scene.node
        switch node.operation {
        case is Tokens: self = .tokens
        case let lookup as Lookup: self = .embedding(scene, lookup)
        case is Add: self = .residual(scene)
        case is Normalize: self = .normalized(scene)
        case is ScaleAndShift: self = .normOut(scene)
        case let linear as Linear: self = linear.headCount == nil ? .linear(scene) : .projection(scene)
        case let scores as Scores: self = .scores(scene, scores)
        case is Mask: self = .maskedScores(scene)
        case is Mix: self = .mixture(scene)
        case let activate as Activate: self = .activation(scene, activate.activation)
        case is Softmax where node.isAttention: self = .pattern(scene)
        default: self = .output(scene)
        }
    }
}

extension Picture {
    /// The result of the operation at the cursor: positions downward, the selected cell marked.
    static func result(_ scene: Scene, named title: String? = nil) -> Picture {
        let plane = scene.stepper.plane
        let (row, column) = scene.stepper.cell
        var picture = Picture(title: title ?? scene.node.name, rows: plane.rowCount, columns: plane.columnCount)
        picture.slice = scene.slice(of: scene.stepper.index)
        picture.absence = scene.absenceText
        picture.rowNames = scene.positionNames
        if scene.cacheNote != nil {
            // What is new in this pass carries a sign; the rest was kept.
            for position in scene.stepper.cachedCount..<scene.stepper.tokens.count {
                picture.rowNames[position] = "+" + picture.rowNames[position]
            }
        }
        picture.revealed = scene.stepper.revealed
        picture.isResult = true
        (picture.row, picture.column) = (row, column)
        return picture
    }

    /// An operand that the operation at the cursor reads: positions downward.
    static func operand(_ scene: Scene, _ place: Int, row: Int? = nil, column: Int? = nil) -> Picture {
        value(scene, of: scene.node.inputs[place], row: row, column: column)
    }

    /// The value of any operation, by index: positions downward.
    static func value(_ scene: Scene, of index: Int, row: Int? = nil, column: Int? = nil) -> Picture {
        let node = scene.stepper.program.nodes[index]
        let plane = Plane(of: node)
        var picture = Picture(title: node.name, rows: plane.rowCount, columns: plane.columnCount)
        picture.slice = scene.slice(of: index)
        picture.absence = scene.absenceText
        picture.rowNames = scene.positionNames
        (picture.row, picture.column) = (row, column)
        return picture
    }

    /// Weights that the operation at the cursor reads.
    static func weight(
        _ scene: Scene, _ slice: Slice?, named title: String, rows: Int, columns: Int, row: Int? = nil,
        column: Int? = nil
    ) -> Picture {
        var picture = Picture(title: title, rows: rows, columns: columns)
        picture.slice = slice
        picture.absence = "weights not loaded"
        (picture.row, picture.column) = (row, column)
        return picture
    }
}

extension Scene {
    /// Why there are no numbers to draw.
    var absenceText: String { (values == nil ? Absence.notLoaded : absence ?? .notComputed).description }

    /// The face of an operation's value, if it has been computed: of what has heads, the chosen one.
    func slice(of index: Int) -> Slice? {
        guard let value = value(of: index) else { return nil }
        let axes = stepper.program.nodes[index].axes
        if axes.first == .head { return .head(selection.head, ofMaps: value) }
        return axes.contains(.head) ? .head(selection.head, ofColumns: value) : Slice(value)
    }
}
