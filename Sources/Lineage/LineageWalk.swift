package import Core

/// What a walk found: every thing once, and what went into what.
package struct LineageWalk: Sendable {
    /// A thing that was met.
    package struct Place: Sendable, Equatable {
        /// What it is.
        package let node: LineageNode
        /// How many edges it is away from the start.
        package let distance: Int
        /// What is known of it: what was recorded, and what holds now.
        package var facts: JSONObject
        /// When it was recorded; nil for what never was.
        package var recordedAt: Timestamp?
    }

    /// Where it began.
    package let start: LineageNode
    /// Which ways it went.
    package let directions: [LineageDirection]
    /// What it met, nearest first.
    package internal(set) var places: [Place]
    /// What went into what, in the order in which it was met.
    package internal(set) var edges: [LineageEdge]
    /// Whether nothing was left out because there was too much.
    package internal(set) var isComplete: Bool

    /// The walk as the API shows it.
    package var json: JSONValue {
        [
            "node": .string(start.description), "directions": .array(directions.map { .string($0.rawValue) }),
            "nodes": .array(
                places.map { place in
                    [
                        "node": .string(place.node.description), "kind": .string(place.node.kind.rawValue),
                        "distance": .int(place.distance), "facts": .object(place.facts),
                        "recorded_at": .optional(place.recordedAt?.milliseconds),
                    ]
                }
            ),
            "edges": .array(edges.map(\.json)), "complete": .bool(isComplete),
        ]
    }
}
