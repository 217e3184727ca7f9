/// Finds the leftmost of many texts in another, and of those that begin there the longest, in one pass.
///
/// Source: Aho and Corasick, "Efficient string matching" (1975): a tree of all beginnings, and from each the longest other
/// one that ends as it does.
struct TextFinder {
    /// A beginning of some texts.
    private struct Node {
        let byte: UInt8
        let depth: Int32
        /// The first that is longer by a byte, and the next that is as long and differs in its last byte; −1 for none.
        var child: Int32 = -1, sibling: Int32 = -1
        /// The longest other beginning that is an ending of this one.
        var fallback: Int32 = 0
        /// The longest ending of this one, itself included, that is a whole text; −1 for none.
        var found: Int32 = -1
        /// The text that this is; −1 for none.
        var text: Int32 = -1
    }

    private var nodes = [Node(byte: 0, depth: 0)]

    /// Prepares to find texts; of equal ones the last, and no empty one.
    init(_ texts: [[UInt8]]) {
        for (index, text) in texts.enumerated() where !text.isEmpty {
            var node: Int32 = 0
            for byte in text { node = child(of: node, byte) ?? add(byte, to: node) }
            nodes[Int(node)].text = Int32(index)
        }
        // By length, so that what a beginning falls back to is complete before it.
        var queue: [Int32] = [0]
        var next = 0
        while next < queue.count {
            let parent = queue[next]
            next += 1
            var node = nodes[Int(parent)].child
            while node >= 0 {
                queue.append(node)
                let byte = nodes[Int(node)].byte
                if parent != 0 { nodes[Int(node)].fallback = step(from: nodes[Int(parent)].fallback, byte) }
                let fallback = nodes[Int(node)].fallback
                nodes[Int(node)].found = nodes[Int(node)].text >= 0 ? node : nodes[Int(fallback)].found
                node = nodes[Int(node)].sibling
            }
        }
    }

    /// Where the first text is, and which it is.
    func first(in text: ArraySlice<UInt8>) -> (match: Range<Int>, index: Int)? {
        guard nodes.count > 1 else { return nil }
        var best: (match: Range<Int>, index: Int)?
        var node: Int32 = 0
        for place in text.indices {
            node = step(from: node, text[place])
            // What is under way began later.
            if let best, place + 1 - Int(nodes[Int(node)].depth) > best.match.lowerBound { return best }
            let found = nodes[Int(node)].found
            guard found >= 0 else { continue }
            let start = place + 1 - Int(nodes[Int(found)].depth)
            if best.map({ start <= $0.match.lowerBound }) ?? true {
                best = (start..<place + 1, Int(nodes[Int(found)].text))
            }
        }
        return best
    }

    private mutating func add(_ byte: UInt8, to parent: Int32) -> Int32 {
        let node = Int32(nodes.count)
        nodes.append(Node(byte: byte, depth: nodes[Int(parent)].depth + 1, sibling: nodes[Int(parent)].child))
        nodes[Int(parent)].child = node
        return node
    }

    private func child(of node: Int32, _ byte: UInt8) -> Int32? {
        var child = nodes[Int(node)].child
        while child >= 0 {
            if nodes[Int(child)].byte == byte { return child }
            child = nodes[Int(child)].sibling
        }
        return nil
    }

    /// The longest beginning that ends with what was read and one more byte.
    private func step(from node: Int32, _ byte: UInt8) -> Int32 {
        var node = node
        while true {
            if let child = child(of: node, byte) { return child }
            if node == 0 { return 0 }
            node = nodes[Int(node)].fallback
        }
    }
}
