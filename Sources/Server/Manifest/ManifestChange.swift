package import Core

/// What applying a manifest does to one declared object.
package struct ManifestChange: Sendable, Equatable {
    /// The kind of change.
    package enum Kind: String, Sendable {
        /// The server does not have the object yet.
        case created
        /// The server has it otherwise.
        case changed
        /// The server has it as it is declared.
        case unchanged
    }

    /// The manifest's section.
    package let section: String
    /// The object's name.
    package let name: String
    /// The kind of change.
    package let kind: Kind
    /// What differs; of a new object everything that the file says.
    package let fields: [FieldChange]
    /// What follows, such as a rollout that starts.
    package var notes: [String] = []

    /// The change as the API says it.
    package var json: JSONValue {
        [
            "section": .string(section), "name": .string(name), "change": .string(kind.rawValue),
            "fields": .array(fields.map(\.json)), "notes": .array(notes.map { .string($0) }),
        ]
    }
}

/// What applying a manifest does, and what it leaves alone.
package struct ManifestDifference: Sendable, Equatable {
    /// An object that the server has and the manifest does not name.
    package struct Undeclared: Sendable, Equatable {
        /// The manifest's section.
        package let section: String
        /// The object's name.
        package let name: String
    }

    /// Every declared object, in the order of the sections.
    package let changes: [ManifestChange]
    /// What the server has beside them: applying does not touch it.
    package let undeclared: [Undeclared]
    /// What reading the file brought up, such as a KServe field that has no counterpart.
    package var remarks: [String] = []

    /// Whether applying would change anything.
    package var differs: Bool {
        changes.contains { $0.kind != .unchanged }
    }

    /// The answer of `/apply` and `/diff`.
    package var json: JSONValue {
        [
            "differs": .bool(differs), "changes": .array(changes.map(\.json)),
            "undeclared": .array(undeclared.map { ["section": .string($0.section), "name": .string($0.name)] }),
            "remarks": .array(remarks.map { .string($0) }),
        ]
    }
}
