package import Core

/// A walk as lines of text: what things were made of, or what was made of them, as a tree.
package struct LineageTree {
    private let facts: [String: JSONObject]
    private let neighbours: [String: [(node: String, relation: String)]]
    private var shown: Set<String> = []
    /// The lines.
    package private(set) var lines: [String] = []

    /// Draws a walk, as the API shows it, in one direction.
    package init(_ walk: JSONValue, _ direction: LineageDirection) {
        var facts: [String: JSONObject] = [:]
        for place in walk["nodes"]?.arrayValue ?? [] {
            if let node = place["node"]?.stringValue { facts[node] = place["facts"]?.objectValue ?? [:] }
        }
        let (from, to) = direction == .up ? ("to", "from") : ("from", "to")
        var neighbours: [String: [(node: String, relation: String)]] = [:]
        for edge in walk["edges"]?.arrayValue ?? [] {
            guard let start = edge[from]?.stringValue, let end = edge[to]?.stringValue else { continue }
            neighbours[start, default: []].append((end, edge["relation"]?.stringValue ?? ""))
        }
        self.facts = facts
        self.neighbours = neighbours
        guard let start = walk["node"]?.stringValue else { return }
        // A stack and not recursion: a chain may be as long as a pipeline.
        var pending: [(node: String, head: String, tail: String, relation: String)] = [(start, "", "", "")]
        while let (node, head, tail, relation) = pending.popLast() {
            let isNew = shown.insert(node).inserted
            lines.append(head + line(node, relation, isNew: isNew))
            guard isNew else { continue }
            let next = neighbours[node] ?? []
            for (position, neighbour) in next.enumerated().reversed() {
                let isLast = position == next.count - 1
                pending.append(
                    (
                        neighbour.node, tail + (isLast ? "└─ " : "├─ "), tail + (isLast ? "   " : "│  "),
                        neighbour.relation
                    )
                )
            }
        }
    }

    /// Whether there is more than the start.
    package var isEmpty: Bool { lines.count < 2 }

    private func line(_ node: String, _ relation: String, isNew: Bool) -> String {
        let words = Self.words(facts[node] ?? [:])
        let said = relation.isEmpty ? "" : "\(relation) "
        guard isNew else { return "\(said)\(node)  (see above)" }
        return words.isEmpty ? "\(said)\(node)" : "\(said)\(node)  \(words)"
    }

    /// What is worth a word beside a name.
    private static func words(_ facts: JSONObject) -> String {
        var words: [String] = []
        if facts["deleted"]?.boolValue == true { words.append("deleted") }
        let live = facts["live"]?.arrayValue?.compactMap(\.stringValue) ?? []
        if !live.isEmpty { words.append("live in \(live.joined(separator: ", "))") }
        for key in [
            "name", "pipeline", "step", "state", "deployment", "prediction", "trigger", "approved_by", "commit", "rows",
            "version",
        ] {
            guard let value = facts[key], value != .null else { continue }
            words.append("\(key) \(value.stringValue ?? value.description)")
        }
        if facts["cached"]?.boolValue == true { words.append("cached") }
        if let parameters = facts["parameters"]?.objectValue, parameters.count > 0 {
            let text = JSONValue.object(parameters).description
            words.append(text.count > 100 ? "\(text.prefix(97))…" : text)
        }
        return words.joined(separator: ", ")
    }
}
