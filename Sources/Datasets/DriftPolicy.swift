package import Core

/// What happens when the columns of a source are not those of the rows before.
package enum DriftPolicy: String, Sendable, CaseIterable {
    /// The ingestion ends; the rows before stay.
    case fail
    /// New columns are added, missing ones stay empty, numbers that are text now make the column one of text.
    case evolve
    /// New columns are left out, missing ones stay empty, cells of another type become missing and are counted.
    case ignore

    static func parse(_ fields: JSONFields) throws(MartletError) -> DriftPolicy {
        guard let word = try fields.optionalString("drift") else { return .fail }
        guard let policy = DriftPolicy(rawValue: word) else {
            throw fields.invalid("drift", "must be fail, evolve or ignore")
        }
        return policy
    }
}

/// One change of a source's columns.
package struct DriftEvent: Sendable, Equatable {
    /// What changed.
    package enum Kind: String, Sendable {
        /// A column that was not there before.
        case new
        /// A column of which a whole block has nothing.
        case missing
        /// A column of which no cell of a block is of its type.
        case retyped
    }

    /// What changed.
    package let kind: Kind
    /// The column.
    package let column: String
    /// What was found, in words.
    package let detail: String
    /// What the policy was.
    package let policy: DriftPolicy
    /// The block, from 1.
    package let block: Int64
    /// When.
    package let at: Timestamp

    /// The event as the API shows it.
    package var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "column": .string(column), "detail": .string(detail),
            "policy": .string(policy.rawValue), "block": .integer(block), "at": .integer(at.milliseconds),
        ]
    }
}
