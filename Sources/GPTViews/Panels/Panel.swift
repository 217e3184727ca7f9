import Checkpoints
import GPTEngine
import TerminalKit

/// What stands in front of the screen and takes the keys.
enum Panel {
    case help(first: Int)
    case models(selected: Int)
    case prompt(PromptEditor)
    case sampling(SamplingEditor)
    case continuations(selected: Int)
    case ledger(LedgerPanel)
    case heads(HeadsPanel)
    case lens(LensPanel)

    /// Whether it leaves the timeline and the prompt in sight.
    var isOnStage: Bool {
        switch self {
        case .ledger, .heads, .lens: true
        case .help, .models, .prompt, .sampling, .continuations: false
        }
    }
}

extension App {
    /// Gives a key to the panel in front; Esc always closes it.
    mutating func pressInPanel(_ key: Key) -> Effect {
        guard let panel else { return .none }
        switch key {
        case .control("l"): return .redraw
        case .control("z"): return .suspend
        default:
            switch panel {
            case .continuations(let selected): pressInContinuations(key, selected)
            case .ledger(let ledger): return pressInLedger(key, ledger)
            case .heads(let heads): pressInHeads(key, heads)
            case .lens(let lens): pressInLens(key, lens)
            case .help(let first): pressInHelp(key, first)
            case .models(let selected): pressInModels(key, selected)
            case .prompt(let editor): pressInPrompt(key, editor)
            case .sampling(let editor): pressInSampling(key, editor)
            }
        }
        return .none
    }

    private mutating func pressInHelp(_ key: Key, _ first: Int) {
        switch key {
        case .escape: panel = nil
        case .down, .character("j"): panel = .help(first: min(first + 1, KeyBindings.all.count - 1))
        case .up, .character("k"): panel = .help(first: max(0, first - 1))
        case .pageDown, .character(" "): panel = .help(first: min(first + 10, KeyBindings.all.count - 1))
        case .pageUp: panel = .help(first: max(0, first - 10))
        case .character("t"): startTour()
        case .character("q"), .character("?"), .function(1), .enter: panel = nil
        default: break
        }
    }

    private mutating func pressInContinuations(_ key: Key, _ selected: Int) {
        let last = stepper.left.count - 1
        switch key {
        case .down, .character("j"): panel = .continuations(selected: min(last, selected + 1))
        case .up, .character("k"): panel = .continuations(selected: max(0, selected - 1))
        case .enter:
            panel = nil
            takeUp(stepper.left[selected])
        case .escape, .character("q"), .character("R"): panel = nil
        default: break
        }
    }

    private mutating func pressInModels(_ key: Key, _ selected: Int) {
        switch key {
        case .escape: panel = nil
        case .down, .character("j"): panel = .models(selected: min(selected + 1, choices.count - 1))
        case .up, .character("k"): panel = .models(selected: max(0, selected - 1))
        case .enter:
            panel = nil
            let choice = choices[selected]
            // What is open already stays as it is.
            if choice.name != model.name || choice.configuration != model.configuration {
                open(choice, keepsText: true)
            }
        case .character("q"), .character("m"): panel = nil
        default: break
        }
    }

    private mutating func pressInPrompt(_ key: Key, _ editor: PromptEditor) {
        var editor = editor
        if key == .escape { return panel = nil }
        if key == .enter {
            do {
                let tokens = try editor.tokens()
                panel = nil
                return edit(tokens)
            } catch {
                editor.complaint = error.description
            }
        } else {
            editor.press(key)
        }
        panel = .prompt(editor)
    }

    private mutating func pressInSampling(_ key: Key, _ editor: SamplingEditor) {
        var editor = editor
        if key == .escape { return panel = nil }
        if key == .enter {
            panel = nil
            return choose(editor.sampling)
        }
        editor.press(key)
        panel = .sampling(editor)
    }
}
