import Foundation
public import SystemPackage

/// Text from outside that need not be UTF-8, such as arguments and the environment, as a string from which its bytes can
/// be had again.
///
/// Valid text is itself. A byte that is no part of it, or where that is wanted a control character, becomes one of the
/// last scalars there are, which nobody has a use for: U+10FF00 and the byte. (The same idea as Python's `surrogateescape`, PEP 383, with scalars that a Swift string
/// can hold.) ``visible(_:)`` shows such a byte as `\xE9`.
public enum RawText {
    private static let escapes: ClosedRange<UInt32> = 0x10FF00...0x10FFFF

    /// The string for some bytes; `hidingControls` for one that others repeat in their messages.
    public static func string(_ bytes: some Collection<UInt8>, hidingControls: Bool = false) -> String {
        if !hidingControls, let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: isEscape)
        {
            return text
        }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            let part = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars
            if let scalar = part?.first, !isEscape(scalar), !hidingControls || scalar.value >= 0x20 {
                text.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                // Every byte has a scalar of its own there.
                text.append(Unicode.Scalar(0x10FF00 | UInt32(first)) ?? "\u{FFFD}")
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    /// The bytes of a string that ``string(_:)`` made.
    public static func bytes(_ text: String) -> [UInt8] {
        guard text.unicodeScalars.contains(where: isEscape) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { isEscape($0) ? [UInt8($0.value & 0xFF)] : Array(String($0).utf8) }
    }

    /// The variables of the environment.
    public static let environment: [String: String] = {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let bytes = UnsafeRawBufferPointer(start: entry, count: strlen(entry))
            let name = bytes.prefix { $0 != UInt8(ascii: "=") }
            // Of equal names the first counts, as for `getenv`.
            variables[string(name)] = variables[string(name)] ?? string(bytes.dropFirst(name.count + 1))
            next = next.advanced(by: 1)
        }
        return variables
    }()

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool { escapes.contains(scalar.value) }
}

extension FilePath {
    /// The path of a text that came from outside, byte for byte; of one with a NUL what stands before it.
    ///
    /// Nothing beyond the length that the system takes is kept: there is no such path, and it says so.
    public init(raw text: String) {
        self.init(platformString: RawText.bytes(text).prefix(Int(PATH_MAX)).map { CChar(bitPattern: $0) } + [0])
    }
}

/// A path of unknown origin as it is safe to show in a message.
public func visible(_ path: FilePath) -> String {
    visible(path.withPlatformString { RawText.string(UnsafeRawBufferPointer(start: $0, count: strlen($0))) })
}
