import Checkpoints
import GPTEngine
import SystemPackage

/// Where one goes, and what is run.
extension Session {
    /// Where `until` leads: operations that are named, or a condition.
    func goal(_ target: Expression) throws -> Travel.Goal {
        guard case .name(let name, let place) = target, name == "tokens" || !Scope.words.contains(name),
            !name.hasPrefix("heads.")
        else {
            return .condition(target)
        }
        return .operations(Set(try stepper.program.references(name, at: place).all.compactMap(\.node)))
    }

    /// A token by its text or id.
    func id(_ token: Expression) throws -> Int {
        let scope = try scope()
        let datum = try scope.value(token)
        if datum.kind == .text { return try scope.token(datum.text, at: token.place) }
        guard let number = datum.number, number == number.rounded(), abs(number) < 1e15 else {
            throw LanguageError("A token's text or id is expected.", at: token.place)
        }
        do { return try model.check([Int(number)])[0] } catch {
            throw LanguageError(error.description, at: token.place)
        }
    }

    /// Goes to an address, and to a cell where its whole index is said.
    mutating func reach(_ target: Expression) throws {
        let (name, parts, place): (String, [Expression.Subscript], LanguageError.Place)
        switch target {
        case .name(let found, let at): (name, parts, place) = (found, [], at)
        case .slice(.name(let found, let at), let slices, _): (name, parts, place) = (found, slices, at)
        default: throw LanguageError("An address is expected, as L1.pattern[0, 3, 2].", at: target.place)
        }
        let reference = try stepper.program.references(name, at: place).all[0]
        guard let node = reference.node else {
            throw LanguageError("\(visible(name)) is no operation of the pass.", at: place)
        }
        guard !parts.isEmpty else {
            stepper.go(to: node)
            if let head = reference.head { stepper.selectHead(head) }
            return
        }
        var (axes, shape) = (reference.axes, reference.shape)
        if let axis = reference.headAxis {
            axes.remove(at: axis)
            shape.remove(at: axis)
        }
        var taken = try scope().taken(parts, axes: axes, shape: shape, at: place)
        if let axis = reference.headAxis, let head = reference.head { taken.insert(.one(head), at: axis) }
        guard taken.allSatisfy(\.isOne), case .node = reference.source else {
            throw LanguageError(
                "A cell is one index for each axis of \(visible(name)), [\(axes.joined(separator: ", "))].", at: place)
        }
        stepper.visit(node, at: taken.map { $0.indices[0] })
    }

    /// Goes to where one of the selected cell's terms comes from.
    mutating func follow(_ number: Int, _ place: LanguageError.Place) throws {
        let terms = try decomposition(nil, place)
        guard terms.terms.indices.contains(number) else {
            throw LanguageError("There is no term \(number): this cell has \(terms.terms.count).", at: place)
        }
        for operand in terms.terms[number].operands {
            if case .value(let node) = operand.source { return stepper.visit(node, at: operand.index) }
        }
        throw LanguageError("This term comes from weights, where the way ends.", at: place)
    }

    /// What a cell is made of; the selected one unless said.
    func decomposition(_ target: Expression?, _ place: LanguageError.Place) throws -> Decomposition {
        guard let trace else { throw noWeights }
        var copy = self
        if let target { try copy.reach(target) }
        let (node, selection) = (copy.stepper.node, copy.stepper.selection)
        let index = node.axes.map { axis in
            axis == .vocabulary ? selection.vocabulary ?? copy.scene.vocabulary : selection.index(axis, of: node)
        }
        let cell = Cell(trace, copy.stepper.index, index, position: selection.position, sampling: sampling)
        trace.complete(cell.wanted)
        do { return try Decomposition(cell) } catch {
            throw LanguageError("\(node.address) is \(error).", at: place, kind: .unavailable)
        }
    }

    // MARK: What is run

    mutating func performSimple(_ command: Command, _ statement: Statement) throws {
        let place = statement.place
        func index(_ number: Int, _ count: Int, _ what: String) throws -> Int {
            let index = number < 0 ? number + count : number
            guard (0..<count).contains(index) else {
                throw LanguageError("There is no \(what) \(number): they are 0 to \(count - 1).", at: place)
            }
            return index
        }
        switch command {
        case .block(let number):
            let block = try index(number, stepper.program.configuration.layerCount, "block")
            guard let node = stepper.program.nodes.firstIndex(where: { $0.block == block && $0.name != "resid_pre" })
            else { return }
            stepper.go(to: node)
            conclude(report(.step), statement)
        case .headNumber(let number):
            stepper.selectHead(try index(number, stepper.program.configuration.headCount, "head"))
            conclude(report(.step), statement)
        case .movePosition(let offset):
            stepper.select(position: stepper.selection.position + offset)
            conclude(report(.step), statement)
        case .promptText(let text):
            let tokens: [Int]
            do { tokens = try model.encode(Array(text.utf8)) } catch {
                throw LanguageError(error.description, at: place)
            }
            try done(perform(.prompt(tokens)), statement)
        case .promptRandom(let count, let seed):
            let draw = try Sampling(seed: UInt64(seed))
            let once = (0..<min(count, model.configuration.contextLength + 1)).map {
                Int(draw.draw(position: $0) * Double(model.configuration.vocabularySize))
            }
            guard 2 * count <= model.configuration.contextLength else {
                throw LanguageError(
                    "\(count) tokens twice are \(2 * count), and the context of \(model.name) holds \(model.configuration.contextLength).",
                    at: place)
            }
            try done(perform(.prompt(once + once)), statement)
        case .samplingSettings(let settings):
            var next = sampling
            func whole(_ name: String) throws -> Int? {
                guard let number = settings[name] else { return nil }
                guard number == number.rounded(), number >= 0, number < 1e15 else {
                    throw LanguageError("\(name) is a whole number from 0 on.", at: place)
                }
                return Int(number)
            }
            if let temperature = settings["temperature"] { next.temperature = Float(temperature) }
            if let topK = try whole("top-k") { next.topK = topK }
            if let topP = settings["top-p"] { next.topP = Float(topP) }
            if let seed = try whole("seed") { next.seed = UInt64(seed) }
            try done(perform(.sampling(next)), statement)
        case .modelNamed(let name):
            do {
                let model = try open(name)
                var sampling = model.sampling
                sampling.seed = self.sampling.seed
                _ = try adopt(model, sampling, tokens(for: model))
            } catch let error as FileError {
                throw LanguageError(error.description, at: place, kind: .missingFile)
            } catch let error as ModelError {
                throw LanguageError(error.description, at: place, kind: .unavailable)
            } catch { throw LanguageError("\(error)", at: place) }
            conclude(report(.step), statement)
        default: break
        }
    }

    /// A model by what `--model` takes.
    func open(_ name: String) throws -> Model {
        guard let preset = Preset.named(name), allowsRandomWeights else { return try .open(name) }
        return try .open(preset, orRandom: weightSeed)
    }
}
