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
        var sections: [Section] = []
        for (index, node) in program.nodes.enumerated() {
            let (section, name) =
                switch node.role.section {
                case .embedding: ("embedding", "embedding")
                case .block(let block): ("L\(block)", node.role.subLayer.rawValue)
                case .output: ("output", "output")
                }
            var parts: [Part] = []
            if let last = sections.last, last.name == section {
                parts = last.subLayers
                sections.removeLast()
            }
            if let last = parts.last, last.name == name {
                parts[parts.count - 1] = Part(name: name, range: last.range.lowerBound..<index + 1)
            } else {
                parts.append(Part(name: name, range: index..<index + 1))
            }
            sections.append(Section(name: section, block: node.block, subLayers: parts))
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
}

extension Node {
    /// The last part of its address, as people say it: `masked scores`.
    public var shortName: String {
        let last = name.split(separator: ".").last.map(String.init) ?? name
        return last.split(separator: "_").joined(separator: " ")
    }
}
