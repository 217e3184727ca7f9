import Testing

@testable import Hub

/// How a file's way is told in numbers.
@Suite struct ProgressTests {
    @Test func `the rate is of what came since it was begun, and the time left follows from it`() {
        var progress = PullProgress()
        let start = ContinuousClock.now
        progress.take(.started("model.safetensors", bytes: 1000, from: 400), at: start)
        #expect(progress.rate == nil && progress.secondsLeft == nil)
        progress.take(.received("model.safetensors", bytes: 600, of: 1000), at: start + .seconds(2))
        #expect(progress.rate == 100 && progress.secondsLeft == 4)
        progress.take(.started("merges.txt", bytes: nil, from: 0), at: start + .seconds(3))
        progress.take(.received("merges.txt", bytes: 10, of: nil), at: start + .seconds(5))
        #expect((progress.file, progress.bytes, progress.size) == ("merges.txt", 10, nil))
        #expect(progress.rate == 5 && progress.secondsLeft == nil)
    }
}
