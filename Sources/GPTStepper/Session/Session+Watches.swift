import GPTEngine

/// For what the values of watches were found: they hold there and nowhere else.
struct WatchKey: Hashable {
    let index: Int
    let tokens: [Int]
    let stops: Stops
    let edits: [EditList.Entry]
}

/// Values that are shown beside the pass wherever one is.
extension Session {
    /// What is watched or displayed.
    private var shown: [(number: Int, expression: Expression)] {
        stops.all.compactMap { stop in
            switch stop.kind {
            case .watch(let expression), .display(let expression): stop.isEnabled ? (stop.number, expression) : nil
            case .address, .nan: nil
            }
        }
    }

    private var watchKey: WatchKey {
        WatchKey(index: stepper.index, tokens: stepper.tokens, stops: stops, edits: applied)
    }

    /// Whether a value is watched and not known at the cursor.
    var watchesNeedWork: Bool { trace != nil && !(stops.all.isEmpty && watched.isEmpty) && watchedFor != watchKey }

    /// Works out what is watched.
    mutating func workOnWatches() {
        watchedFor = watchKey
        watched = shown.map { number, expression in
            let value: String
            do { value = try watched(expression).map { Answer.line($0, model) } ?? "lies ahead" } catch let error
                as LanguageError
            {
                value = error.message
            } catch { value = "\(error)" }
            return (number, expression.written, value)
        }
    }
}

extension Answer {
    /// A value on one line.
    static func line(_ datum: Datum, _ model: Model) -> String {
        let text = text(datum, model)
        guard text.contains("\n") else { return text }
        let numbers = datum.numbers.prefix(8).map(decimal).joined(separator: " ")
        return "\(datum.extent) \(numbers)" + (datum.numbers.count > 8 ? " …" : "")
    }
}
