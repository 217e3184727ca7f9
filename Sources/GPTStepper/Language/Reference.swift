import Checkpoints
import GPTEngine

/// What a name speaks of in a pass: a value, a statistic, heads' shares, or weights; of one head where one was named.
struct Reference {
    /// Where its numbers are.
    enum Source: Hashable {
        case node(Int)
        case statistic(Statistic, node: Int)
        /// Each head's share of what attention writes, [T, H, C], by the operation that writes it.
        case result(node: Int)
        /// Weights as they are seen: where the first number lies, and how far apart they are along each axis.
        case parameter(Parameter, offset: Int, strides: [Int])
    }

    let source: Source
    /// All its axes; that of heads goes where one was named.
    let axes: [String]
    let shape: [Int]
    /// Which block and which head were named.
    let block: Int?
    let head: Int?
    /// The name with its patterns filled in.
    let name: String

    /// The operation that has it; nil for weights.
    var node: Int? {
        switch source {
        case .node(let node), .statistic(_, let node), .result(let node): node
        case .parameter: nil
        }
    }

    /// Which axis counts heads, where one head was named.
    var headAxis: Int? { head == nil ? nil : axes.firstIndex(of: "head") }
}

/// All that a name with patterns speaks of.
struct References {
    let all: [Reference]
    /// Whether a pattern stands for blocks, for heads.
    let hasBlocks: Bool
    let hasHeads: Bool
}

extension Program {
    /// What a name speaks of.
    ///
    /// - Throws: ``LanguageError`` with what comes near.
    func references(_ name: String, at place: LanguageError.Place) throws -> References {
        if name == "*" {
            return References(all: nodes.indices.map { reference(node: $0) }, hasBlocks: false, hasHeads: false)
        }
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let block = Self.takeBlock(&parts)
        guard let block else {
            let found = plain(name)
            guard !found.isEmpty else { throw unknown(name, place) }
            return References(all: found, hasBlocks: false, hasHeads: false)
        }
        let blocks = try numbers(block.block, below: configuration.layerCount, "block", name, place)
        let heads = try block.head.map { try numbers($0, below: configuration.headCount, "head", name, place) }
        let rest = parts.joined(separator: ".")
        if rest.isEmpty, heads == nil {
            throw LanguageError(
                "\(visible(name)) is a block: name a value of it, as \(visible(name)).attn, or a head, as \(visible(name)).H0.",
                at: place)
        }
        var all: [Reference] = []
        for block in blocks {
            let found = inBlock(block, rest)
            guard !found.isEmpty else { throw unknown(name, place) }
            for reference in found {
                guard let heads else {
                    all.append(reference)
                    continue
                }
                guard reference.axes.contains("head") else {
                    throw LanguageError("\(visible(reference.name)) has no heads.", at: place)
                }
                let end = rest.isEmpty ? "" : "." + rest
                all += heads.map {
                    Reference(
                        source: reference.source, axes: reference.axes, shape: reference.shape, block: block, head: $0,
                        name: "L\(block).H\($0)\(end)")
                }
            }
        }
        return References(
            all: all, hasBlocks: Self.isPattern(block.block), hasHeads: block.head.map(Self.isPattern) ?? false)
    }

    static func isPattern(_ part: String) -> Bool { part.contains("*") || part.contains(":") }

    /// Takes a block, and a head where one follows, off the parts of a name.
    private static func takeBlock(_ parts: inout [String]) -> (block: String, head: String?)? {
        guard let first = parts.first else { return nil }
        var (block, head): (String, String?) = ("", nil)
        if first == "blocks", parts.count > 1 {
            block = parts[1]
            parts.removeFirst(2)
        } else if first.hasPrefix("L"), first.count > 1 {
            let both = first.dropFirst().split(separator: "H", omittingEmptySubsequences: false).map(String.init)
            guard both.count <= 2, isNumberOrPattern(both[0]) else { return nil }
            block = both[0]
            if both.count == 2 { head = both[1] }
            parts.removeFirst()
        } else {
            return nil
        }
        guard isNumberOrPattern(block) else { return nil }
        if head == nil, let next = parts.first, next.hasPrefix("H"), isNumberOrPattern(String(next.dropFirst())) {
            head = String(next.dropFirst())
            parts.removeFirst()
        }
        return (block, head)
    }

    private static func isNumberOrPattern(_ part: String) -> Bool {
        !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isNumber || $0 == "*" || $0 == ":") }
    }

    /// The numbers that a part of a name stands for.
    private func numbers(
        _ part: String, below count: Int, _ what: String, _ name: String, _ place: LanguageError.Place
    ) throws -> [Int] {
        if part == "*" { return Array(0..<count) }
        let ends = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else {
            throw unknown(name, place)
        }
        // As slices are, up to the end and without it.
        let range = ends.count == 2 ? first..<max(first, last) : first..<(first == .max ? first : first + 1)
        guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= count else {
            throw LanguageError(
                "There is no \(what) \(part) in \(visible(name)): they are 0 to \(count - 1).", at: place)
        }
        return Array(range)
    }

    private func unknown(_ name: String, _ place: LanguageError.Place) -> LanguageError {
        let words = nodes.flatMap { node in
            [node.address]
                + (node.block.map { block in
                    let short = node.name.split(separator: ".").last.map(String.init) ?? node.name
                    return ["L\(block).\(short)", "L\(block).\(node.name)"]
                } ?? [])
        }
        let all = words + configuration.parameters.map(\.name) + ["W_E", "W_pos", "W_U", "weights"] + Scope.words
        let near = nearest(to: name, among: all)
        return LanguageError(
            "There is no value \"\(visible(name))\"."
                + (near.isEmpty ? " `gptstep ops` lists all." : " Did you mean \(near.joined(separator: " or "))?"),
            at: place)
    }

    // MARK: One block, or none

    func reference(node: Int, name: String? = nil) -> Reference {
        let of = nodes[node]
        return Reference(
            source: .node(node), axes: of.axes.map(\.rawValue), shape: of.shape, block: of.block, head: nil,
            name: name ?? of.address)
    }

    /// What a name without a block speaks of.
    private func plain(_ name: String) -> [Reference] {
        if let weight = tableWeight(name) ?? checkpointWeights(name).first, !name.contains("*") { return [weight] }
        if !name.contains("*"), let quantity = find(name) { return [reference(quantity)] }
        let wanted = name.split(separator: ".", omittingEmptySubsequences: false)
        return nodes.indices.filter { matches(nodes[$0].address, wanted) }.map { reference(node: $0) }
            + checkpointWeights(name)
    }

    private func reference(_ quantity: Quantity) -> Reference {
        guard let statistic = quantity.statistic else { return reference(node: quantity.node) }
        let extent = nodes[quantity.node].extent(of: statistic)
        return Reference(
            source: .statistic(statistic, node: quantity.node), axes: extent.axes.map(\.rawValue), shape: extent.shape,
            block: nodes[quantity.node].block, head: nil, name: quantity.address)
    }

    private func matches(_ address: String, _ wanted: [Substring]) -> Bool {
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == wanted.count && zip(parts, wanted).allSatisfy { $1 == "*" || $0 == $1 }
    }

    /// What the rest of a name speaks of in a block.
    private func inBlock(_ block: Int, _ rest: String) -> [Reference] {
        let short = ["": "attn.z", "attn": "attn.out", "mlp": "mlp.out"][rest] ?? rest
        if short == "attn.result" || short == "result", let out = index("attn.out", block: block) {
            let (T, shape) = (tokenCount, configuration)
            return [
                Reference(
                    source: .result(node: out), axes: ["position", "head", "channel"],
                    shape: [T, shape.headCount, shape.width], block: block, head: nil,
                    name: "blocks.\(block).attn.result")
            ]
        }
        if let weight = blockWeight(block, short) { return [weight] }
        for middle in ["", "attn.", "mlp."] {
            let address = "blocks.\(block).\(middle)\(short)"
            if !short.contains("*") {
                if let quantity = find(address) { return [reference(quantity)] }
                continue
            }
            let wanted = address.split(separator: ".", omittingEmptySubsequences: false)
            let found = nodes.indices.filter { nodes[$0].block == block && matches(nodes[$0].address, wanted) }
            if !found.isEmpty { return found.map { reference(node: $0) } }
        }
        return []
    }

    // MARK: Weights

    /// Weights by their name in a checkpoint, [in, out].
    private func checkpointWeights(_ name: String) -> [Reference] {
        let wanted = name.split(separator: ".", omittingEmptySubsequences: false)
        return configuration.parameters.filter { $0.name == name || name.contains("*") && matches($0.name, wanted) }
            .map(reference)
    }

    /// A whole tensor of weights.
    func reference(_ parameter: Parameter) -> Reference {
        let c = configuration
        let axes: [String] =
            switch parameter.name {
            case c.tokenTable.name, c.unembedding.name: ["vocabulary", "channel"]
            case c.positionTable.name: ["position", "channel"]
            default: parameter.shape.count == 2 ? ["in", "out"] : ["out"]
            }
        return weight(parameter, axes, parameter.shape, name: parameter.name)
    }

    private func weight(
        _ parameter: Parameter, _ axes: [String], _ shape: [Int], offset: Int = 0, strides: [Int]? = nil,
        block: Int? = nil, name: String
    ) -> Reference {
        let rows = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
        return Reference(
            source: .parameter(parameter, offset: offset, strides: strides ?? rows), axes: axes, shape: shape,
            block: block, head: nil, name: name)
    }

    /// The tables by TransformerLens's names.
    private func tableWeight(_ name: String) -> Reference? {
        let c = configuration
        let (C, V) = (c.width, c.vocabularySize)
        return switch name {
        case "W_E", "embed.W_E": weight(c.tokenTable, ["vocabulary", "channel"], [V, C], name: "W_E")
        case "W_pos", "pos_embed.W_pos":
            weight(c.positionTable, ["position", "channel"], [c.contextLength, C], name: "W_pos")
        case "W_U", "unembed.W_U":
            weight(c.unembedding, ["channel", "vocabulary"], [C, V], strides: [1, C], name: "W_U")
        case "ln_final.w": weight(c.finalNorm.gamma, ["channel"], [C], name: name)
        case "ln_final.b": weight(c.finalNorm.beta, ["channel"], [C], name: name)
        default: nil
        }
    }

    /// A block's weights by TransformerLens's names and shapes.
    private func blockWeight(_ block: Int, _ rest: String) -> Reference? {
        let c = configuration
        let (C, H, D, F) = (c.width, c.headCount, c.headWidth, c.mlpWidth)
        let name = "blocks.\(block).\(rest)"
        let short =
            rest.hasPrefix("attn.")
            ? String(rest.dropFirst(5)) : rest.hasPrefix("mlp.") ? String(rest.dropFirst(4)) : rest
        let (joint, out) = (c.attentionIn(block: block), c.attentionOut(block: block))
        let (up, down) = (c.mlpIn(block: block), c.mlpOut(block: block))
        let third = ["W_Q": 0, "W_K": 1, "W_V": 2, "b_Q": 0, "b_K": 1, "b_V": 2][short]
        if let third {
            return short.hasPrefix("W")
                ? weight(
                    joint.weight, ["head", "channel", "head_channel"], [H, C, D], offset: third * C,
                    strides: [D, 3 * C, 1], block: block, name: name)
                : weight(
                    joint.bias, ["head", "head_channel"], [H, D], offset: third * C, strides: [D, 1], block: block,
                    name: name)
        }
        return switch short {
        case "W_O":
            weight(
                out.weight, ["head", "head_channel", "channel"], [H, D, C], strides: [D * C, C, 1], block: block,
                name: name)
        case "b_O": weight(out.bias, ["channel"], [C], block: block, name: name)
        case "W_in": weight(up.weight, ["channel", "neuron"], [C, F], block: block, name: name)
        case "b_in": weight(up.bias, ["neuron"], [F], block: block, name: name)
        case "W_out": weight(down.weight, ["neuron", "channel"], [F, C], block: block, name: name)
        case "b_out": weight(down.bias, ["channel"], [C], block: block, name: name)
        case "ln1.w": weight(c.norm(1, block: block).gamma, ["channel"], [C], block: block, name: name)
        case "ln1.b": weight(c.norm(1, block: block).beta, ["channel"], [C], block: block, name: name)
        case "ln2.w": weight(c.norm(2, block: block).gamma, ["channel"], [C], block: block, name: name)
        case "ln2.b": weight(c.norm(2, block: block).beta, ["channel"], [C], block: block, name: name)
        default: nil
        }
    }
}
