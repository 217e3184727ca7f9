import GPTEngine

/// A move that may take many steps, and ends at the first stop that it passes.
struct Travel {
    /// Where it leads.
    enum Goal {
        /// So many steps of a grain.
        case steps(Stepper.Grain, Int)
        /// The end of the pass, or its beginning.
        case end
        /// The first of some operations.
        case operations(Set<Int>)
        /// Where something is so.
        case condition(Expression)
        /// So many tokens, each at the end of its pass; one that was chosen, or the predicted ones.
        case tokens(Int, chosen: Int?)
    }

    var goal: Goal
    let direction: Stepper.Direction
    let statement: Statement
    var taken: [Int] = []
    /// Where a step of a larger grain leads.
    var target: Stepper?
}

extension Session {
    /// Goes one operation on its way; nil when it has arrived.
    mutating func advance(_ travel: Travel) throws -> Travel? {
        var travel = travel
        if case .steps(let grain, let left) = travel.goal {
            guard left > 0 else { return arrive(.step, travel) }
            if travel.target == nil {
                var next = stepper
                if let stop = next.step(grain, travel.direction) {
                    guard stop == .atFirst, canGiveBack else {
                        return arrive(stop == .atFirst ? .start : .end, travel, saying: Words.sentence(stop, stepper))
                    }
                    try giveBackOne()
                    if let stopped = try stopHere(travel) { return stopped }
                    travel.goal = .steps(grain, left - 1)
                    return travel
                }
                travel.target = next
            }
            guard let target = travel.target else { return nil }
            let isThere = target.index == stepper.index || !stops.canStop
            let moves = target.index != stepper.index
            if isThere { stepper = target } else { stepper.go(to: stepper.index + travel.direction.rawValue) }
            if moves, let stopped = try stopHere(travel) { return stopped }
            if stepper.index == target.index {
                stepper = target
                travel.target = nil
                travel.goal = .steps(grain, left - 1)
                if left == 1 { return arrive(.step, travel) }
            }
            return travel
        }
        if case .tokens(let left, let chosen) = travel.goal,
            stepper.index + 1 >= stepper.program.nodes.count || !stops.canStop
        {
            return try takeOne(travel, left, chosen)
        }
        if !stops.canStop, case .end = travel.goal {
            if travel.direction == .backward, canGiveBack {
                var next = stepper
                _ = next.giveBack(.max)
                if case .refused(let why) = adopt(next) { throw LanguageError(why, at: travel.statement.place) }
            }
            stepper.go(to: travel.direction == .forward ? stepper.program.nodes.count - 1 : 0)
            return arrive(travel.direction == .forward ? .end : .start, travel)
        }
        guard let stop = stepper.go(to: stepper.index + travel.direction.rawValue) else {
            if let stopped = try stopHere(travel) { return stopped }
            switch travel.goal {
            case .operations(let nodes) where nodes.contains(stepper.index): return arrive(.step, travel)
            case .condition(let condition): if try holds(condition) { return arrive(.step, travel) }
            default: break
            }
            return travel
        }
        guard stop == .atFirst, canGiveBack else { return arrive(stop == .atFirst ? .start : .end, travel) }
        try giveBackOne()
        return try stopHere(travel) ?? travel
    }

    private var canGiveBack: Bool { stepper.tokens.count > stepper.promptCount }

    private mutating func giveBackOne() throws {
        var next = stepper
        _ = next.giveBack(1)
        if case .refused(let why) = adopt(next) { throw LanguageError(why, at: LanguageError.Place()) }
    }

    private mutating func takeOne(_ travel: Travel, _ left: Int, _ chosen: Int?) throws -> Travel? {
        var travel = travel
        guard let trace else { throw noWeights }
        stepper.go(to: stepper.program.nodes.count - 1)
        let last = stepper.tokens.count - 1
        if trace.work(toward: [.answer(last)]) { return travel }
        let token: Int
        if let chosen {
            token = chosen
        } else {
            guard let next = try? trace.prediction(at: last, sampling: sampling).token else {
                throw LanguageError(
                    "The logits are not all numbers, so no token can be chosen.", at: travel.statement.place)
            }
            token = next
        }
        var next = stepper
        if let stop = next.take(token) {
            guard !travel.taken.isEmpty else {
                throw LanguageError(Words.sentence(stop, stepper), at: travel.statement.place)
            }
            return arrive(.end, travel, saying: Words.sentence(stop, stepper))
        }
        if case .refused(let why) = adopt(next) { throw LanguageError(why, at: travel.statement.place) }
        travel.taken.append(token)
        travel.goal = .tokens(left - 1, chosen: chosen)
        if let stopped = try stopHere(travel) { return stopped }
        return left == 1 ? arrive(.step, travel) : travel
    }

    // MARK: Stops

    /// Says where one is and why; the end of a move.
    private mutating func arrive(_ reason: StopReport.Reason, _ travel: Travel, saying words: String? = nil) -> Travel?
    {
        var report = report(reason)
        (report.taken, report.words) = (travel.taken, words)
        conclude(report, travel.statement)
        return nil
    }

    func report(_ reason: StopReport.Reason) -> StopReport {
        StopReport(
            step: stepper.index + 1, address: stepper.node.address, token: stepper.tokens.count - stepper.promptCount,
            reason: reason)
    }

    /// Ends the move if a stop is at the cursor: nil where none is.
    private mutating func stopHere(_ travel: Travel) throws -> Travel?? {
        guard stops.canStop else { return nil }
        for stop in stops.all where stop.isEnabled {
            guard var report = try hit(stop) else { continue }
            report.number = stop.number
            report.taken = travel.taken
            if case .address(_, _, isTemporary: true) = stop.kind { stops.remove(stop.number) }
            conclude(report, travel.statement)
            return .some(nil)
        }
        return nil
    }

    private func hit(_ stop: Stops.Stop) throws -> StopReport? {
        switch stop.kind {
        case .display: return nil
        case .address(let target, let condition, _):
            guard case .name(let name, let place) = target else { return nil }
            if name != "*" {
                let nodes = (try? stepper.program.references(name, at: place).all) ?? []
                guard nodes.contains(where: { $0.node == stepper.index }) else { return nil }
            }
            // A condition of many operations speaks of those that it fits.
            if let condition, !(name.contains("*") ? (try? holds(condition)) ?? false : try holds(condition)) {
                return nil
            }
            return report(.breakpoint)
        case .nan:
            guard let scope = scopeHere, let datum = try? scope.value(.name("it", LanguageError.Place())) else {
                return nil
            }
            return datum.present.contains { !$0.isFinite } ? report(.nan) : nil
        case .watch(let expression):
            guard let new = try watched(expression) else { return nil }
            let old = try watchedBefore(expression)
            guard !(old.map(new.isSame(as:)) ?? false) else { return nil }
            var report = report(.watch)
            (report.old, report.new) = (old, new)
            return report
        }
    }

    /// Where expressions speak of what is computed up to the cursor.
    var scopeHere: Scope? {
        guard var scope = situation?.scope() else { return nil }
        scope.limit = stepper.index
        return scope
    }

    /// Whether a condition is so of what is computed up to the cursor; not of what lies ahead.
    func holds(_ condition: Expression) throws -> Bool {
        guard let scope = scopeHere else { throw noWeights }
        do { return try scope.truth(condition) } catch is Absent { return false }
    }

    /// A watched value at the cursor; nil where it lies ahead.
    func watched(_ expression: Expression) throws -> Datum? {
        guard let scope = scopeHere else { throw noWeights }
        do { return try scope.value(expression) } catch is Absent { return nil }
    }

    /// What a watched value was before this operation, in this pass or the one before.
    private func watchedBefore(_ expression: Expression) throws -> Datum? {
        var before = self
        if before.stepper.index > 0 {
            before.stepper.go(to: stepper.index - 1)
            if let datum = try before.watched(expression) { return datum }
        }
        while before.stepper.tokens.count > before.stepper.promptCount {
            guard before.stepper.giveBack(1) == nil, case .done = before.adopt(before.stepper) else { return nil }
            if let datum = try before.watched(expression) { return datum }
        }
        return nil
    }

    /// Ends a move: where one is, and what is shown at every stop.
    mutating func conclude(_ report: StopReport, _ statement: Statement) {
        answer(.stop(report), statement)
        for display in stops.displays {
            guard case .display(let expression) = display.kind else { continue }
            guard let datum = try? watched(expression) else { continue }
            answers.append(Answer(statement: statement, display: display.number, content: .values([datum])))
        }
    }
}
