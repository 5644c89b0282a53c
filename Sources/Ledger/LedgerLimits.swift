/// The named maxima of the ledger.
package enum LedgerLimits {
    /// Longest label, in bytes.
    package static let labelBytes = 256
    /// Most rows that one export or one look at recent rows returns.
    package static let exportRows = 200_000
}
