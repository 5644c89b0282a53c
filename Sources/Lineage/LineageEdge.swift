package import Core

/// That one thing went into another, always from what was there before to what was made of it.
package struct LineageEdge: Hashable, Sendable {
    /// How.
    package enum Relation: String, Sendable, CaseIterable {
        /// A task or a run of tracking read data or a file.
        case read
        /// A task made data, a file or a version.
        case made
        /// A task ran this code, or in this image.
        case ran
        /// A run has a task.
        case has
        /// A task could start because another had succeeded.
        case needed
        /// A task took the outputs of an earlier one from the cache.
        case cached
        /// A task wrote a run of tracking.
        case tracked
        /// A version was registered from a run.
        case registered
        /// A version consists of a file, among others.
        case contains
        /// A version is served, or was.
        case served
        /// A version made a prediction.
        case predicted
        /// A loop started a run, or let a version pass.
        case decided
    }

    /// What was there before.
    package let source: LineageNode
    /// What was made of it.
    package let target: LineageNode
    /// How.
    package let relation: Relation

    /// Says that `source` went into `target`.
    package init(_ source: LineageNode, _ relation: Relation, _ target: LineageNode) {
        self.source = source
        self.target = target
        self.relation = relation
    }

    /// The edge as the API shows it.
    package var json: JSONValue {
        [
            "from": .string(source.description), "to": .string(target.description),
            "relation": .string(relation.rawValue),
        ]
    }
}

/// Which way a walk goes.
package enum LineageDirection: String, Sendable, CaseIterable {
    /// To what it was made of.
    case up
    /// To what was made of it.
    case down
}
