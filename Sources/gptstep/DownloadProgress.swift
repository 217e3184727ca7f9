import Checkpoints
import Foundation
import GPTEngine
import Hub

/// Says on standard error how a download goes: a line that moves on a terminal, a line at each file's end elsewhere.
final class DownloadProgress {
    private let moves: Bool
    private let clock = ContinuousClock()
    private var isShown = false
    private var lastShown: ContinuousClock.Instant?
    private var tally = PullProgress()

    init(environment: [String: String] = RawText.environment) {
        moves =
            isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
            && !HubCache.isTrue(environment["HF_HUB_DISABLE_PROGRESS_BARS"])
    }

    /// Shows what happened.
    func show(_ event: PullEvent) {
        tally.take(event)
        switch event {
        case .found(let name, let commit, let files):
            line("\(name) at \(commit.prefix(12)): \(files) files")
        case .waiting(let file): line("\(visible(file)): another download of it is running; waiting for its end")
        case .started(let file, _, let from):
            lastShown = nil
            if from > 0 { line("\(visible(file)): going on after \(byteCount(from))") }
            move()
        case .received: move()
        case .retrying(let file, let reason, let seconds):
            line(
                "\(visible(file)): \(reason); trying again in \(duration(Double(seconds)))"
                    + (seconds > 10 ? " (Ctrl-C ends it; what came is kept)" : ""))
        case .finished(let file, let bytes): line("\(visible(file)): \(byteCount(bytes))")
        case .present(let file, let bytes): line("\(visible(file)): \(byteCount(bytes)), already here")
        }
    }

    /// Removes the moving line.
    func clear() { erase() }

    private func line(_ text: String) {
        erase()
        standardError(text)
    }

    private func erase() {
        if isShown { standardError(bytes: "\r\u{1B}[K") }
        isShown = false
    }

    private func move() {
        let now = clock.now
        guard moves, lastShown.map({ now - $0 > .milliseconds(100) }) ?? true else { return }
        lastShown = now
        isShown = true
        var text = "\(visible(tally.file)): "
        if let size = tally.size, size > 0 {
            let done = min(20, 20 * tally.bytes / size)
            text += "[\(String(repeating: "#", count: done))\(String(repeating: ".", count: 20 - done))] "
        }
        text += byteCount(tally.bytes)
        if let size = tally.size { text += " of \(byteCount(size))" }
        if let rate = tally.rate { text += ", \(byteCount(Int(rate)))/s" }
        if let seconds = tally.secondsLeft { text += ", \(duration(seconds)) left" }
        // A line that wraps could not be taken back.
        standardError(bytes: "\r\(text.prefix(Self.columns - 1))\u{1B}[K")
    }

    private static var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
    }
}
