import GPTEngine

/// One run for each way to fill an edit, over one pass or over many inputs, a piece at a time.
final class SweepWork {
    private let situation: Situation
    /// The inputs; nil for the pass as it stands.
    private let inputs: [InputCase]?
    private let measure: Expression
    private let place: LanguageError.Place
    let axes: [String]
    let shape: [Int]
    let cases: [SweepCase]

    /// The measure with each edit and without, summed over the inputs that are done.
    private var sums: [Double]
    private var baseSum = 0.0
    private var inputsDone = 0

    private var chunks: [[Int]]
    private var passes: ManyPasses?
    private var bases: [Situation.Role: any Values] = [:]
    private var recorders: [Situation.Role: Recorder] = [:]
    /// Cases that go side by side, for the inputs at hand.
    private var waiting: [[Int]] = []
    private var running: [(role: Situation.Role, batch: Batch)] = []
    private var group: [Int] = []
    private var commonEdits: [Int: [Situation.Role: CompiledEdits]] = [:]

    init(
        _ situation: Situation, _ form: EditForm, measure: Expression, inputs: [InputCase]?,
        at place: LanguageError.Place
    ) throws {
        (self.situation, self.measure, self.inputs, self.place) = (situation, measure, inputs, place)
        var scope = situation.scope()
        if let first = inputs?.first {
            scope = scope.with(RunView(situation.model, try situation.pass(situation.model, first.tokens)))
        }
        (axes, shape, cases) = try form.filled(scope)
        sums = Array(repeating: 0, count: cases.count)
        // All values of the passes below are kept, which takes several times as much.
        chunks = inputs.map { ManyPasses.chunks($0, situation, bytes: 64 << 20).reversed() } ?? [[0]]
        if case .token(nil) = form.target, let inputs,
            inputs.contains(where: { $0.tokens.count != inputs[0].tokens.count })
        {
            throw LanguageError("Inputs of one length are expected where each position is swept over.", at: place)
        }
    }

    /// Runs that are done, of how many.
    var progress: (done: Int, all: Int) {
        let each = cases.count
        return (
            inputsDone * each
                + (passes == nil && bases.isEmpty ? 0 : each - waiting.reduce(0) { $0 + $1.count } - group.count),
            each * (inputs?.count ?? 1)
        )
    }

    /// Goes on; false when all is there.
    func step() throws -> Bool {
        for run in running where run.batch.step() { return true }
        if !group.isEmpty { return try finishGroup() }
        if let next = waiting.popLast() { return try begin(next) }
        if let passes {
            if passes.step() { return true }
            if bases.isEmpty {
                try measureBases(passes)
                waiting = groups(passes)
                return true
            }
            inputsDone += passes.members.count
            (self.passes, bases) = (nil, [:])
            commonEdits = [:]
        } else if inputs == nil, !bases.isEmpty {
            return false
        }
        guard let chunk = chunks.popLast() else { return false }
        try beginChunk(chunk)
        return true
    }

    private func names(_ index: Int) -> Names {
        var names = situation.names
        for (name, datum) in inputs?[index].fields ?? [:] { names.kept[name] = datum }
        return names
    }

    private func value(_ index: Int, _ provide: @escaping (Situation.Role) throws -> any Values) throws -> Double {
        let hasOther = inputs?[index].other != nil
        let scope = situation.scope(
            names: names(index), model: situation.model, run: try provide(.run),
            other: hasOther ? situation.model : situation.twin?.model, provide)
        do {
            let datum = try scope.value(measure)
            guard let number = datum.number, datum.kind == .number || datum.kind == .truth else {
                throw LanguageError(
                    "A measure is one number, and \(datum.kind == .text ? "a text" : datum.isScalar ? "a token" : datum.extent) was found: mean() or all() make one of many.",
                    at: measure.place)
            }
            return number
        } catch let absent as Absent { throw LanguageError(absent.message, at: absent.place) }
    }

    /// The passes that the runs are made from.
    private func beginChunk(_ chunk: [Int]) throws {
        guard let inputs else {
            let scope = situation.scope()
            let all = sessionProvider(scope)
            recorders = [:]
            baseSum = try value(0) { role in
                if let known = self.recorders[role] { return known }
                let record = Recorder(try all(role))
                self.recorders[role] = record
                return record
            }
            for role in recorders.keys { bases[role] = try all(role) }
            if bases.isEmpty { bases[.run] = situation.trace }
            waiting = groups(nil)
            return
        }
        let passes = ManyPasses(situation, inputs, chunk)
        _ = try value(chunk[0], passes.recorders(chunk[0]))
        try passes.begin(keepsAll: true)
        self.passes = passes
    }

    private func sessionProvider(_ scope: Scope) -> (Situation.Role) throws -> any Values {
        { [situation] role in
            switch role {
            case .run: situation.trace
            case .plain: situation.base
            case .other: try scope.other().values
            case .gradedRun: try scope.run.graded().values
            case .gradedPlain: try scope.unedited().graded().values
            case .gradedOther: try scope.other().graded().values
            }
        }
    }

    private func measureBases(_ passes: ManyPasses) throws {
        for index in passes.members { baseSum += try value(index, passes.provider(index)) }
        bases[.run] = try passes.provider(passes.members[0])(.run)
    }

    private func wanted(_ role: Situation.Role) -> [Int: Int] { passes?.wanted(role) ?? recorders[role]?.wanted ?? [:] }

    /// The roles of the run that is edited which the measure looks at.
    private var editedRoles: [Situation.Role] { [.run, .gradedRun].filter { !wanted($0).isEmpty } }

    /// Cases that begin at the same position go side by side; of many inputs one case at a time.
    private func groups(_ passes: ManyPasses?) -> [[Int]] {
        guard passes == nil else { return cases.indices.reversed().map { [$0] } }
        let most = Batch.mostRuns(situation.trace.program)
        var byPosition: [Int: [Int]] = [:]
        for index in cases.indices { byPosition[firstPosition(cases[index].form), default: []].append(index) }
        return byPosition.keys.sorted(by: >).flatMap { key -> [[Int]] in
            let all = byPosition[key] ?? []
            return stride(from: 0, to: all.count, by: most).map { Array(all[$0..<min($0 + most, all.count)]) }
        }
    }

    private func firstPosition(_ form: EditForm) -> Int {
        guard case .value(.slice(_, let parts, _)) = form.target, form.readers.isEmpty else { return 0 }
        for part in parts {
            if case .item(.number(let number)) = part { return Int(number) }
            break
        }
        return 0
    }

    private func begin(_ next: [Int]) throws -> Bool {
        group = next
        running = []
        guard let passes else {
            for role in editedRoles { try beginSingle(next, role) }
            return true
        }
        let form = cases[next[0]].form
        for role in editedRoles {
            guard let base = passes.batches[role] else { continue }
            let varies = ManyPasses.dependsOnInput(form)
            var common: CompiledEdits?
            var runs: [Batch.Run] = []
            var isBatchable = true
            for (place, index) in passes.members.enumerated() {
                if common == nil || varies {
                    common = try passes.compiled(form, names(index), index, base[place].tokens)
                }
                guard let common else { continue }
                isBatchable = isBatchable && common.tokens.isEmpty
                runs.append(Batch.Run(input: place, edits: common.all(base.program).filter { !$0.isOfWeights }))
            }
            guard let common else { continue }
            if isBatchable {
                var wanted = wanted(role)
                for node in common.reads { wanted[node] = 0 }
                running.append(
                    (role, Batch(over: base, runs, weightEdits: common.edits.filter(\.isOfWeights), wanted: wanted)))
            } else {
                // Other tokens: passes of their own.
                var texts: [[Int]] = []
                for (place, index) in passes.members.enumerated() {
                    var ids = base[place].tokens
                    let count = role == .gradedRun ? situation.model.preset?.sortedCount ?? ids.count : ids.count
                    ids = Array(ids.prefix(count))
                    for (position, id) in try passes.compiled(form, names(index), index, ids).tokens {
                        ids[position] = id
                    }
                    texts.append(role == .gradedRun ? try situation.graded(ids) : ids)
                }
                try beginTexts(texts, role)
            }
        }
        return true
    }

    private func beginSingle(_ next: [Int], _ role: Situation.Role) throws {
        guard let base = bases[role] as? Trace else { return }
        let plain = role == .run ? situation.base : (try? sessionProvider(situation.scope())(.gradedPlain)) ?? base
        let compiled = try next.map { try situation.compile(cases[$0].form, situation.names, plain, isSwept: true) }
        if compiled.contains(where: { !$0.tokens.isEmpty }) {
            let texts = try compiled.map { one -> [Int] in
                let count =
                    role == .gradedRun ? situation.model.preset?.sortedCount ?? base.tokens.count : base.tokens.count
                var ids = Array(base.tokens.prefix(count))
                for (position, id) in one.tokens { ids[position] = id }
                return role == .gradedRun ? try situation.graded(ids) : ids
            }
            return try beginTexts(texts, role)
        }
        var wanted = wanted(role)
        for node in compiled.flatMap(\.reads) { wanted[node] = 0 }
        let isOfWeights = compiled.contains { $0.edits.contains(where: \.isOfWeights) }
        let all = compiled.map { $0.all(base.program) }
        guard isOfWeights else {
            return running.append((role, Batch(over: base, all.map { Batch.Run(edits: $0) }, wanted: wanted)))
        }
        // Each with weights of its own.
        for edits in all {
            running.append(
                (
                    role,
                    Batch(
                        over: base, [Batch.Run(edits: edits.filter { !$0.isOfWeights })],
                        weightEdits: edits.filter(\.isOfWeights), wanted: wanted)
                ))
        }
    }

    /// Passes over other texts, with the edits that count.
    private func beginTexts(_ texts: [[Int]], _ role: Situation.Role) throws {
        guard let weights = situation.model.weights, let first = texts.first else { return }
        let program = Program.gpt2(situation.model.configuration, tokenCount: first.count)
        var edits: [[Edit]] = []
        var ofWeights: [Edit] = []
        var wanted = wanted(role)
        if !situation.active.isEmpty {
            for text in texts {
                let plain = try situation.pass(situation.model, text)
                let compiled = try situation.compile(situation.active, plain)
                for node in compiled.reads { wanted[node] = 0 }
                edits.append(compiled.all(program).filter { !$0.isOfWeights })
                ofWeights = compiled.edits.filter(\.isOfWeights)
            }
        }
        running.append(
            (role, Batch(program, weights, tokens: texts, edits: edits, weightEdits: ofWeights, wanted: wanted)))
    }

    private func finishGroup() throws -> Bool {
        let scope = situation.scope()
        let all = sessionProvider(scope)
        if let passes {
            for (place, index) in passes.members.enumerated() {
                let below = passes.provider(index)
                sums[group[0]] += try value(index) { role in
                    if let run = self.running.first(where: { $0.role == role }) { return run.batch[place] }
                    return try below(role)
                }
            }
        } else {
            for (place, index) in group.enumerated() {
                sums[index] = try value(0) { role in
                    let mine = self.running.filter { $0.role == role }
                    guard let first = mine.first else { return try all(role) }
                    return mine.count == 1 && first.batch.count == self.group.count
                        ? first.batch[place] : mine[place].batch[0]
                }
            }
        }
        (group, running) = ([], [])
        return true
    }

    /// The answer: target, axes, measure and effect, the largest effect first.
    func table(_ model: Model) -> Answer.Table {
        let count = Double(inputs?.count ?? 1)
        let base = baseSum / count
        let values = sums.map { $0 / count }
        let effects = values.map { $0 - base }
        let order = cases.indices.sorted { a, b in
            let (x, y) = (abs(effects[a]), abs(effects[b]))
            if x.isNaN || y.isNaN { return !x.isNaN || y.isNaN && a < b }
            return x > y || x == y && a < b
        }
        var picture = Datum(effects, axes: axes, shape: shape)
        if axes == ["vocabulary"] { picture.labels = shape[0] <= 64 ? (0..<shape[0]).map(model.label) : nil }
        return Answer.Table(
            ["target"] + axes + ["value", "effect"],
            order.map { index in
                [.text(cases[index].label)]
                    + zip(axes, cases[index].index).map { $0 == "vocabulary" ? .token($1) : .integer($1) }
                    + [.number(values[index]), .number(effects[index])]
            },
            picture: cases.count == shape.reduce(1, *) ? picture : nil,
            acts: order.map { Self.command(cases[$0].form) },
            note: "without the edit \(Answer.decimal(base))")
    }

    /// The command that puts an edit on.
    private static func command(_ form: EditForm) -> String {
        switch form.target {
        case .token: form.text
        case .value(let target):
            "set \(target.written) = \(form.value?.written ?? "0")"
                + (form.readers.isEmpty ? "" : " via " + form.readers.map(\.written).joined(separator: ", "))
        }
    }
}
