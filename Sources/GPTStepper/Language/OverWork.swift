import GPTEngine

/// A value over many inputs, a piece at a time: passes over as many tokens go side by side.
final class OverWork {
    private let situation: Situation
    private let cases: [InputCase]
    private let expression: Expression
    private let names: Names
    private let place: LanguageError.Place
    /// The value of each input, as far as it is known.
    private(set) var results: [Datum?]

    /// Inputs that are computed together.
    private var chunks: [[Int]] = []
    private var current: ManyPasses?

    init(
        _ situation: Situation, _ cases: [InputCase], _ expression: Expression, _ names: Names,
        _ place: LanguageError.Place
    ) {
        (self.situation, self.cases, self.expression) = (situation, cases, expression)
        (self.names, self.place) = (names, place)
        results = Array(repeating: nil, count: cases.count)
        chunks = ManyPasses.chunks(cases, situation).reversed()
    }

    /// How many inputs are done.
    var done: Int { results.count { $0 != nil } }

    /// Goes on; false when all is there.
    func step() throws -> Bool {
        if let passes = current {
            if passes.step() { return true }
            for index in passes.members where results[index] == nil {
                results[index] = try value(index, passes.provider(index))
            }
            current = nil
            return true
        }
        guard let chunk = chunks.popLast() else { return false }
        let passes = ManyPasses(situation, cases, chunk)
        let first = chunk[0]
        results[first] = try value(first, passes.recorders(first))
        try passes.begin(keepsAll: false)
        current = passes
        return true
    }

    private func value(_ index: Int, _ provide: @escaping (Situation.Role) throws -> any Values) throws -> Datum {
        var names = names
        for (name, datum) in cases[index].fields { names.kept[name] = datum }
        let other = cases[index].other == nil ? situation.twin?.model : situation.model
        do {
            return try situation.scope(
                names: names, model: situation.model, run: provide(situation.isGraded ? .gradedRun : .run),
                other: other, provide
            ).value(expression)
        } catch let absent as Absent { throw LanguageError(absent.message, at: absent.place) }
    }
}

/// A pass of which no number was computed.
private final class UnreadPass: Values {
    let program: Program
    let tokens: [Int]
    private let weights: Weights

    init(_ program: Program, _ tokens: [Int], _ weights: Weights) {
        (self.program, self.tokens, self.weights) = (program, tokens, weights)
    }

    func peek(_ node: Int, rows: Range<Int>) throws(Absence) -> Rows { throw .notComputed }
    func weight(_ parameter: Parameter) throws(Absence) -> Tensor { weights[parameter] }
    func lens(after stream: Int, at position: Int) throws(Absence) -> Tensor { throw .notComputed }
    func prediction(at position: Int, sampling: Sampling) throws(Absence) -> Prediction { throw .notComputed }
    func work(toward wanted: [Wanted]) -> Bool { false }
}

/// Passes over several inputs of one length, each in the roles that an expression speaks of.
final class ManyPasses {
    typealias Role = Situation.Role

    private let situation: Situation
    private let cases: [InputCase]
    /// The inputs, by index.
    let members: [Int]
    private var records: [Role: Recorder] = [:]
    private(set) var batches: [Role: Batch] = [:]
    private var waiting: [Batch] = []
    private var unread: Program?

    init(_ situation: Situation, _ cases: [InputCase], _ members: [Int]) {
        (self.situation, self.cases, self.members) = (situation, cases, members)
    }

    /// Inputs that go together: as many tokens, and as many as fit in memory.
    static func chunks(_ cases: [InputCase], _ situation: Situation, bytes: Int = 256 << 20) -> [[Int]] {
        var groups: [[Int]: [Int]] = [:]
        var order: [[Int]] = []
        for (index, one) in cases.enumerated() {
            let key = [one.tokens.count, one.other?.count ?? -1]
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(index)
        }
        return order.flatMap { key -> [[Int]] in
            let all = groups[key] ?? []
            let most = Batch.mostRuns(.gpt2(situation.model.configuration, tokenCount: key[0]), bytes: bytes)
            return stride(from: 0, to: all.count, by: most).map { Array(all[$0..<min($0 + most, all.count)]) }
        }
    }

    // MARK: One pass alone, whose looks are written down

    /// Gives the passes of one input, as they are asked for.
    func recorders(_ index: Int) -> (Role) throws -> any Values {
        { role in
            let role = self.actual(role, index)
            if let known = self.records[role] { return known }
            if let second = try self.second(role, index) { return second }
            let plain = try self.situation.pass(self.situation.model, self.plainTokens(index, role))
            let isEdited = role == .run || role == .gradedRun
            let record = Recorder(isEdited ? try self.situation.edited(plain, self.situation.active) : plain)
            self.records[role] = record
            return record
        }
    }

    /// The second run where it is the session's own; nil where it is one of the input.
    private func second(_ role: Role, _ index: Int) throws -> (any Values)? {
        guard role == .other || role == .gradedOther, cases[index].other == nil else { return nil }
        let other = try situation.scope().other()
        return role == .other ? other.values : try other.graded().values
    }

    /// The role that is meant: a second run without edits is the input's own pass without them.
    private func actual(_ role: Role, _ index: Int) -> Role {
        guard role == .other || role == .gradedOther, cases[index].other == nil, situation.twin?.kind == .unedited
        else {
            return role
        }
        return role == .other ? .plain : .gradedPlain
    }

    /// The roles that were asked for.
    var roles: [Role] { records.filter { !$0.value.wanted.isEmpty }.map(\.key) }

    /// What was asked for of a role.
    func wanted(_ role: Role) -> [Int: Int] { records[role]?.wanted ?? [:] }

    private func plainTokens(_ index: Int, _ role: Role) throws -> [Int] {
        let tokens = role == .other || role == .gradedOther ? cases[index].other ?? [] : cases[index].tokens
        switch role {
        case .run, .plain, .other: return tokens
        case .gradedPlain, .gradedOther: return try situation.graded(tokens)
        case .gradedRun:
            // The prompt as it is edited has a right answer of its own.
            let ofTokens = situation.active.filter { if case .token = $0.form.target { true } else { false } }
            var ids = tokens
            if !ofTokens.isEmpty {
                for (position, id) in try compiled(ofTokens, index, ids).tokens { ids[position] = id }
            }
            return try situation.graded(ids)
        }
    }

    // MARK: All of them

    /// Prepares the passes of all inputs, in the roles that were asked for.
    func begin(keepsAll: Bool) throws {
        guard members.count > 1 || keepsAll else { return }
        for role in roles {
            var tokens: [[Int]] = []
            var edits: [[Edit]] = []
            var common: CompiledEdits?
            let isEdited = (role == .run || role == .gradedRun) && !situation.active.isEmpty
            let varies = isEdited && situation.active.contains { Self.dependsOnInput($0.form) }
            for index in members {
                var ids = try plainTokens(index, role)
                if isEdited {
                    if common == nil || varies {
                        common = try compiled(situation.active, index, ids)
                    }
                    for (position, id) in common?.tokens ?? [:] { ids[position] = id }
                    edits.append(common?.all(program(ids.count)).filter { !$0.isOfWeights } ?? [])
                }
                tokens.append(ids)
            }
            guard let weights = situation.model.weights else { throw ModelError.noWeights(situation.model.name) }
            let ofWeights = common?.edits.filter(\.isOfWeights) ?? []
            var wanted = wanted(role)
            for node in common?.reads ?? [] { wanted[node] = 0 }
            let batch = Batch(
                program(tokens[0].count), weights, tokens: tokens, edits: edits, weightEdits: ofWeights, wanted: wanted,
                keepsAll: keepsAll)
            batches[role] = batch
            waiting.append(batch)
        }
    }

    private func program(_ count: Int) -> Program { .gpt2(situation.model.configuration, tokenCount: count) }

    /// Edits for the pass of an input.
    func compiled(_ entries: [EditList.Entry], _ index: Int, _ ids: [Int]) throws -> CompiledEdits {
        var names = situation.names
        for (name, datum) in cases[index].fields { names.kept[name] = datum }
        return try entries.reduce(CompiledEdits()) { all, entry in
            all + (try compiled(entry.form, entry.names, index, ids))
        }
    }

    func compiled(_ form: EditForm, _ names: Names, _ index: Int, _ ids: [Int]) throws -> CompiledEdits {
        let plain = try situation.pass(situation.model, ids)
        guard let other = cases[index].other else { return try situation.compile(form, names, plain, isSwept: true) }
        let twin = Twin(
            kind: .off, model: situation.model, values: try situation.pass(situation.model, other), prompt: other)
        return try Situation(
            model: situation.model, base: plain, trace: plain, entries: [], twin: twin, names: names,
            cursor: situation.cursor, sampling: situation.sampling, promptCount: ids.count, store: situation.store,
            memo: Situation.Memo()
        ).compile(form, names, plain, isSwept: true)
    }

    /// Whether an edit's numbers differ from input to input.
    static func dependsOnInput(_ form: EditForm) -> Bool {
        if case .token = form.target { return false }
        return form.value?.contains { part in
            switch part {
            case .call(let name, _, _, _): ["other", "unedited"].contains(name)
            case .name("tokens", _), .variable: true
            default: false
            }
        } ?? false
            || form.written.contains { part in if case .name("tokens", _) = part { true } else { false } }
    }

    /// Computes on; false when all is there.
    func step() -> Bool {
        while let batch = waiting.last {
            if batch.step() { return true }
            waiting.removeLast()
        }
        return false
    }

    /// Gives the passes of one input.
    func provider(_ index: Int) -> (Role) throws -> any Values {
        let place = members.firstIndex(of: index) ?? 0
        return { role in
            let role = self.actual(role, index)
            if let batch = self.batches[role] { return batch[place] }
            if let second = try self.second(role, index) { return second }
            // No number of it was looked at: its text is all that is asked for.
            let tokens = try self.plainTokens(index, role)
            if self.unread?.tokenCount != tokens.count { self.unread = self.program(tokens.count) }
            guard let program = self.unread, let weights = self.situation.model.weights else { throw Absence.notLoaded }
            return UnreadPass(program, tokens, weights)
        }
    }
}
