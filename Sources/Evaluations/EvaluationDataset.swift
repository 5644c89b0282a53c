package import Core

/// A named set of records that answers are judged on; it can belong to several experiments.
package struct EvaluationDataset: Sendable, Equatable {
    /// `d-` and 32 hexadecimal digits.
    package let id: String
    /// For people; need not be unique.
    package let name: String
    /// Keys and texts, sorted by key.
    package let tags: [(key: String, value: String)]
    /// Which fields the records have, as JSON; nil before the first record.
    package let schema: String?
    /// How many records there are, as JSON; nil before the first record.
    package let profile: String?
    /// Changes with every change of the records.
    package let digest: String
    /// When it was created.
    package let creationTime: Timestamp
    /// When it was last changed.
    package let lastUpdateTime: Timestamp
    /// Who created it, if known.
    package let createdBy: String?
    /// Who last changed its records, if known.
    package let lastUpdatedBy: String?

    package static func == (left: EvaluationDataset, right: EvaluationDataset) -> Bool {
        left.id == right.id && left.name == right.name && left.digest == right.digest && left.schema == right.schema
            && left.profile == right.profile && left.creationTime == right.creationTime
            && left.lastUpdateTime == right.lastUpdateTime && left.createdBy == right.createdBy
            && left.lastUpdatedBy == right.lastUpdatedBy && left.tags.elementsEqual(right.tags, by: ==)
    }
}
