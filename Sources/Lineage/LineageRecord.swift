package import Core

/// What one thing that happened adds to the lineage: what is known of things, and what went into what.
package struct LineageRecord: Sendable, Equatable {
    /// What is known of things, in order; an empty object says that there is such a thing.
    package private(set) var facts: [(node: LineageNode, facts: JSONObject)] = []
    /// What went into what; without duplicates, in order.
    package private(set) var edges: [LineageEdge] = []
    private var known: Set<LineageEdge> = []

    /// Nothing yet.
    package init() {}

    /// Adds what is known of a thing.
    package mutating func note(_ node: LineageNode, _ facts: JSONObject = [:]) {
        self.facts.append((node, facts))
    }

    /// Adds that `source` went into `target`.
    package mutating func link(_ source: LineageNode, _ relation: LineageEdge.Relation, _ target: LineageNode) {
        let edge = LineageEdge(source, relation, target)
        guard source != target, known.insert(edge).inserted else { return }
        edges.append(edge)
    }

    /// Whether both say the same.
    package static func == (left: LineageRecord, right: LineageRecord) -> Bool {
        left.edges == right.edges && left.facts.count == right.facts.count
            && zip(left.facts, right.facts).allSatisfy { $0.node == $1.node && $0.facts == $1.facts }
    }
}
