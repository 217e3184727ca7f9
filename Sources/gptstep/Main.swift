import ArgumentParser
import Foundation
import GPTEngine

@main
struct GPTStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gptstep",
        abstract: "A debugger for the GPT forward pass, in a terminal.",
        discussion: """
            Without a command it opens the full screen: one key runs one operation, and what it read, what it computed \
            and why each number is what it is are on the screen. Arrow keys step; ? lists all keys.

              gptstep                              step through the built-in nano-GPT sorting CBABBC
              gptstep BBACAC                       the same on your own six letters
              gptstep --model ./folder             a GPT-2 checkpoint (model.safetensors and config.json)
              gptstep --model gpt2                 GPT-2's shape; random weights when its own are not here
              gptstep ops                          the operations as a list
              gptstep show blocks.0.attn.pattern --head 1

            Exit status: 0 done, 64 wrong usage, 65 input that does not fit, 66 no such file, 69 not available here, \
            70 internal error, 74 reading or writing failed, 128 + n after signal n.
            """,
        version: version,
        subcommands: [
            Run.self, Ops.self, Show.self, TraceCommand.self, Generate.self, Tokenize.self, Bench.self, Tensors.self,
            Models.self, Pull.self,
        ],
        defaultSubcommand: Run.self)

    /// Runs the command that the arguments name, and turns every error into one sentence and an exit status.
    static func main() {
        // A limit on the sizes of files comes as an error where one is written, and not as the end of the program.
        signal(SIGXFSZ, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let status = ExitStatus.of(error)
            guard status != .success else { exit(withError: error) }
            let arguments = CommandLine.arguments
            let wantsJSON =
                arguments.contains("--format=json")
                || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "json" }
            if wantsJSON {
                let text = message(for: error).isEmpty ? "\(error)" : message(for: error)
                let object: [(String, JSON)] = [("message", .string(text)), ("kind", .string(status.kind))]
                standardError(JSON.object([("error", .object(object))]).text)
            } else if status == .usage, !(error is any DescribedError) {
                standardError(fullMessage(for: error))
            } else {
                standardError("gptstep: \(error)")
            }
            Foundation.exit(status.rawValue)
        }
    }
}

/// Writes a line to standard error, if anyone is there to read it.
func standardError(_ line: String) { standardError(bytes: line + "\n") }

/// Writes text to standard error as it is; where that cannot be written to, nothing is said.
func standardError(bytes text: String) {
    var rest = ArraySlice(Array(text.utf8))
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno != EINTR { return }
        rest = rest.dropFirst(max(0, written))
    }
}
