/// The named maxima of the ledger.
package enum LedgerLimits {
    /// Longest label, in bytes.
    package static let labelBytes = 256
    /// Longest key of an entity, in bytes.
    package static let entityBytes = 256
    /// Longest id of a prediction that a label or a question may name, in bytes: a request's id and the row's number.
    package static let idBytes = 160
    /// Most rows that one export into a dataset or one look at recent rows returns.
    package static let exportRows = 200_000

    /// Rows that one segment of the ledger holds; ids and entities are indexed by segment, so that the index that
    /// grows stays small enough for memory.
    package static let segmentRows: Int64 = 65_536
    /// Rows that are written by one statement.
    package static let rowsPerStatement = 32
    /// Ids that one statement asks for.
    package static let idsPerStatement = 500
    /// Rows that retention removes in one transaction.
    package static let prunedRows = 5_000
    /// Rows of an older schema that are brought over in one transaction.
    package static let broughtRows = 2_000

    /// Rows on one page of an answer.
    package static let pageRows = 1_000
    /// Rows that are looked at for one page; a page that meets few matches ends there and says how to go on.
    package static let scannedRows = 400_000
    /// Rows that are looked at by one statement of a filtered query.
    package static let sliceRows = 40_000
    /// Rows that a grouping looks at; more are said to be left out.
    package static let groupedRows = 2_000_000
    /// Groups that one answer has.
    package static let groups = 10_000
    /// Hours that one answer has.
    package static let hourRows = 50_000
    /// Rows that an export reads at a time.
    package static let exportedRows = 1_000
    /// Longest filter, in bytes.
    package static let filterBytes = 4_096
    /// Comparisons in one filter.
    package static let filterTerms = 64
    /// How deep parentheses and NOT go in a filter.
    package static let filterDepth = 16

    /// Labels in one feedback request.
    package static let feedbackItems = 1_000
    /// Largest feedback request body, in bytes.
    package static let feedbackBytes = 1_048_576
    /// Labels that wait for their prediction; further ones are refused.
    package static let pendingLabels: Int64 = 100_000
    /// How long a label waits for its prediction.
    package static let pendingAge: Duration = .seconds(30 * 86_400)
    /// How long a label by entity stays after it found predictions, for those that are still on their way.
    package static let entityAge: Duration = .seconds(600)
    /// How far in the future a label's own time may lie: clocks differ.
    package static let clockTolerance: Duration = .seconds(300)
    /// Predictions that one label by entity may join.
    package static let entityRows = 1_000
    /// The longest window of a label by entity.
    package static let entityWindow: Duration = .seconds(400 * 86_400)
    /// Labels kept of one prediction, corrections included; further ones replace the oldest.
    package static let labelHistory = 100

    /// Rows kept for one deployment unless it says otherwise; the oldest go first.
    package static let defaultRows: Int64 = 1_000_000
    /// How long a row is kept unless its deployment says otherwise.
    package static let defaultAge: Duration = .seconds(90 * 86_400)
    /// Most rows that a deployment may keep.
    package static let maximumRows: Int64 = 10_000_000_000
    /// How long hourly sums are kept.
    package static let hoursAge: Duration = .seconds(800 * 86_400)
    /// Bytes of inputs that are kept of a row unless its deployment says otherwise.
    package static let defaultPayloadBytes = 16_384
    /// Most bytes of inputs that a deployment may keep of a row.
    package static let maximumPayloadBytes = 1_048_576
    /// Columns that a deployment may redact.
    package static let redactedColumns = 1_000
}
