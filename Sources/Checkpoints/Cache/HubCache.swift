import Foundation
public import SystemPackage

/// A model on a Hugging Face hub: `ORG/NAME` or `NAME`, with a branch, a tag or a commit.
public struct HubReference: Hashable, Sendable, CustomStringConvertible {
    /// `ORG/NAME`, or `NAME` alone for the oldest models.
    public let repository: String
    /// A branch, a tag, or a commit of 40 hexadecimal digits.
    public let revision: String

    /// A repository whose name was checked.
    init(repository: String, revision: String = "main") {
        self.repository = repository
        self.revision = revision
    }

    /// Reads `ORG/NAME`, `NAME`, either with `@revision`; nil where the hub allows no such name.
    ///
    /// Source: the rules of `huggingface_hub` for repository names; a revision is any relative path without `..`.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let revision = parts.count == 2 ? parts[1] : "main"
        guard let name = parts.first, name.utf8.count <= 96, !name.contains("--"), !name.contains("..") else {
            return nil
        }
        let words = name.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count <= 2, words.allSatisfy({ Self.isName($0, alsoAllowed: "") }) else { return nil }
        let steps = revision.split(separator: "/", omittingEmptySubsequences: false)
        guard steps.allSatisfy({ Self.isName($0, alsoAllowed: "+@=,") && $0 != "." && $0 != ".." }) else { return nil }
        self.init(repository: name, revision: revision)
    }

    private static func isName(_ word: Substring, alsoAllowed extra: String) -> Bool {
        guard let first = word.utf8.first, let last = word.utf8.last else { return false }
        let edges = Array("-.".utf8)
        return (!extra.isEmpty || !(edges.contains(first) || edges.contains(last)))
            && word.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
                    || "._-".unicodeScalars.contains($0) || extra.unicodeScalars.contains($0)
            }
    }

    /// What a name stands for, the likeliest first: GPT-2's own models moved into organisations and kept their old names.
    public static func candidates(for name: String) -> [HubReference] {
        guard let plain = HubReference(name) else { return [] }
        guard !plain.repository.contains("/") else { return [plain] }
        let home =
            plain.repository == "distilgpt2"
            ? "distilbert/" : plain.repository.hasPrefix("gpt2") ? "openai-community/" : nil
        return (home.map { [HubReference(repository: $0 + plain.repository, revision: plain.revision)] } ?? []) + [
            plain
        ]
    }

    /// As it is typed.
    public var description: String { revision == "main" ? repository : "\(repository)@\(revision)" }
}

/// The local cache that Hugging Face's tools share: each finds what another has downloaded.
///
/// Source: the hub's documentation of the local cache, and the constants of `huggingface_hub` 2.4.0:
/// `models--ORG--NAME/refs/<revision>` holds a commit, `snapshots/<commit>/` its files, mostly links into `blobs/`.
public struct HubCache: Hashable, Sendable {
    /// The folder of all repositories.
    public let root: FilePath

    /// A cache at a place of its own.
    public init(root: FilePath) { self.root = root }

    /// The cache that the environment names: `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `$HF_HOME/hub`,
    /// `$XDG_CACHE_HOME/huggingface/hub` or `~/.cache/huggingface/hub`, the first that is set.
    public init(environment: [String: String] = RawText.environment) {
        let set = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : expand($0, environment) } }
        root =
            (set("HF_HUB_CACHE") ?? set("HUGGINGFACE_HUB_CACHE")).map { FilePath(raw: $0) }
            ?? HubCache.home(environment).appending("hub")
    }

    /// `HF_HOME`: what is kept beside the cache, such as the token.
    public static func home(_ environment: [String: String]) -> FilePath {
        let set = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : expand($0, environment) } }
        return FilePath(
            raw: set("HF_HOME") ?? (set("XDG_CACHE_HOME") ?? expand("~/.cache", environment)) + "/huggingface")
    }

    /// Whether a variable says yes, as Hugging Face's tools read it.
    public static func isTrue(_ value: String?) -> Bool { ["1", "ON", "YES", "TRUE"].contains(value?.uppercased()) }

    /// The folder of a repository.
    public func folder(of reference: HubReference) -> FilePath {
        root.appending("models--" + reference.repository.replacing("/", with: "--"))
    }

    /// Every repository that the cache has a folder of, by name.
    public var references: [HubReference] {
        let folders = ((try? root.names()) ?? []).map(\.string).filter { $0.hasPrefix("models--") }.sorted()
        return folders.compactMap { HubReference(String($0.dropFirst("models--".count)).replacing("--", with: "/")) }
    }

    /// The commit that a revision stands for, as far as the cache knows.
    public func commit(of reference: HubReference) -> String? {
        if Self.isCommit(reference.revision) { return reference.revision }
        let path = folder(of: reference).appending("refs").appending(reference.revision)
        guard let text = ByteSource.text(path) else { return nil }
        // Written without a newline; some tools add one.
        let commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return Self.isCommit(commit) ? commit : nil
    }

    /// The folder with the files of a revision, or nil where it was never downloaded.
    public func snapshot(of reference: HubReference) -> FilePath? {
        guard let commit = commit(of: reference) else { return nil }
        let path = folder(of: reference).appending("snapshots").appending(commit)
        return path.isFolder ? path : nil
    }

    /// Whether a text is a whole commit.
    public static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }
}

/// Replaces a leading `~`, and `$NAME` and `${NAME}` where they are set, as Python's `os.path` does.
package func expand(_ path: String, _ environment: [String: String]) -> String {
    var result = ""
    var rest = path[...]
    if rest == "~" || rest.hasPrefix("~/") {
        result = environment["HOME"] ?? NSHomeDirectory()
        rest = rest.dropFirst()
    }
    while let dollar = rest.firstIndex(of: "$") {
        result += rest[..<dollar]
        rest = rest[dollar...]
        let isBraced = rest.dropFirst().first == "{"
        let name = rest.dropFirst(isBraced ? 2 : 1).prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
        let length = name.count + (isBraced ? 3 : 1)
        let isWhole = !name.isEmpty && (!isBraced || rest.dropFirst(length - 1).first == "}")
        if isWhole, let value = environment[String(name)] {
            result += value
            rest = rest.dropFirst(length)
        } else {
            result += "$"
            rest = rest.dropFirst()
        }
    }
    return result + rest
}
