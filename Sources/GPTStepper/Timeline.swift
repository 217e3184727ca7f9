public import GPTEngine

/// A program folded into what people call its parts: embedding, blocks with their sub-layers, output.
public struct Timeline: Hashable, Sendable {
    /// A run of operations under one name.
    public struct Part: Hashable, Sendable {
        /// What it is called: `L0`, `attention`.
        public let name: String
        /// Its operations, by index.
        public let range: Range<Int>
    }

    /// A block, or the embedding, or the output.
    public struct Section: Hashable, Sendable {
        /// `embedding`, `L0` … or `output`.
        public let name: String
        /// Which block; nil for the embedding and the output.
        public let block: Int?
        /// Its sub-layers in order; the embedding and the output are one each.
        public let subLayers: [Part]

        /// Its operations, by index.
        public var range: Range<Int> {
            (subLayers.first?.range.lowerBound ?? 0)..<(subLayers.last?.range.upperBound ?? 0)
        }
    }

    /// The sections in the order of the pass.
    public let sections: [Section]

    /// Folds a program.
    public init(_ program: Program) {
        var parts: [(section: String, block: Int?, name: String, range: Range<Int>)] = []
        for (index, node) in program.nodes.enumerated() {
            let isOutput = node.block == nil && index > 4
            let section = node.block.map { "L\($0)" } ?? (isOutput ? "output" : "embedding")
            let name = node.block == nil ? section : Self.subLayer(node.operation)
            if let last = parts.last, last.section == section, last.name == name {
                parts[parts.count - 1].range = last.range.lowerBound..<index + 1
            } else {
                parts.append((section, node.block, name, index..<index + 1))
            }
        }
        var sections: [Section] = []
        for part in parts {
            let subLayer = Part(name: part.name, range: part.range)
            if let last = sections.last, last.name == part.section {
                sections[sections.count - 1] = Section(
                    name: last.name, block: last.block, subLayers: last.subLayers + [subLayer])
            } else {
                sections.append(Section(name: part.section, block: part.block, subLayers: [subLayer]))
            }
        }
        self.sections = sections
    }

    /// The section that holds an operation, by index.
    public func section(of index: Int) -> Int { sections.firstIndex { $0.range.contains(index) } ?? 0 }

    /// The sub-layer that holds an operation.
    public func subLayer(of index: Int) -> Part {
        sections[section(of: index)].subLayers.first { $0.range.contains(index) } ?? sections[0].subLayers[0]
    }

    /// First operations of all sub-layers, in order.
    public var subLayerStarts: [Int] { sections.flatMap { $0.subLayers.map(\.range.lowerBound) } }

    private static func subLayer(_ operation: Operation) -> String {
        switch operation {
        case .normalized(.ln1), .normOut(.ln1): "ln1"
        case .normalized(.ln2), .normOut(.ln2): "ln2"
        case .projection, .scores, .maskedScores, .pattern, .z, .attnOut: "attention"
        case .residual: "residual"
        case .mlpPre, .mlpPost, .mlpOut: "mlp"
        case .tokens, .embed, .posEmbed: "embedding"
        case .normalized(.final), .normOut(.final), .logits, .filteredLogits, .probabilities, .nextToken: "output"
        }
    }
}

extension Node {
    /// The last part of its address, as people say it: `masked scores`.
    public var shortName: String {
        let last = address.split(separator: ".").last.map(String.init) ?? address
        return last.split(separator: "_").joined(separator: " ")
    }
}
