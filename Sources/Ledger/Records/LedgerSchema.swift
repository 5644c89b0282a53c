/// What the rows of one version mean: the names of its columns and of its classes.
///
/// The ledger keeps it beside the rows, so that old rows and labels are understood when the version is long gone.
package struct LedgerSchema: Sendable, Equatable {
    /// The names of the inputs, in the order of `LedgerRecord.features`.
    package let columns: [String]
    /// The names of the classes: empty for a regression, nil when not known.
    package let classes: [String]?

    /// Makes a schema.
    package init(columns: [String], classes: [String]?) {
        self.columns = columns
        self.classes = classes
    }
}
