import CPseudoTerminal
import Foundation

/// How a program ended.
enum Ending: Equatable {
    case exit(Int32)
    case signal(Int32)
    /// It still runs.
    case none
}

/// A program on a terminal of its own, seen from the side of the user.
final class PseudoTerminal {
    struct StartFailure: Error {}

    /// The sequence that leaves the alternate screen of xterm and its kin.
    static let leavesScreen = Array("\u{1B}[?1049l".utf8)

    /// Everything the program has written.
    private(set) var output: [UInt8] = []
    /// Where the next search starts: after what was found last.
    private var mark = 0
    private var terminal = pt_terminal(master: -1, slave: -1, process: -1)
    private var ending = Ending.none

    /// Starts a program; nothing of the test's own environment is passed on.
    init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String], columns: Int32 = 80,
        rows: Int32 = 24
    ) throws {
        let words = ([executable] + arguments).map { strdup($0) }
        let variables = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in words + variables { free(text) } }
        guard pt_start(&terminal, executable, words + [nil], variables + [nil], columns, rows) else {
            throw StartFailure()
        }
    }

    deinit {
        if ending == .none {
            _ = pt_signal(&terminal, SIGKILL)
            _ = poll(for: 1000)
        }
        pt_close(&terminal)
    }

    /// Types keys, byte for byte.
    func send(_ keys: String) { send(Array(keys.utf8)) }

    /// Types bytes that need not be text.
    func send(_ bytes: [UInt8]) { _ = pt_write(&terminal, bytes, bytes.count) }

    /// Sends a signal to the program.
    func signal(_ number: Int32) { _ = pt_signal(&terminal, number) }

    /// Gives the terminal another size, as a window manager would.
    func resize(columns: Int32, rows: Int32) { _ = pt_resize(&terminal, columns, rows) }

    /// Takes the terminal away from under the program.
    func hangUp() { pt_close(&terminal) }

    /// Reads until a text appears after the one found last; false when it did not come in time.
    func waitFor(_ text: String, within milliseconds: Int = 5000) -> Bool {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while true {
            if let found = place(of: Array(text.utf8), from: mark) {
                mark = found.upperBound
                return true
            }
            guard ContinuousClock.now < end, read(within: 50) >= 0 else { return false }
        }
    }

    /// Reads until the program has ended, and then what is left.
    func waitForExit(within milliseconds: Int = 10000) -> Ending {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while ending == .none, ContinuousClock.now < end {
            let open = read(within: 20) >= 0
            _ = poll(for: open ? 0 : 50)
        }
        while read(within: 50) > 0 {}
        return ending
    }

    /// Whether what the program wrote contains a text.
    func contains(_ text: String) -> Bool { place(of: Array(text.utf8), from: 0) != nil }

    /// What was written after the alternate screen was left for the last time.
    var afterScreen: String? {
        guard let left = lastPlace(of: Self.leavesScreen) else { return nil }
        return String(decoding: output[left.upperBound...], as: UTF8.self)
    }

    /// Whether the terminal echoes and gathers lines, as a shell expects it.
    var isCooked: Bool {
        var echo = false
        var canonical = false
        return pt_modes(&terminal, &echo, &canonical) && echo && canonical
    }

    /// Whether the terminal was last told to report the mouse rather than to keep it.
    var reportsMouse: Bool {
        guard let on = lastPlace(of: Array("\u{1B}[?1006;1000h".utf8)) else { return false }
        return output[on.upperBound...].firstRange(of: Array("\u{1B}[?1006;1000l".utf8)) == nil
    }

    /// Whether the screen was left, the terminal's modes are back and it keeps the mouse.
    var endsClean: Bool { afterScreen != nil && isCooked && !reportsMouse }

    private func poll(for milliseconds: Int32) -> Ending {
        var status: Int32 = -1
        var signal: Int32 = -1
        if pt_wait(&terminal, milliseconds, &status, &signal) { ending = signal < 0 ? .exit(status) : .signal(signal) }
        return ending
    }

    private func read(within milliseconds: Int32) -> Int {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pt_read(&terminal, &bytes, bytes.count, milliseconds)
        if count > 0 { output += bytes[..<count] }
        return count
    }

    private func place(of text: [UInt8], from start: Int) -> Range<Int>? {
        output[start...].firstRange(of: text)
    }

    private func lastPlace(of text: [UInt8]) -> Range<Int>? { output.ranges(of: text).last }
}
