import Foundation
import Testing

@testable import GPTEngine
@testable import GPTStepper
@testable import GPTViews
@testable import TerminalKit

/// The net under changes that should change nothing: the frames of seeded keys at three sizes.
///
/// `GPTSTEP_FRAMES=FOLDER GPTSTEP_KEYS=5000 swift test --filter FrameTests` writes the frames into a folder, a file a
/// size, so that two builds can be compared with `diff`.
@Suite struct FrameTests {
    private static let keys: [Key] =
        "sSsSnNfF[]iI}{gGwtTvVzu+-0apomeR?23hjkl".unicodeScalars.map { .character($0) }
        + [.right, .left, .up, .down, .right, .down, .tab, .enter, .enter, .escape, .escape, .home, .pageDown]

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    @Test(arguments: [Size(80, 24), Size(120, 40), Size(200, 60)])
    func `the same keys lead to the same frames, and drawing changes nothing`(size: Size) throws {
        let count = Self.environment["GPTSTEP_KEYS"].flatMap(Int.init) ?? 120
        let (first, second) = (try frames(size, count), try frames(size, count, draws: 2))
        #expect(first == second)
        if let folder = Self.environment["GPTSTEP_FRAMES"] {
            let text = first.enumerated().map { "# \($0.offset)\n\($0.element)\n" }.joined()
            try text.write(toFile: "\(folder)/\(size.width)x\(size.height).txt", atomically: true, encoding: .utf8)
        }
    }

    /// Every frame as text and roles, after each of some seeded keys.
    private func frames(_ size: Size, _ count: Int, draws: Int = 1) throws -> [String] {
        var generator = SplitMix(seed: 7)
        var app = try nanoApp()
        let screen = Screen(size)
        return (0..<count).map { _ in
            let key = Self.keys.randomElement(using: &generator) ?? .escape
            _ = app.handle(.key(key), on: screen)
            app.finish(on: screen)
            let canvases = (0..<draws).map { _ in app.draw(on: screen) }
            guard let canvas = canvases.last else { return "" }
            return "\(key)\n" + (lines(canvas) + roles(canvas)).joined(separator: "\n")
        }
    }
}
