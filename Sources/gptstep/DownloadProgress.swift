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
    /// Where the current file began, and when: the rate is of what came since.
    private var start: (bytes: Int, time: ContinuousClock.Instant)

    init(environment: [String: String] = RawText.environment) {
        moves =
            isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
            && !HubCache.isTrue(environment["HF_HUB_DISABLE_PROGRESS_BARS"])
        start = (0, clock.now)
    }

    /// Shows what happened.
    func show(_ event: PullEvent) {
        switch event {
        case .found(let name, let commit, let files):
            line("\(name) at \(commit.prefix(12)): \(files) files")
        case .waiting(let file): line("\(visible(file)): another download of it is running; waiting for its end")
        case .started(let file, let bytes, let from):
            start = (from, clock.now)
            lastShown = nil
            if from > 0 { line("\(visible(file)): going on after \(byteCount(from))") }
            move(file, from, bytes)
        case .received(let file, let bytes, let size): move(file, bytes, size)
        case .retrying(let file, let reason, let seconds):
            line(
                "\(visible(file)): \(reason); trying again in \(Self.duration(Double(seconds)))"
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

    private func move(_ file: String, _ bytes: Int, _ size: Int?) {
        let now = clock.now
        guard moves, lastShown.map({ now - $0 > .milliseconds(100) }) ?? true else { return }
        lastShown = now
        isShown = true
        var text = "\(visible(file)): "
        if let size, size > 0 {
            let done = min(20, 20 * bytes / size)
            text += "[\(String(repeating: "#", count: done))\(String(repeating: ".", count: 20 - done))] "
        }
        text += byteCount(bytes)
        if let size { text += " of \(byteCount(size))" }
        let seconds = (now - start.time) / .seconds(1)
        if seconds > 0.5, bytes > start.bytes {
            let rate = Double(bytes - start.bytes) / seconds
            text += ", \(byteCount(Int(rate)))/s"
            if let size { text += ", \(Self.duration(Double(size - bytes) / rate)) left" }
        }
        // A line that wraps could not be taken back.
        standardError(bytes: "\r\(text.prefix(Self.columns - 1))\u{1B}[K")
    }

    private static func duration(_ seconds: Double) -> String {
        let seconds = Int(min(seconds.rounded(.up), 359_999))
        return seconds < 60
            ? "\(seconds) s"
            : seconds < 3600
                ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }

    private static var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
    }
}
