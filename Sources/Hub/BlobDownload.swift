import Foundation
import Checkpoints
import SystemPackage

/// Fetches the content of one file, going on where an earlier attempt ended.
struct BlobDownload {
    let client: HubClient
    let reference: HubReference
    let folder: RepositoryFolder
    let file: RemoteFile
    /// How many bytes it can have where the hub does not say how many it has.
    let most: Int
    let report: (PullEvent) -> Void

    /// Makes sure that the content is in the cache, whole and checked.
    ///
    /// - Throws: ``HubError``, and `FileError` when it cannot be written.
    func run() throws {
        if folder.present(file) != nil { return report(.present(file.name, bytes: file.size ?? 0)) }
        let (blob, lock) = (folder.blob(file), folder.lock(file))
        for path in [blob, lock] { try path.removingLastComponent().createFolder() }
        try withFileLock(lock, waiting: { report(.waiting(file.name)) }, goOn: client.goOn) {
            // Another pull may have brought it while this one waited.
            if folder.present(file) != nil { return report(.present(file.name, bytes: file.size ?? 0)) }
            let partial = try PartialFile(blob.removingLastComponent().appending("\(file.etag).incomplete"))
            var isResumed = partial.size > 0
            while true {
                try fill(partial)
                guard let fault = try fault(of: partial) else { break }
                guard isResumed else {
                    partial.remove()
                    throw fault
                }
                // What an earlier attempt left may be to blame: once more, all of it.
                try partial.clear()
                isResumed = false
            }
            try partial.publish(as: blob)
            report(.finished(file.name, bytes: partial.size))
        }
    }

    /// Reads until the file is whole, again after each break.
    private func fill(_ partial: PartialFile) throws {
        report(.started(file.name, bytes: file.size, from: partial.size))
        var failures = 0
        var most = partial.size
        while true {
            var reason = "the sender stopped"
            var refused: Answer?
            do {
                if try receive(partial) { return }
            } catch HubError.lost(let why, _) {
                reason = why
            } catch let error as PassingAnswer {
                refused = error.answer
                reason = HubClient.reason(error.answer, from: isFromHub(error.answer) ? "the hub" : "its store")
            }
            // A connection that breaks after much that is new is worth as many attempts as the first one.
            failures = partial.size > most + 1 << 20 ? 1 : failures + 1
            most = max(most, partial.size)
            guard failures < HubClient.attempts else {
                throw HubError.brokenOff(file: file.name, received: partial.size, size: file.size, reason: reason)
            }
            try client.pause(failures, refused, about: file.name, reason: reason)
        }
    }

    /// Receives what one answer brings; whether the file is as long as it should be then.
    private func receive(_ partial: PartialFile) throws -> Bool {
        if let size = file.size, partial.size >= size {
            if partial.size == size { return true }
            try partial.clear()
        }
        let exchange = try client.open(file, in: reference, from: partial.size)
        let answer = try exchange.answer()
        switch answer.status {
        case 206 where start(of: answer) == partial.size: break
        // The whole file, whatever part was asked for.
        case 200: try partial.clear()
        // There is no more than what is here, whatever was announced.
        case 416 where partial.size > 0 && size(of: answer) == partial.size: return true
        // Another part, or none: from the beginning then.
        case 206, 416:
            try partial.clear()
            return false
        // Where the hub redirects to, an address is valid for a time only: the next attempt gets another.
        case let status where HubClient.isPassing(status: status) || status >= 400 && !isFromHub(answer):
            throw PassingAnswer(answer: answer)
        default: throw client.refusal(of: "\(reference)", answer, what: file.name)
        }
        if let coding = answer.header("Content-Encoding"), coding.lowercased() != "identity" {
            throw HubError.notHub(
                endpoint: client.endpoint, reason: "it sends \(file.name) compressed (\(visible(coding))), unasked")
        }
        while let piece = try exchange.next() {
            try partial.append(piece)
            if let size = file.size, partial.size > size { return true }
            if file.size == nil, partial.size > most {
                partial.remove()
                throw HubError.endless(file: file.name, most: most)
            }
            report(.received(file.name, bytes: partial.size, of: file.size))
        }
        return file.size.map { partial.size >= $0 } ?? true
    }

    /// Where the part begins that an answer brings, from `Content-Range: bytes 5-9/10`.
    private func start(of answer: Answer) -> Int? {
        let range = answer.header("Content-Range")?.split(separator: " ").last
        return range?.split(separator: "-").first.flatMap { Int($0) }
    }

    /// How large the whole is that an answer tells of, from `Content-Range: bytes */10`.
    private func size(of answer: Answer) -> Int? {
        answer.header("Content-Range")?.split(separator: "/").last.flatMap { Int($0) }
    }

    /// Whether the hub itself answered, and not what it redirects to.
    private func isFromHub(_ answer: Answer) -> Bool {
        answer.address.origin == client.settings.endpoint.origin
    }

    /// What is wrong with the bytes, if something is.
    private func fault(of partial: PartialFile) throws -> HubError? {
        if let size = file.size, partial.size != size {
            return .wrongSize(file: file.name, expected: size, found: partial.size)
        }
        return try partial.matches(Checksum(etag: file.etag), goOn: client.goOn) ? nil : .wrongHash(file: file.name)
    }
}

/// An answer after which another attempt may help.
private struct PassingAnswer: Error {
    let answer: Answer
}
