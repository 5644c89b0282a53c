import Core

/// Adds up tokens or costs over the spans of a trace, without counting anything twice.
///
/// Some libraries write on a parent what its children used together: below a span that has figures, none are added.
enum SpanTotals {
    /// One span's figures and its place.
    struct Node: Sendable {
        let id: String
        let parentID: String?
        /// The figures as JSON text; nil if it has none.
        let figures: String?
    }

    /// What is added up.
    enum Kind: Sendable {
        case tokens
        case cost

        /// Figures that the sum always has.
        var keys: [String] {
            switch self {
            case .tokens: ["input_tokens", "output_tokens", "total_tokens"]
            case .cost: ["input_cost", "output_cost", "total_cost"]
            }
        }

        /// Figures that the sum has if some span has them.
        var furtherKeys: [String] {
            switch self {
            case .tokens:
                [
                    "cache_read_input_tokens", "cache_creation_input_tokens",
                    "cache_creation_input_tokens_above_1hr",
                ]
            case .cost: []
            }
        }
    }

    /// The sum as JSON text, or nil if no span has figures.
    static func sum(_ nodes: [Node], _ kind: Kind) -> String? {
        let ids = Set(nodes.map(\.id))
        var children: [String: [Node]] = [:]
        var pending: [(node: Node, isCounted: Bool)] = []
        for node in nodes {
            if let parent = node.parentID, ids.contains(parent), parent != node.id {
                children[parent, default: []].append(node)
            } else {
                pending.append((node, false))
            }
        }
        var sums: [String: Double] = [:]
        var hasFigures = false
        // A stack of its own: traces may be thousands of spans deep. Spans in a circle have no root: they do not count.
        while let (node, isCounted) = pending.popLast() {
            let figures = node.figures.flatMap { AttributeText.parse($0)?.objectValue }
            if let figures, !isCounted {
                hasFigures = true
                for key in kind.keys { sums[key, default: 0] += figures[key]?.doubleValue ?? 0 }
                for key in kind.furtherKeys {
                    guard let number = figures[key]?.doubleValue else { continue }
                    sums[key, default: 0] += number
                }
            }
            for child in children.removeValue(forKey: node.id) ?? [] {
                pending.append((child, isCounted || figures != nil))
            }
        }
        guard hasFigures else { return nil }
        var object = JSONObject()
        for key in kind.keys + kind.furtherKeys {
            guard let sum = sums[key] else { continue }
            object[key] = kind == .tokens ? Int64(exactly: sum).map(JSONValue.integer) ?? .number(sum) : .number(sum)
        }
        return AttributeText.json(.object(object))
    }
}
