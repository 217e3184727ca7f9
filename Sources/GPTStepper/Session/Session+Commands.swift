import GPTEngine

extension Session {
    /// Does what is asked, or says why not.
    ///
    /// - Parameter count: how many times; nil where none was given. Of ``Command/last`` it is the number of a step.
    @discardableResult
    public mutating func perform(_ command: Command, count: Int? = nil) -> Reply {
        let wasPlaying = stepper.isPlaying
        isInterrupted = false
        stepper.isPlaying = false
        let reply = does(command, count, wasPlaying)
        if let sentence = reply.sentence { notice = sentence }
        return reply
    }

    private mutating func does(_ command: Command, _ count: Int?, _ wasPlaying: Bool) -> Reply {
        let times = count ?? 1
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
        case .last: stepper.go(to: min(count ?? .max, stepper.program.nodes.count) - 1)
        case .moveCell(let rows, let columns): moveCell(rows: rows * times, columns: columns * times)
        case .head(let offset): stepper.moveHead(offset * times)
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
