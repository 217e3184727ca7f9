import Checkpoints
import Foundation
import GPTEngine
import GPTStepper
import SystemPackage

/// What is kept from one start to the next: `$XDG_STATE_HOME/gptstep`, or the same below `~/.local/state`.
enum StateFolder {
    private static func file(_ name: String, _ environment: [String: String]) -> FilePath? {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.local/state" }
        guard let state = environment["XDG_STATE_HOME"].flatMap({ $0.isEmpty ? nil : $0 }) ?? home else { return nil }
        return FilePath(raw: state + "/gptstep/" + name)
    }

    /// Writes a file of it; where that cannot be done, it is as if nothing had been kept.
    private static func write(_ text: String, to name: String, _ environment: [String: String]) {
        guard let file = file(name, environment) else { return }
        try? file.removingLastComponent().createFolder()
        try? writeFile(file) { write in try write(.init(text.utf8)) }
    }

    /// Whether the full screen starts for the first time: then the tour is offered once.
    static func isFirstStart(_ environment: [String: String]) -> Bool {
        file("started", environment).map { !$0.exists } ?? false
    }

    /// Remembers this start.
    static func rememberStart(_ environment: [String: String]) {
        if isFirstStart(environment) { write("", to: "started", environment) }
    }

    /// What was typed on the `:` line, the latest last.
    static func history(_ environment: [String: String]) -> [String] {
        lines("history", environment)
    }

    /// Remembers the last of what was typed.
    static func remember(_ history: [String], _ environment: [String: String]) {
        guard !history.isEmpty, history != self.history(environment) else { return }
        write(history.suffix(1000).map { $0 + "\n" }.joined(), to: "history", environment)
    }

    private static func lines(_ name: String, _ environment: [String: String]) -> [String] {
        guard let file = file(name, environment), let bytes = try? readFile(file, most: 1 << 24) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    // MARK: Recovery

    /// Where a session is written while it runs, by process: who ends well takes it away.
    private static func recoveryFile(_ environment: [String: String]) -> FilePath? {
        file("recovery-\(ProcessInfo.processInfo.processIdentifier).gpt", environment)
    }

    /// Writes a session that has something to lose.
    static func keep(_ session: Session, _ environment: [String: String]) {
        guard let file = recoveryFile(environment), session.isWorthKeeping else { return }
        try? file.removingLastComponent().createFolder()
        guard let text = try? session.script(besides: file.string, LanguageError.Place()) else { return }
        try? writeFile(file) { write in try write(.init(text.utf8)) }
    }

    /// A session that ended well needs no recovery.
    static func endKeeping(_ environment: [String: String]) {
        guard let file = recoveryFile(environment) else { return }
        for name in [file.string, Session.beside(file.string)] { try? FileManager.default.removeItem(atPath: name) }
    }

    /// The latest session whose program is no more, once; nil where all ended well.
    static func recover(_ environment: [String: String]) -> String? {
        guard let target = file("recovered.gpt", environment) else { return nil }
        let folder = target.removingLastComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        let lost = names.filter { name in
            guard name.hasPrefix("recovery-"), name.hasSuffix(".gpt"),
                let process = Int32(name.dropFirst(9).dropLast(4))
            else { return false }
            return kill(process, 0) != 0 && errno == ESRCH
        }.map { folder.appending($0) }
        func date(_ path: FilePath) -> Date {
            let facts = try? FileManager.default.attributesOfItem(atPath: path.string)
            return facts?[.modificationDate] as? Date ?? .distantPast
        }
        guard let latest = lost.max(by: { date($0) < date($1) }) else { return nil }
        // Its values stay beside it under the name that it knows.
        guard rename(latest.string, target.string) == 0 else { return nil }
        for other in lost where other != latest {
            for name in [other.string, Session.beside(other.string)] {
                try? FileManager.default.removeItem(atPath: name)
            }
        }
        return target.string
    }
}
