import Foundation

/// Programs that the build has put beside the tests.
enum Built {
    struct Missing: Error {}

    /// Where a program of this package is.
    static func path(_ name: String) throws -> String {
        let manager = FileManager.default
        // The test runner lies in the build folder itself, or in a bundle in it.
        var places = [Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
        for argument in CommandLine.arguments where argument.contains("/") {
            places.append(URL(fileURLWithPath: argument).deletingLastPathComponent())
        }
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        places.append(package.appendingPathComponent(".build/debug"))
        for place in places {
            let path = place.appendingPathComponent(name).path
            if manager.isExecutableFile(atPath: path) { return path }
        }
        throw Missing()
    }

    /// An environment as on a usual desktop, changed where the test says so; nil takes a name out.
    static func environment(_ changes: [String: String?] = [:]) -> [String: String] {
        let usual: [String: String?] = [
            "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
        ]
        return usual.merging(changes) { $1 }.compactMapValues { $0 }
    }
}

/// The small program that shows every event.
enum Demo {

    /// Starts it; `LANG` and `TERM` are as on a usual desktop unless said otherwise.
    static func start(
        _ changes: [String: String?] = [:], columns: Int32 = 80, rows: Int32 = 24
    ) throws -> PseudoTerminal {
        try PseudoTerminal(
            Built.path("terminal-demo"), environment: Built.environment(changes), columns: columns, rows: rows)
    }

    /// Starts it as a job of a shell, which says `shell-has-it` when the job is stopped and then does what is asked.
    static func startInShell(
        _ afterwards: String = "fg; echo ended-$?", job: (String) -> String = { $0 }
    ) throws -> PseudoTerminal {
        try shell("set -m; \(job(try Built.path("terminal-demo"))); echo shell-has-it; \(afterwards)")
    }

    /// Starts it as `nohup` would.
    static func startDeafToHangUps() throws -> PseudoTerminal {
        try shell("trap '' HUP; exec \(try Built.path("terminal-demo"))")
    }

    private static func shell(_ script: String) throws -> PseudoTerminal {
        try PseudoTerminal("/bin/sh", ["-c", script], environment: Built.environment())
    }
}
