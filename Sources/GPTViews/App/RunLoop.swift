public import Checkpoints
import GPTEngine
public import GPTStepper
import SystemPackage
public import TerminalKit

/// Shows an app on a terminal until it ends, and returns its exit status.
///
/// One thread owns screen and numbers. Long work is done an operation at a time between two looks at the keyboard, so
/// the screen stays alive and a key is answered at once.
///
/// - Parameters:
///   - language: the language of the tour, `en` or `vi`.
///   - fetcher: who fetches the weights of presets.
///   - keep: is given the session now and then, so that it is not lost with the program.
/// - Throws: ``FileError/changed(_:)`` when somebody writes to the weights' file while it is open.
public func run(
    _ app: inout App, on terminal: inout some Terminal, language: String, fetcher: inout some Fetcher,
    keep: (Session) -> Void = { _ in }
) throws(FileError) -> Int32 {
    let clock = ContinuousClock()
    let source = fetcher.source
    var screen: Screen { Screen(terminal.size, terminal.capabilities, language: language, source: source) }
    var lastFrame = clock.now
    var (lastKept, isKept) = (clock.now, true)
    var isShown = false
    var noted: FilePath?

    /// Does what a key asks for; a status when the program is to end.
    func carryOut(_ effect: App.Effect?) -> Int32? {
        switch effect {
        case .redraw: terminal.redraw()
        case .suspend: terminal.suspend()
        case .copy(let text): terminal.copy(text)
        case .fetch(let preset): fetcher.begin(preset)
        case .stopFetching: fetcher.interrupt()
        case .quit(let status): return status
        case nil: break
        }
        return nil
    }

    while true {
        // Computes for about a frame's time.
        let start = clock.now
        while app.isBusy, clock.now - start < .milliseconds(30) {
            if let status = carryOut(app.work(on: screen)) { return status }
        }
        if let progress = fetcher.progress() {
            app.hear(progress)
            isShown = false
        }
        let isDone = !app.isBusy
        if isDone ? !isShown : clock.now - lastFrame > .milliseconds(100) {
            terminal.present(app.draw(on: screen))
            (lastFrame, isShown) = (clock.now, isDone)
        }
        if isDone, !isKept, clock.now - lastKept > .seconds(2) {
            keep(app.session)
            (lastKept, isKept) = (clock.now, true)
        }
        // While no key is pressed, what the next one will ask for is made ready.
        let looksAhead = isDone && app.front == nil && app.session.canLookAhead
        let pause = fetcher.isRunning ? min(100, app.timeout ?? 100) : app.timeout ?? (isKept ? nil : 2100)
        let event = terminal.nextEvent(within: isDone && !looksAhead ? pause : 0)
        if event == .timeout, !isKept, app.timeout == nil, !looksAhead { continue }
        if event == .timeout, looksAhead || fetcher.isRunning && app.timeout == nil {
            if looksAhead { app.session.lookAhead() }
            continue
        }
        (isShown, isKept) = (false, false)
        if let status = carryOut(app.handle(event, on: screen)) { return status }
        if let replaced = try app.session.model.weights?.checkUnchanged(), noted != replaced {
            noted = replaced
            app.session.notice = "\(visible(replaced)) was replaced; the numbers are of the file as it was opened."
        }
    }
}
