import Checkpoints

/// What an address speaks of: an operation's value, or a statistic that the operation keeps.
public struct Quantity: Hashable, Sendable {
    /// The operation, by index.
    public let node: Int
    /// The statistic, or nil for the value itself.
    public let statistic: Statistic?
    /// The canonical address.
    public let address: String
}

/// An address that names nothing in a program.
public struct AddressError: Error, Hashable, CustomStringConvertible {
    /// What was asked for.
    public let address: String
    /// Addresses that come near, nearest first.
    public let near: [String]

    /// A sentence for the person at the shell.
    public var description: String {
        let hint = near.isEmpty ? "" : " Did you mean \(near.joined(separator: " or "))?"
        return "There is no operation \"\(visible(address))\".\(hint)"
    }
}

extension Program {
    /// What an address, an alias or a TransformerLens hook name speaks of.
    ///
    /// - Throws: ``AddressError`` with what comes near.
    public func quantity(at name: String) throws(AddressError) -> Quantity {
        guard let found = find(name) else { throw AddressError(address: name, near: addresses(near: name)) }
        return found
    }

    /// What an address, an alias or a TransformerLens hook name speaks of; nil for none.
    public func find(_ name: String) -> Quantity? {
        for (index, node) in nodes.enumerated() {
            if name == node.address || name == node.hook {
                return Quantity(node: index, statistic: nil, address: node.address)
            }
            for statistic in node.statistics {
                let (address, hook) = node.names(of: statistic)
                if name == address || name == hook {
                    return Quantity(node: index, statistic: statistic, address: address)
                }
            }
            // The stream before a block is the stream after the block before it.
            if let alias = alias(of: index), name == alias.address || name == alias.hook {
                return Quantity(node: index, statistic: nil, address: node.address)
            }
        }
        return nil
    }

    /// What else the stream after a block is called: it is the stream before the next.
    func alias(of index: Int) -> (address: String, hook: String)? {
        let node = nodes[index]
        guard node.role.stream == .holds, node.role.keep == .blockInput, let block = node.block,
            block + 1 < configuration.layerCount
        else { return nil }
        return ("blocks.\(block + 1).resid_pre", "blocks.\(block + 1).hook_resid_pre")
    }

    private func addresses(near name: String) -> [String] {
        let all = nodes.flatMap { node in [node.address] + node.statistics.map { node.names(of: $0).address } }
        return nearest(to: name, among: all)
    }
}

extension Node {
    /// What it keeps beside its value.
    public var statistics: [Statistic] { mathematics.statistics }

    /// The address and, where TransformerLens has one, the hook name of a statistic.
    public func names(of statistic: Statistic) -> (address: String, hook: String?) {
        let place = isAnswer ? address : String(address.prefix(upTo: address.lastIndex(of: ".") ?? address.endIndex))
        return ("\(place).\(statistic.rawValue)", statistic == .scale ? "\(place).hook_scale" : nil)
    }

    /// The axes and the shape of a statistic: those of the value without the axis it sums up.
    public func extent(of statistic: Statistic) -> Extent {
        isAnswer ? Extent([.position], [1]) : Extent(axes.dropLast(), shape.dropLast())
    }
}

/// The candidates that come near a mistyped name, at most three, nearest first.
///
/// Near means at most a third of the letters differ, or the one is the end or the beginning of the other.
public func nearest(to name: String, among candidates: [String]) -> [String] {
    let wanted = Array(name.lowercased().unicodeScalars.prefix(64))
    guard !wanted.isEmpty else { return [] }
    let ranked = candidates.enumerated().compactMap { place, candidate -> (distance: Int, place: Int, name: String)? in
        let distance = editDistance(wanted, Array(candidate.unicodeScalars))
        let isPart = wanted.count > 2 && (candidate.hasSuffix(name) || candidate.hasPrefix(name))
        return isPart || distance * 3 <= wanted.count + 1
            ? (isPart ? min(distance, 1) : distance, place, candidate) : nil
    }
    return ranked.sorted { ($0.distance, $0.place) < ($1.distance, $1.place) }.prefix(3).map(\.name)
}

/// Insertions, deletions, replacements and exchanges of neighbours that turn one into the other.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var (beforeLast, last) = ([Int](), Array(0...b.count))
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
