import CTourText
import Foundation

/// The words of a tour in one language, from a file of their own, so that they can be translated.
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

    /// The texts that travel inside the program.
    private static let files = (0..<tour_text_count()).map { place in
        let file = tour_text(place)
        return (
            tour: String(cString: file.tour), language: String(cString: file.language),
            bytes: UnsafeRawBufferPointer(start: file.text, count: file.length).map(\.self)
        )
    }

    /// The languages that there are, by their codes.
    static let languages = files.reduce(into: [String]()) { if !$0.contains($1.language) { $0.append($1.language) } }

    /// The text of a tour in a language; in English where there is no other.
    init(_ tour: String, language: String) {
        let mine = Self.files.filter { $0.tour == tour }
        let file = mine.first { $0.language == language } ?? mine.first
        self.init(String(decoding: file?.bytes ?? [], as: UTF8.self))
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
