import Foundation
import GPTEngine
import GPTStepper
import Testing

@testable import GPTFigures

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Figures as text: well-formed, with every number that the pass holds.
@Suite struct ExporterTests {
    /// What a document says to the pointer, and its texts.
    private final class Reader: NSObject, XMLParserDelegate {
        var titles: [String] = []
        var texts: [String] = []
        private var element = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            element = name
            if name == "title" { titles.append("") }
            if name == "text" { texts.append("") }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) {
            if element == "title" { titles[titles.count - 1] += string }
            if element == "text" { texts[texts.count - 1] += string }
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            element = ""
        }
    }

    private func read(_ svg: String) throws -> Reader {
        let parser = XMLParser(data: Data(svg.utf8))
        let reader = Reader()
        parser.delegate = reader
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return reader
    }

    private func session(_ model: Model, _ tokens: [Int]) throws -> Session {
        try Session(model: model, tokens: tokens, sampling: model.sampling)
    }

    @Test func `every operation is a well-formed picture whose numbers are those of the pass`() throws {
        let model = try Model.nano()
        var session = try session(model, model.defaultTokens)
        for step in session.stepper.program.nodes.indices {
            session.perform(.goto(step))
            while session.isBusy { session.work() }
            let scene = session.scene
            let reader = try read(SVG.text(of: scene.figure))
            #expect(reader.texts.contains { $0.hasPrefix(scene.node.address) }, "\(scene.node.address)")
            // Every number of the result stands under its index.
            let own = reader.titles.filter { $0.hasPrefix(scene.node.address + "[") }
            guard let value = scene.value, !scene.node.isTokens else {
                #expect(!reader.titles.isEmpty, "\(scene.node.address)")
                continue
            }
            #expect(own.count == value.count / (scene.node.axes.contains(.head) ? 3 : 1), "\(scene.node.address)")
            for title in own {
                let parts = title.dropFirst(scene.node.address.count + 1).components(separatedBy: "] = ")
                let index = parts[0].split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
                let number = value[flat: value.flatIndex(index)]
                #expect(
                    parts[1] == "masked" ? number == -.infinity : Float(parts[1]) == number, "\(title)")
            }
        }
    }

    @Test func `the tables of a text hold the same numbers, and no token breaks them`() throws {
        let model = try Model.nano()
        var session = try session(model, model.defaultTokens)
        session.perform(.goto(try session.stepper.program.quantity(at: "blocks.1.mlp.post").node))
        while session.isBusy { session.work() }
        let value = try #require(session.scene.value)
        let text = Markdown.text(of: session.scene.figure)
        for number in value.values { #expect(text.contains(" \(number) |")) }
        var broken = Heatmap(title: "a|b <c>", rows: 1, columns: 1)
        broken.slice = Slice(Tensor([1, 1], [1]))
        broken.rowNames = ["|`*\\"]
        let figure = Figure(title: "t", address: "a", formula: "", body: .equation(Equation([broken])))
        #expect(Markdown.text(of: figure).contains("| \\|\\`\\*\\\\ | 1.0 |"))
        #expect(try read(SVG.text(of: figure)).texts.contains { $0.contains("a|b <c>") })
    }

    @Test func `what is no number is marked and counted in a picture, too`() throws {
        var bad = Heatmap(title: "bad", rows: 1, columns: 3)
        bad.slice = Slice(Tensor([1, 3], [.nan, -.infinity, 2]))
        bad.address = "bad"
        let figure = Figure(title: "t", address: "bad", formula: "", body: .equation(Equation([bad])))
        let svg = SVG.text(of: figure)
        let reader = try read(svg)
        #expect(reader.titles == ["bad[0, 0] = NaN", "bad[0, 1] = -∞", "bad[0, 2] = 2.0"])
        #expect(reader.texts.contains { $0.contains("1 NaN, 1 −∞") })
        #expect(svg.components(separatedBy: "#E8963C").count == 3)
        #expect(Markdown.text(of: figure).contains("| 0 | NaN | -∞ | 2.0 |"))
    }
}
