import CUTF8Proc
import Foundation

/// What is done to text before it is cut into tokens.
///
/// Bytes that are no UTF-8 stay as they are. Source: `normalizers` of tokenizers 0.23.
indirect enum Normalizer {
    /// One of the four normalization forms of Unicode.
    case form(utf8proc_option_t)
    case lowercase
    case replace([UInt8], with: [UInt8])
    case sequence([Normalizer])

    /// The text as it is normalized.
    func callAsFunction(_ text: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .form(let form): Self.eachRun(text) { Self.normalize($0, form) }
        case .lowercase: Self.eachRun(text) { $0.unicodeScalars.map(\.properties.lowercaseMapping).joined() }
        case .replace(let old, let new): Self.replace(old, new, in: text)
        case .sequence(let steps): steps.reduce(Array(text)) { $1($0[...]) }
        }
    }

    /// Normalizes what lies between scalars that the library does not know, which stay and let nothing past them: its tables
    /// are of Unicode 9, and by the rules of normalization what is assigned once is normalized the same for ever.
    private static func normalize(_ text: String, _ form: utf8proc_option_t) -> String {
        var (result, known) = (String.UnicodeScalarView(), String.UnicodeScalarView())
        func flush() {
            if !known.isEmpty { result += mapped(String(known), form).unicodeScalars }
            known = String.UnicodeScalarView()
        }
        for scalar in text.unicodeScalars {
            // U+11A7 is a vowel of old Korean that meets nothing, and utf8proc 2.8 swallows it.
            if let age = scalar.properties.age, age.major <= 9, scalar != "\u{11A7}" {
                known.append(scalar)
            } else {
                flush()
                result.append(scalar)
            }
        }
        flush()
        return String(result)
    }

    private static func mapped(_ text: String, _ form: utf8proc_option_t) -> String {
        var text = marksInOrder(text)
        return text.withUTF8 { bytes in
            var mapped: UnsafeMutablePointer<UInt8>?
            let count = utf8proc_map(bytes.baseAddress, bytes.count, &mapped, form)
            defer { free(mapped) }
            precondition(count >= 0, "UTF-8 has a normal form while there is memory")
            return String(decoding: UnsafeBufferPointer(start: mapped, count: count), as: UTF8.self)
        }
    }

    /// The text with long runs of marks in the order that every form gives them, which utf8proc takes the square of their
    /// number to find.
    private static func marksInOrder(_ text: String) -> String {
        var (result, run) = (String.UnicodeScalarView(), [Unicode.Scalar]())
        func flush() {
            result +=
                run.count < 32
                ? run
                : run.enumerated().sorted {
                    let (a, b) = ($0.element.order, $1.element.order)
                    return a == b ? $0.offset < $1.offset : a < b
                }.map(\.element)
            run = []
        }
        for scalar in text.unicodeScalars {
            if scalar.order == 0 { flush() }
            run.append(scalar)
            if scalar.order == 0 { flush() }
        }
        flush()
        return String(result)
    }

    /// Gives each run of UTF-8 to a function, and leaves other bytes as they are.
    private static func eachRun(_ text: ArraySlice<UInt8>, _ body: (String) -> String) -> [UInt8] {
        if let whole = String(validating: text, as: UTF8.self) { return Array(body(whole).utf8) }
        var result: [UInt8] = []
        var run: [UInt8] = []
        var rest = text
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            if String(validating: rest.prefix(length), as: UTF8.self) != nil {
                run += rest.prefix(length)
                rest = rest.dropFirst(length)
            } else {
                result += body(String(decoding: run, as: UTF8.self)).utf8
                result.append(first)
                (run, rest) = ([], rest.dropFirst())
            }
        }
        return result + body(String(decoding: run, as: UTF8.self)).utf8
    }

    /// By Knuth, Morris and Pratt, so that no pattern takes longer than another.
    private static func replace(_ old: [UInt8], _ new: [UInt8], in text: ArraySlice<UInt8>) -> [UInt8] {
        // How much of the pattern is matched still where it fails after so many bytes.
        var shorter = [0]
        for byte in old.dropFirst() {
            var length = shorter[shorter.count - 1]
            while length > 0, old[length] != byte { length = shorter[length - 1] }
            shorter.append(old[length] == byte ? length + 1 : 0)
        }
        var (result, matched): ([UInt8], Int) = ([], 0)
        for byte in text {
            while matched > 0, old[matched] != byte { matched = shorter[matched - 1] }
            if old[matched] == byte { matched += 1 }
            result.append(byte)
            if matched == old.count {
                result.removeLast(old.count)
                result += new
                matched = 0
            }
        }
        return result
    }

    /// How many times as long it can make a text by replacing.
    fileprivate var growth: Double {
        switch self {
        case .form, .lowercase: 1
        case .replace(let old, let new): max(1, Double(new.count) / Double(old.count))
        case .sequence(let steps): steps.reduce(1) { $0 * $1.growth }
        }
    }
}

extension Unicode.Scalar {
    /// The canonical combining class: 0 for what is no mark.
    fileprivate var order: UInt8 { properties.canonicalCombiningClass.rawValue }
}

extension Normalizer {
    /// Reads the `normalizer` of a `tokenizer.json`.
    ///
    /// - Throws: what `refusal` makes of the name of what is not understood.
    init?(_ json: JSON, refusal: (String) -> TokenizerError) throws(TokenizerError) {
        guard !json.isNull else { return nil }
        func text(_ key: String) throws(TokenizerError) -> [UInt8] {
            guard let text = json[key]?.string else { throw refusal("its normalizer has no \(key) that is text") }
            return Array(text.utf8)
        }
        let (compose, compatible) = (UTF8PROC_COMPOSE.rawValue, UTF8PROC_COMPAT.rawValue)
        let decompose = UTF8PROC_DECOMPOSE.rawValue
        let form = { (bits: UInt32) in Self.form(utf8proc_option_t(bits | UTF8PROC_STABLE.rawValue)) }
        switch json["type"]?.string {
        case "NFC": self = form(compose)
        case "NFD": self = form(decompose)
        case "NFKC": self = form(compose | compatible)
        case "NFKD": self = form(decompose | compatible)
        case "Lowercase": self = .lowercase
        case "Replace":
            guard let old = json["pattern"]?["String"]?.string, !old.isEmpty else {
                throw refusal(
                    "its normalizer Replace has another pattern than a text (String), which is not understood")
            }
            self = .replace(Array(old.utf8), with: try text("content"))
        case "Sequence":
            var steps: [Normalizer] = []
            for step in json["normalizers"]?.array ?? [] {
                if let step = try Normalizer(step, refusal: refusal) { steps.append(step) }
            }
            self = .sequence(steps)
            guard growth <= 100 else { throw refusal("its normalizer can make a text more than 100 times as long") }
        case let type: throw refusal("its normalizer \(visible(type ?? "without a type")) is not understood")
        }
    }
}
