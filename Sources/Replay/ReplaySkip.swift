/// Why a prediction was not asked again; such rows are counted and never guessed.
enum ReplaySkip: Hashable, Sendable {
    /// A column that the candidate takes was redacted.
    case redacted
    /// The inputs or the answer were longer than what the ledger keeps.
    case cut
    /// The ledger holds no inputs.
    case noInputs
    /// The columns of the version that answered are not known any more.
    case unknownColumns
    /// The candidate takes a column that the version that answered did not.
    case missingColumns
    /// The row has another number of inputs than the version that answered takes.
    case otherWidth
    /// The candidate itself gave the answer.
    case ownAnswer
    /// The answer was mirrored: nobody but the ledger saw it.
    case mirrored
    /// The ledger holds no answer to compare with.
    case noAnswer

    /// The key in a report.
    var name: String {
        switch self {
        case .redacted: "redacted"
        case .cut: "payload_cut"
        case .noInputs: "no_inputs"
        case .unknownColumns: "unknown_columns"
        case .missingColumns: "missing_columns"
        case .otherWidth: "other_width"
        case .ownAnswer: "own_answer"
        case .mirrored: "mirrored"
        case .noAnswer: "no_answer"
        }
    }
}
