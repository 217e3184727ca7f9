import GPTEngine

/// What is changed in a pass.
extension Session {
    /// All that expressions depend on; nil where there are shapes only.
    var situation: Situation? {
        guard let base, let trace else { return nil }
        var situation = Situation(
            model: model, base: base, trace: trace, entries: applied, twin: twin, names: names, cursor: stepper.index,
            sampling: sampling, promptCount: stepper.promptCount, store: store, memo: memo)
        situation.active = edits.active
        return situation
    }

    /// The pass as the list of edits says; one that does not fit it is left out, and known as such.
    mutating func applyEdits() {
        let before = (trace: trace, entries: applied)
        memo = Situation.Memo()
        (unfitting, applied) = ([], [])
        guard let base else { return }
        trace = base
        guard let situation = situation, !edits.active.isEmpty else { return changed() }
        var compiled = CompiledEdits()
        for entry in edits.active {
            do {
                compiled = compiled + (try situation.compile(entry.form, entry.names, base))
                applied.append(entry)
            } catch { unfitting.insert(entry.number) }
        }
        let isSame = applied == before.entries
        do {
            trace = try Situation.edited(base, compiled, situation, continuing: isSame ? before.trace : nil)
        } catch { (applied, unfitting) = ([], Set(edits.active.map(\.number))) }
        changed()
    }

    /// What was known of the pass is known no more.
    private mutating func changed() {
        atlas = HeadAtlas(stepper.program, tokens: trace?.tokens ?? stepper.tokens)
        faults = FaultFinder()
        ahead = -1
    }

    /// Puts another list of edits into force.
    mutating func setEdits(_ next: EditList) {
        edits = next
        applyEdits()
    }

    /// Takes all edits away, with what could be undone.
    public mutating func clearEdits() { if edits != EditList() { setEdits(EditList()) } }

    /// Whether numbers of the pass are changed.
    public var isEdited: Bool { !applied.isEmpty }

    /// Whether an operation's value follows from an edit.
    public func isEdited(_ node: Int) -> Bool {
        guard let trace, let base, trace !== base else { return false }
        // Another token changes all that reads tokens.
        return trace.tokens != base.tokens || trace.isChanged(node)
    }

    /// Adds an edit to the end of the list; what does not fit changes nothing.
    ///
    /// - Throws: ``LanguageError``.
    mutating func add(_ form: EditForm) throws -> Int {
        guard let situation, let base else { throw noWeights }
        _ = try situation.compile(form, names, base)
        var next = edits
        let number = next.add(form, names)
        setEdits(next)
        return number
    }

    /// Goes on with a token, whatever was predicted.
    ///
    /// - Throws: ``LanguageError`` where the context is full.
    public mutating func append(_ token: Int) throws {
        var next = stepper
        if let stop = next.take(token) { throw LanguageError(Words.sentence(stop, stepper), at: LanguageError.Place()) }
        if case .refused(let why) = adopt(next) { throw LanguageError(why, at: LanguageError.Place()) }
    }

    var noWeights: LanguageError {
        LanguageError(
            "\(model.name) has shapes only here: there are no numbers.", at: LanguageError.Place(), kind: .unavailable)
    }

    /// Zeroes the selected head or cell; where that is done already, takes it back.
    mutating func zeroSelected(isCell: Bool) -> Reply {
        let (node, selection) = (stepper.node, stepper.selection)
        var target: String
        if isCell, stepper.index > 0, stepper.index <= stepper.program.logitsIndex {
            let index =
                node.isLogits
                ? [selection.position, selection.vocabulary ?? scene.vocabulary]
                : node.axes.map { selection.index($0, of: node) }
            target = "\(node.address)[\(index.map(String.init).joined(separator: ", "))]"
        } else if let block = node.block {
            target = "L\(block).H\(selection.head)"
        } else {
            return .refused("A head is zeroed in a block, a cell where the stage has the focus.")
        }
        let text = "zero \(target)"
        if let entry = edits.entries.last(where: { $0.form.text == text }) {
            var next = edits
            _ = next.apply(.delete, to: .some([entry.number...entry.number]))
            setEdits(next)
            return .done("\(target) is as it was.")
        }
        do {
            guard case .edit(let form) = try Statement.parse(text)[0].command else { return .done() }
            let number = try add(form)
            return .done("edit \(number): \(text)")
        } catch let error as LanguageError {
            return .refused(error.message)
        } catch { return .refused("\(error)") }
    }

    /// What the edits change of the answer, as `A 97% → 64%`; nil while that is not computed, or where there are none.
    public var answerChange: String? {
        guard let trace, let base, isEdited else { return nil }
        let last = stepper.tokens.count - 1
        guard let before = try? base.prediction(at: last, sampling: .plain),
            let after = try? trace.prediction(at: last, sampling: .plain)
        else { return nil }
        let token = before.logits.largestIndex
        func share(_ prediction: Prediction) -> String { Digits.percent(Double(prediction.probabilities[flat: token])) }
        let new = after.logits.largestIndex
        return "\(model.label(token)) \(share(before)) → \(share(after))"
            + (new == token ? "" : ", \(model.label(new))")
    }

    /// What must be there before that is known.
    var answerWanted: Bool {
        guard let trace, let base, isEdited else { return false }
        let last = stepper.tokens.count - 1
        return (try? base.peekLogits(at: last)) == nil || (try? trace.peekLogits(at: last)) == nil
    }

    /// Computes one operation toward it.
    mutating func workOnAnswer() {
        let wanted = [Wanted.answer(stepper.tokens.count - 1)]
        if base?.work(toward: wanted) != true { _ = trace?.work(toward: wanted) }
    }
}
