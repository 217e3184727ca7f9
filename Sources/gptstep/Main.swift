import Checkpoints
import ArgumentParser
import CStart
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
              gptstep --model austen               a small model of language, built in too
              gptstep --model ./folder             a GPT-2 checkpoint: transformers', nanoGPT's, minGPT's, llm.c's
              gptstep --model gpt2                 GPT-2's shape; random weights when its own are not here
              gptstep ops                          the operations as a list
              gptstep show blocks.0.attn.pattern --head 1
              gptstep heads --model austen         what every attention head looks at
              gptstep batch -e 'zero L1.H2; print answer'

            Exit status: 0 done, 64 wrong usage, 65 input that does not fit, 66 no such file, 69 not available here, \
            70 internal error, 74 reading or writing failed, 128 + n after signal n.
            """,
        version: version,
        subcommands: [
            Run.self, Ops.self, Show.self, Lens.self, Heads.self, TraceCommand.self, Generate.self, Tokenize.self,
            Bench.self,
            Tensors.self, BatchCommand.self, Models.self, Pull.self,
        ],
        defaultSubcommand: Run.self)

    /// Runs the command that the arguments name, and turns every error into one sentence and an exit status.
    static func main() {
        // A limit on the sizes of files comes as an error where one is written, and not as the end of the program.
        signal(SIGXFSZ, SIG_IGN)
        ByteSource.endOnShrinking(status: ExitStatus.inputOutput.rawValue) { withoutControls(sentence(for: $0)) + "\n" }
        Machine.endWithoutMemory { bytes in
            standardError("gptstep: there is no memory left: \(byteCount(bytes)) more were needed and not given.")
            Foundation.exit(ExitStatus.unavailable.rawValue)
        }
        let arguments = (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0] }
        do {
            var command = try parseAsRoot(
                arguments.map {
                    RawText.string(UnsafeRawBufferPointer(start: $0, count: strlen($0)), hidingControls: true)
                })
            try command.run()
        } catch { end(with: error) }
    }

    private static func end(with error: any Error) -> Never {
        let status = ExitStatus.of(error)
        guard status == .success else {
            standardError(sentence(for: error))
            Foundation.exit(status.rawValue)
        }
        // Help, a version or a script for a shell is an answer like others.
        do {
            try standardOutput(fullMessage(for: error) + "\n")
            Foundation.exit(0)
        } catch { end(with: error) }
    }

    /// What standard error says of an error.
    private static func sentence(for error: any Error) -> String {
        let status = ExitStatus.of(error)
        let remedy = (error as? any DescribedError)?.remedy.map { " " + $0 } ?? ""
        let arguments = CommandLine.arguments
        let wantsJSON =
            arguments.contains("--format=json")
            || zip(arguments, arguments.dropFirst()).contains { $0 == "--format" && $1 == "json" }
        if wantsJSON {
            let text = readable(message(for: error).isEmpty ? "\(error)" : message(for: error)) + remedy
            return JSON.object([
                ("error", .object([("message", .string(text)), ("kind", .string(status.kind))]))
            ]).text
        }
        return status == .usage && !(error is any DescribedError)
            ? readable(fullMessage(for: error)) : "gptstep: \(error)\(remedy)"
    }

    /// A message of the argument parser, which repeats what was typed, however long that is.
    private static func readable(_ message: String) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                let scalars = line.unicodeScalars
                return scalars.count > 400
                    ? String(scalars.prefix(200)) + "…" + String(scalars.suffix(180)) : String(line)
            }.joined(separator: "\n")
    }
}
