import GPTEngine

extension Session {
    /// Does what is asked, or says why not. What is refused changes nothing.
    ///
    /// - Parameter count: how many times, from 1 on; nil where none was given. Of ``Command/last`` it is the number of a step.
    @discardableResult
    public mutating func perform(_ command: Command, count: Int? = nil) -> Reply {
        let wasPlaying = stepper.isPlaying
        isInterrupted = false
        stepper.isPlaying = false
        let reply = objection(to: command).map(Reply.refused) ?? does(command, count, wasPlaying)
        if let sentence = reply.sentence { notice = sentence }
        return reply
    }

    /// Why an argument is outside its range; nil where all are inside.
    private func objection(to command: Command) -> String? {
        let (program, count) = (stepper.program, stepper.tokens.count)
        func check(_ tokens: [Int]) -> String? {
            do { _ = try model.check(tokens) } catch { return error.description }
            return nil
        }
        switch command {
        case .goto(let node, let cell):
            guard program.nodes.indices.contains(node) else {
                return "There is no operation \(node): they are 0 to \(program.nodes.count - 1)."
            }
            let node = program.nodes[node]
            return cell.flatMap { $0.isInside(node.shape) ? nil : "\(node.address) has no cell \($0)." }
        case .position(let position, let key):
            let outside = [position, key ?? 0].first { !(0..<count).contains($0) }
            return outside.map { "There is no position \($0): they are 0 to \(count - 1)." }
        case .candidate(let token), .takeToken(let token): return check([token])
        case .prompt(let tokens): return check(tokens)
        case .takeUp(let text): return stepper.left.contains(text) ? nil : "No such continuation was left."
        case .sampling(let sampling): return sampling.fault?.description
        default: return nil
        }
    }

    private mutating func does(_ command: Command, _ count: Int?, _ wasPlaying: Bool) -> Reply {
        let times = min(max(1, count ?? 1), 1 << 20)
        switch command {
        case .step(let grain, let direction): return reply(stepper.step(grain, direction, count: times))
        case .goto(let node, let cell):
            if let cell { stepper.visit(node, at: cell) } else { stepper.go(to: node) }
        case .first, .restart: stepper.go(to: 0)
        case .fault:
            guard let fault = faults.first else {
                return .refused("No NaN and no infinity was seen in what is computed so far.")
            }
            stepper.visit(fault.node, at: fault.cell)
            if let position = fault.position { stepper.select(position: position) }
        case .last: stepper.go(to: min(max(1, count ?? .max), stepper.program.nodes.count) - 1)
        case .moveCell(let rows, let columns): moveCell(rows: rows.repeated(times), columns: columns.repeated(times))
        case .head(let offset): stepper.moveHead(offset.repeated(times))
        case .position(let position, let key):
            if let key { stepper.select(key: key, position: position) } else { stepper.select(position: position) }
        case .candidate(let token): stepper.select(vocabulary: token)
        case .take:
            pendingTakes = times
            return .begun
        case .takeToken(let token):
            guard let prediction = scene.prediction else { return .refused("Nothing is predicted yet.") }
            guard prediction.token != nil else { return .refused("The logits are not all numbers: no token follows.") }
            return take(token, saying: "\(model.label(token)) was taken by hand.")
        case .giveBack:
            var next = stepper
            if let stop = next.giveBack(times) { return reply(stop) }
            return adopt(next)
        case .takeUp(let text):
            var next = stepper
            next.takeUp(text)
            return adopt(next)
        case .prompt(let tokens):
            var next = stepper
            next.edit(tokens)
            return adopt(next)
        case .sampling(let sampling):
            // A temperature may make an infinity of a logit, or a number of it again.
            if sampling != self.sampling { faults = FaultFinder() }
            self.sampling = sampling
        case .model(let preset, let keepsText): return open(preset, keepsText: keepsText)
        case .play: stepper.isPlaying = !wasPlaying
        case .pace(let faster):
            stepper.changePace(faster: faster)
            stepper.isPlaying = wasPlaying
            return .done("a step every \(stepper.interval) ms")
        case .zeroSelected(let isCell): return zeroSelected(isCell: isCell)
        default:
            // What may take longer waits its turn, as if it had been typed.
            queue.append(
                Statement(command: command, count: count, place: LanguageError.Place(), text: command.verb.name))
            return .begun
        }
        return .done()
    }

    private func reply(_ stop: Stepper.Stop?) -> Reply {
        stop.map { .refused(Words.sentence($0, stepper)) } ?? .done()
    }

    private mutating func moveCell(rows: Int, columns: Int) {
        guard stepper.node.isAnswer else { return stepper.moveCell(rows: rows, columns: columns) }
        // The listed tokens are in an order of their own.
        let scene = scene
        let ids = scene.candidates
        guard let place = ids.firstIndex(of: scene.vocabulary) else { return stepper.select(vocabulary: ids.first) }
        stepper.select(vocabulary: ids[min(max(0, place + rows), ids.count - 1)])
    }

    private mutating func take(_ token: Int, saying sentence: String? = nil) -> Reply {
        var next = stepper
        if let stop = next.take(token) { return reply(stop) }
        return adopt(next, saying: sentence)
    }

    /// Steps on, while it plays and what is shown is there.
    public mutating func tick() {
        guard stepper.isPlaying, !isBusy, let stop = stepper.step(.operation, .forward) else { return }
        notice = Words.sentence(stop, stepper)
        stepper.isPlaying = false
    }

    /// Goes on with work that was interrupted.
    public mutating func resume() { isInterrupted = false }

    /// Stops stepping by itself.
    public mutating func pause() { stepper.isPlaying = false }

    /// Takes the token that was predicted; with the context full shows it, since it is read and never fed.
    mutating func takePredicted() {
        let reply: Reply
        if let trace {
            if let token = (try? trace.prediction(at: stepper.tokens.count - 1, sampling: sampling))?.token {
                reply = take(token)
                if case .refused = reply { stepper.go(to: stepper.program.nodes.count - 1) }
            } else {
                reply = .refused("The logits are not all numbers, so no token can be chosen.")
            }
        } else {
            reply = .refused("There are no weights, so no token is predicted.")
        }
        guard let sentence = reply.sentence else { return }
        (pendingTakes, notice) = (0, sentence)
    }
}

extension [Int] {
    /// Whether it is a whole index of a value of that shape.
    fileprivate func isInside(_ shape: [Int]) -> Bool {
        count == shape.count && zip(self, shape).allSatisfy { (0..<$1).contains($0) }
    }
}

extension Int {
    /// So many times as much, or as much as leads beyond every edge.
    fileprivate func repeated(_ times: Int) -> Int { Swift.min(Swift.max(-1 << 40, self), 1 << 40) * times }
}
