public import Checkpoints
import GPTEngine
import SystemPackage
public import TerminalKit

/// Shows an app on a terminal until it ends, and returns its exit status.
///
/// One thread owns screen and numbers. Long work is done an operation at a time between two looks at the keyboard, so
/// the screen stays alive and a key is answered at once.
///
/// - Throws: ``FileError/changed(_:)`` when somebody writes to the weights' file while it is open.
public func run(_ app: inout App, on terminal: inout some Terminal) throws(FileError) -> Int32 {
    let clock = ContinuousClock()
    var lastFrame = clock.now
    func show() {
        (app.size, app.capabilities) = (terminal.size, terminal.capabilities)
        terminal.present(app.draw(terminal.size, terminal.capabilities))
        lastFrame = clock.now
    }
    /// Computes for about a frame's time; true when all is done.
    func finishesSoon() -> Bool {
        let start = clock.now
        while app.isBusy, clock.now - start < .milliseconds(30) { app.work() }
        return !app.isBusy
    }

    /// Does what keys ask for; a status when the program is to end.
    func perform(_ effects: [App.Effect]) -> Int32? {
        for effect in effects {
            switch effect {
            case .none: continue
            case .redraw: terminal.redraw()
            case .suspend: terminal.suspend()
            case .copy(let text): terminal.copy(text)
            case .quit(let status): return status
            }
        }
        return nil
    }

    var isShown = false
    var noted: FilePath?
    while true {
        let isDone = finishesSoon()
        if let status = perform(app.takeDeferred()) { return status }
        if isDone ? !isShown : clock.now - lastFrame > .milliseconds(100) {
            show()
            isShown = isDone
        }
        // While no key is pressed, what the next one will ask for is made ready.
        let looksAhead = isDone && app.canLookAhead
        let event = terminal.nextEvent(within: isDone && !looksAhead ? app.timeout : 0)
        if looksAhead, event == .timeout {
            app.lookAhead()
            continue
        }
        isShown = false
        if let status = perform([app.handle(event)]) { return status }
        if let replaced = try app.model.weights?.checkUnchanged(), noted != replaced {
            noted = replaced
            app.message = "\(visible(replaced)) was replaced; the numbers are of the file as it was opened."
        }
    }
}
