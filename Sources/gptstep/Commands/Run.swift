import ArgumentParser
import Foundation
import GPTEngine

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Step through a pass on the full screen (the default).")

    @OptionGroup var model: ModelOptions
    @OptionGroup var prompt: PromptOptions

    func run() throws {}
}
