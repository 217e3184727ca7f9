import Checkpoints
import ArgumentParser
import CursesTerminal
import GPTEngine
import GPTStepper
import Hub

/// How a command ended, by the numbers of BSD's sysexits.
enum ExitStatus: Int32 {
    case success = 0
    /// What was asked to be so is not.
    case failure = 1
    case usage = 64
    case data = 65
    case noInput = 66
    case unavailable = 69
    case internalError = 70
    case inputOutput = 74
    case interrupted = 130

    /// The name that JSON errors carry.
    var kind: String {
        switch self {
        case .success: "none"
        case .failure: "assert"
        case .usage: "usage"
        case .data: "data"
        case .noInput: "no_input"
        case .unavailable: "unavailable"
        case .internalError: "internal"
        case .inputOutput: "io"
        case .interrupted: "interrupted"
        }
    }

    /// The status that an error ends the program with.
    static func of(_ error: any Error) -> ExitStatus {
        if let error = error as? any DescribedError { return error.status }
        // What is left comes from the argument parser, help and version among it, or was never expected.
        switch GPTStep.exitCode(for: error) {
        case .success: return .success
        case .validationFailure: return .usage
        default: return .internalError
        }
    }
}

/// An error of ours: its description is a sentence for the person at the shell.
protocol DescribedError: Error, CustomStringConvertible {
    var status: ExitStatus { get }
    /// What to do about it, as a sentence, where the error itself states facts only.
    var remedy: String? { get }
}

extension DescribedError {
    var remedy: String? { nil }
}

/// Options that contradict each other or name what is not there.
struct UsageError: DescribedError, CustomStringConvertible {
    let description: String
    var status: ExitStatus { .usage }

    init(_ description: String) { self.description = description }
}

extension AddressError: DescribedError {
    var status: ExitStatus { .usage }
    var remedy: String? { "`gptstep ops` lists them all." }
}

extension LanguageError: DescribedError { var status: ExitStatus { BatchCommand.status(self) } }
extension SamplingError: DescribedError { var status: ExitStatus { .usage } }
extension PromptError: DescribedError {
    var status: ExitStatus { .data }
    var remedy: String? {
        if case .needsIDs = self { "They are given as --ids 1,2,3." } else { nil }
    }
}
extension CheckpointError: DescribedError { var status: ExitStatus { .data } }
extension TokenizerError: DescribedError { var status: ExitStatus { .data } }
extension ConfigurationError: DescribedError { var status: ExitStatus { .data } }
extension PassError: DescribedError {
    var status: ExitStatus { .unavailable }
    var remedy: String? { "Give it more with --memory, or a shorter prompt." }
}

extension TerminalError: DescribedError { var status: ExitStatus { .unavailable } }

extension FileError: DescribedError {
    var status: ExitStatus {
        switch self {
        case .missing: .noInput
        case .unreadable, .unwritable, .changed: .inputOutput
        }
    }
}

extension ModelError: DescribedError {
    var status: ExitStatus {
        switch self {
        case .unknown: .usage
        case .doesNotFit, .noWeights, .shapesOnly, .notInCache: .unavailable
        }
    }
    var remedy: String? {
        switch self {
        case .unknown: nil
        case .notInCache(let name, _): "`gptstep pull \(visible(name))` fetches it."
        case .doesNotFit(let name, _): "`gptstep ops --model \(name)` lists its operations without them."
        case .noWeights(let name):
            "`gptstep pull \(name)` fetches them from Hugging Face; a checkpoint or its folder can be given to --model as well; --random-weights shows the mechanics with numbers that mean nothing."
        case .shapesOnly(let name, _):
            "`gptstep ops --model \(name)` lists its operations, and the full screen steps through them."
        }
    }
}

extension HubError: DescribedError {
    var status: ExitStatus {
        switch self {
        case .badEndpoint, .badToken: .usage
        case .offline, .unknownModel, .unknownRevision, .refused, .unreachable, .failed, .notHub, .lost: .unavailable
        case .interrupted: .interrupted
        case .unsafeName, .badIndex, .missingFile, .endless: .data
        // Bytes that arrive wrong are a failed reading: the same command may well succeed the next time.
        case .brokenOff, .wrongSize, .wrongHash: .inputOutput
        }
    }
}
