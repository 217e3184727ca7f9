/// The names of a checkpoint's tensors without what tools put before them.
///
/// A wrapper names its part as it likes, so that besides the usual prefixes whatever stands before `wte.weight` is one.
struct TensorNames {
    private let prefixes: Set<Substring>

    init(_ names: [String]) {
        var prefixes: Set<Substring> = ["transformer", "module", "model", "_orig_mod"]
        let tables = names.filter { $0.hasSuffix(".wte.weight") }
        if let table = tables.first, tables.count == 1 {
            prefixes.formUnion(table.dropLast(".wte.weight".count).split(separator: "."))
        }
        // A part of GPT-2's own names is none.
        self.prefixes = prefixes.subtracting(["h", "attn", "mlp"])
    }

    /// A name by which GPT-2 calls its tensor, if it is one of its.
    func plain(_ name: String) -> String {
        var rest = Substring(name)
        while let dot = rest.firstIndex(of: "."), prefixes.contains(rest[..<dot]) {
            rest = rest[rest.index(after: dot)...]
        }
        return String(rest)
    }
}
