/// What is written to the ledger at once.
package struct LedgerBatch: Sendable {
    /// Names the version of a deployment.
    package struct Version: Hashable, Sendable {
        /// The deployment.
        package let deployment: String
        /// The version.
        package let version: Int

        /// Names one.
        package init(_ deployment: String, _ version: Int) {
            self.deployment = deployment
            self.version = version
        }
    }

    /// The rows.
    package var records: [LedgerRecord]
    /// What was served and is not kept, because only a sample is.
    package var unkept: [LedgerHour]
    /// What the rows of versions mean, of those that have changed since they were last written.
    package var schemas: [Version: LedgerSchema]
    /// What deployments keep, of those that have changed.
    package var specs: [String: LedgerSpec]

    /// Makes a batch.
    package init(
        records: [LedgerRecord] = [],
        unkept: [LedgerHour] = [],
        schemas: [Version: LedgerSchema] = [:],
        specs: [String: LedgerSpec] = [:]
    ) {
        self.records = records
        self.unkept = unkept
        self.schemas = schemas
        self.specs = specs
    }
}

/// What came of a batch.
package struct LedgerInsertion: Sendable {
    /// Rows written.
    package var inserted = 0
    /// Rows left out because their id had a row already.
    package var duplicates = 0
    /// Rows whose label had come before them.
    package var changes: [LabelChange] = []
    /// Labels that had come before and are none of the model that answered.
    package var rejected = 0
}
