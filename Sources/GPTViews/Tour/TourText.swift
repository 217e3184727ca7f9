import CTourText
import Foundation

/// The words of the tour in one language, from a file of their own, so that they can be translated.
///
/// A stop is a line `# id`, a title, a paragraph, and a task that begins with `> `. Under `# keys` stand the words for
/// the tour's keys and what is said when it ends.
struct TourText {
    /// What is said at one stop.
    struct Stop: Hashable {
        let id: String
        let title: String
        let body: String
        let task: String
    }

    /// The words of its keys and its messages.
    struct Words: Hashable {
        let next: String
        let back: String
        let leave: String
        let timeline: String
        let left: String
        let restored: String
    }

    let stops: [Stop]
    let words: Words

    /// The languages that there are, by their codes.
    static let languages = (0..<tour_text_count()).map { String(cString: tour_text_code($0)) }

    /// The text of a language; English where there is no other.
    init(language: String) {
        var length = 0
        let start = tour_text(Self.languages.firstIndex(of: language) ?? 0, &length)
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    init(_ text: String) {
        let parts = text.components(separatedBy: "\n# ")
        let keys = parts.first { $0.hasPrefix("keys\n") }?.split(separator: "\n").map(String.init) ?? []
        func word(_ place: Int) -> String { place < keys.count ? keys[place] : "" }
        words = Words(
            next: word(1), back: word(2), leave: word(3), timeline: word(4), left: word(5), restored: word(6))
        stops = parts.filter { !$0.hasPrefix("keys\n") }.compactMap { part in
            let lines = part.split(separator: "\n").map(String.init)
            guard let first = lines.first, lines.count >= 4 else { return nil }
            let task = lines.last { $0.hasPrefix("> ") } ?? ""
            return Stop(
                id: first.hasPrefix("# ") ? String(first.dropFirst(2)) : first, title: lines[1],
                body: lines[2...].filter { !$0.hasPrefix("> ") }.joined(separator: " "),
                task: String(task.dropFirst(2)))
        }
    }

    /// The language that the environment asks for.
    fileprivate static func language(_ environment: [String: String]) -> String {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        return languages.first { locale?.hasPrefix($0) == true } ?? "en"
    }
}

extension App {
    /// The languages that the tour is there in, by their codes.
    public static var languages: [String] { TourText.languages }

    /// The language of the tour that the environment asks for: that of the locale, English where there is no other.
    public static func language(_ environment: [String: String]) -> String { TourText.language(environment) }
}
