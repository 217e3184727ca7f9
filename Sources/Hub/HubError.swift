import Checkpoints
public import SystemPackage

/// Why a model was not fetched from a hub.
public enum HubError: Error, Hashable, CustomStringConvertible {
    /// `HF_ENDPOINT` is no address of a web server.
    case badEndpoint(String)
    /// The token holds what no token does.
    case badToken(source: String)
    /// The environment forbids the network.
    case offline(variable: String, names: [String], folder: FilePath)
    /// The hub knows none of the names.
    case unknownModel(names: [String], endpoint: String)
    /// The hub knows the model but not this branch, tag or commit.
    case unknownRevision(name: String, endpoint: String)
    /// The hub asks who wants it, or says no to who does.
    case refused(name: String, endpoint: String, status: Int, sentToken: Bool, saying: String?)
    /// One exchange came to no end; another may.
    case lost(reason: String, isUnreachable: Bool)
    /// Whoever asked for it wants it no more.
    case interrupted
    /// More comes than the configuration or the index allow, and the hub says no size.
    case endless(file: String, most: Int)
    /// No answer came, however often it was asked.
    case unreachable(endpoint: String, reason: String)
    /// The hub answered with another status than is understood.
    case failed(endpoint: String, what: String, status: Int)
    /// Whatever answers is not a hub, or not a whole one.
    case notHub(endpoint: String, reason: String)
    /// A name from the network that would be unsafe as a file name.
    case unsafeName(kind: String, name: String)
    /// The list of shards cannot be read.
    case badIndex(file: String, reason: String)
    /// The repository lacks a file that every model has.
    case missingFile(name: String, file: String)
    /// The bytes kept breaking off.
    case brokenOff(file: String, received: Int, size: Int?, reason: String)
    /// The file has another size than the hub said.
    case wrongSize(file: String, expected: Int, found: Int)
    /// The bytes are not those that the hub announced.
    case wrongHash(file: String)

    /// A sentence for the person at the shell.
    public var description: String {
        switch self {
        case .badEndpoint(let text):
            "HF_ENDPOINT is \"\(text)\"; an address such as https://huggingface.co is expected."
        case .badToken(let source):
            "The token in \(source) holds a character that no token has; correct it or remove it."
        case .offline(let variable, let names, let folder):
            "\(variable) is set, so nothing is downloaded: \(Self.list(names)) would be fetched into \(visible(folder))."
        case .unknownModel(let names, let endpoint):
            "\(endpoint) knows no such model or revision: \(Self.list(names)). For a private one, set HF_TOKEN."
        case .unknownRevision(let name, let endpoint):
            "\(endpoint) has the model but no such revision: \(name). A branch, a tag or a commit goes after the @."
        case .refused(let name, let endpoint, let status, let sentToken, let saying):
            (sentToken
                ? "\(endpoint) does not give \(name) to this token (status \(status)): ask for access on its page there, or set HF_TOKEN to a token that has it."
                : "\(endpoint) does not give \(name) without a token (status \(status)): there is no such model, or it needs a permission; then set HF_TOKEN.")
                + (saying.map { " It says: \($0)" } ?? "")
        case .lost(let reason, _): "An exchange with the hub came to no end: \(reason)."
        case .interrupted: "Interrupted; what came is kept, and the same command goes on from there."
        case .endless(let file, let most):
            "\(file) has no end: the hub gives no size for it, and more than \(byteCount(most)) came, which is all that it can have; it was thrown away."
        case .unreachable(let endpoint, let reason): "\(endpoint) cannot be reached: \(reason)."
        case .failed(let endpoint, let what, let status):
            "\(endpoint) answers with status \(status) for \(what)"
                + (status == 429 ? ", too many requests" : "")
                + (HubClient.isPassing(status: status) ? "; try again later." : ".")
        case .notHub(let endpoint, let reason):
            "\(endpoint) does not answer as a Hugging Face hub does: \(reason). Is HF_ENDPOINT right?"
        case .unsafeName(let kind, let name): "The hub gives \"\(name)\" as \(kind), which is not safe as a file name."
        case .badIndex(let file, let reason): "\(file) is no list of shards: \(reason)."
        case .missingFile(let name, let file): "\(name) has no \(file), so it is no model that can be loaded."
        case .brokenOff(let file, let received, let size, let reason):
            received == 0
                ? "\(file) did not come: \(reason)."
                : "\(file) broke off after \(received) \(size.map { "of \($0) " } ?? "")bytes: \(reason). What came is kept: the same command goes on from there."
        case .wrongSize(let file, let expected, let found):
            "\(file) should have \(expected) bytes and came with \(found), so it was thrown away; try again."
        case .wrongHash(let file):
            "The bytes of \(file) are not those that the hub announced (their hash differs), so they were thrown away; try again."
        }
    }

    /// Whether another machine could fetch it.
    public var isLackOfNetwork: Bool {
        switch self {
        case .offline, .unreachable: true
        default: false
        }
    }

    private static func list(_ names: [String]) -> String { names.joined(separator: ", then ") }
}
