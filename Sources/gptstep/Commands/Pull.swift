import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import Hub

struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a model from Hugging Face into the cache that its tools share.",
        discussion: """
            gptstep pull gpt2 fetches openai-community/gpt2: its configuration, its tokenizer and its weights as \
            safetensors. What is in the cache already is not fetched again, what was interrupted is gone on with, and \
            every file is checked against its hash. The answer is the folder with the files.

            HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE, HF_HOME and HF_HUB_OFFLINE mean what they mean to huggingface_hub.
            """)

    @Argument(
        help: "gpt2, gpt2-medium, gpt2-large, gpt2-xl, distilgpt2, or ORG/NAME, with @REVISION where it is not main.")
    var name: String
    @OptionGroup var output: OutputOptions

    func run() throws {
        let candidates = HubReference.candidates(for: name)
        guard !candidates.isEmpty else {
            throw UsageError(
                "\"\(visible(name))\" is no name of a model on a hub; ORG/NAME or ORG/NAME@REVISION is expected, as in openai-community/gpt2."
            )
        }
        if let preset = Preset.named(name), !preset.name.hasPrefix("gpt2") {
            throw UsageError(
                preset.name == "nano"
                    ? "nano is built in: there is nothing to fetch."
                    : "The weights of \(preset.name) were never published; it has shapes only.")
        }
        startOverWhenNetworkingTraps()
        let progress = DownloadProgress()
        let interruption = endOnInterrupt {
            progress.clear()
            standardError("gptstep: interrupted; what came is kept, and the same command goes on from there")
        }
        defer { interruption.cancel() }
        defer { progress.clear() }
        let settings = try HubSettings()
        let snapshot = try HubDownload(settings) { progress.show($0) }.fetch(candidates)
        progress.clear()
        try output.write(
            text: snapshot.path.string + "\n",
            json: .object([
                ("model", .string(snapshot.reference.repository)), ("revision", .string(snapshot.reference.revision)),
                ("commit", .string(snapshot.commit)), ("path", .string(snapshot.path.string)),
                (
                    "files",
                    .array(
                        snapshot.files.map {
                            .object([("name", .string($0.name)), ("bytes", .integer($0.bytes))])
                        })
                ),
            ]))
    }
}

/// Ends the program with 130 on Ctrl-C, after a last word.
///
/// What was written is in its file already, so there is nothing to wait for.
private func endOnInterrupt(_ lastWord: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
        lastWord()
        _exit(128 + SIGINT)
    }
    source.setCancelHandler { signal(SIGINT, SIG_DFL) }
    source.resume()
    return source
}

/// Starts the program over, a few times, when the network library ends it.
///
/// An answer that ends inside its headers is a fatal error to `URLSession` on Linux (swift-corelibs-foundation, issue
/// 5285), which nothing can catch. What was received is in its file, so a new start goes on from there.
private func startOverWhenNetworkingTraps() {
    let variable = "GPTSTEP_PULL_STARTS"
    let starts = ProcessInfo.processInfo.environment[variable].flatMap(Int.init) ?? 0
    setenv(variable, "\(starts + 1)", 1)
    // In the handler nothing may be made anew, so the arguments are there before it.
    _ = CommandLine.unsafeArgv
    let again: @convention(c) (CInt) -> Void = { _ in
        let text: StaticString = "gptstep: ended by the error above; starting over, what came is kept\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        sleep(1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        _exit(70)
    }
    let atLast: @convention(c) (CInt) -> Void = { _ in
        let text: StaticString =
            "gptstep: ended by the error above again and again; what came is kept, and the same command goes on from there\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        _exit(69)
    }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = starts < 4 ? again : atLast
    // Not held back while it runs, since the new start would inherit that.
    action.sa_flags = CInt(bitPattern: UInt32(SA_NODEFER))
    for signal in [SIGILL, SIGTRAP] { sigaction(signal, &action, nil) }
}
