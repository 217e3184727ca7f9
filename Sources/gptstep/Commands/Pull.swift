import Checkpoints
import ArgumentParser
import Foundation
import GPTEngine
import Hub

struct Pull: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a model from Hugging Face into the cache that its tools share.",
        discussion: """
            gptstep pull gpt2 fetches openai-community/gpt2: its configuration, its tokenizer and its weights, as \
            safetensors where there are any and else as PyTorch's .bin. What is in the cache already is not fetched again, what was interrupted is gone on with, and \
            every file is checked against its hash. The answer is the folder with the files.

            HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE, HF_HOME and HF_HUB_OFFLINE mean what they mean to huggingface_hub.
            """)

    @Argument(
        help:
            "\(Preset.all.filter { $0.origin == .hub }.map(\.name).joined(separator: ", ")), distilgpt2, or ORG/NAME, with @REVISION where it is not main."
    )
    var name: String
    @OptionGroup var output: OutputOptions

    func run() throws {
        let candidates = HubReference.candidates(for: name)
        guard !candidates.isEmpty else {
            throw UsageError(
                "\"\(visible(name))\" is no name of a model on a hub; ORG/NAME or ORG/NAME@REVISION is expected, as in openai-community/gpt2."
            )
        }
        if let preset = Preset.named(name), preset.origin != .hub {
            throw UsageError(
                preset.origin == .builtIn
                    ? "\(preset.name) is built in: there is nothing to fetch."
                    : "The weights of \(preset.name) were never published; it has shapes only.")
        }
        let progress = DownloadProgress()
        defer { progress.clear() }
        let job = PullJob(candidates, settings: try HubSettings())
        signal(SIGINT, SIG_IGN)
        let interruption = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        interruption.setEventHandler { job.interrupt() }
        interruption.resume()
        defer { interruption.cancel() }
        var found: HubDownload.Snapshot?
        do {
            while found == nil { found = try job.work(for: .milliseconds(250), report: progress.show) }
        } catch { throw NoNetwork.explaining(error, name: name) }
        guard let snapshot = found else { return }
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

/// A fetch without a network, with what to do elsewhere.
struct NoNetwork: DescribedError, CustomStringConvertible {
    private let error: HubError
    private let name: String
    private let reference: HubReference

    /// An error of a fetch, with what to do elsewhere where it is for want of a network.
    static func explaining(_ error: any Error, name: String) -> any Error {
        guard let error = error as? HubError, error.isLackOfNetwork,
            let reference = HubReference.candidates(for: name).first
        else { return error }
        return NoNetwork(error: error, name: name, reference: reference)
    }

    var status: ExitStatus { .unavailable }
    var description: String {
        let folder = HubCache().folder(of: reference)
        return "\(error) Where there is a network, `gptstep pull \(visible(name))` or "
            + "`huggingface-cli download \(reference.repository)` fetches it; then copy its folder, "
            + "\(visible(folder.lastComponent?.string ?? "")), to \(visible(folder.removingLastComponent())) here, "
            + "or give a folder with its files to --model."
    }
}
