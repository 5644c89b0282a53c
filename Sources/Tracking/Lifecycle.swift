/// Whether an experiment, run or logged model is in use or deleted; deleted ones can be restored.
package enum Lifecycle: String, Sendable {
    /// In use.
    case active
    /// Deleted, but kept.
    case deleted

    /// Which of the two a search wants (MLflow's ViewType).
    package enum View: Sendable {
        case activeOnly
        case deletedOnly
        case all

        /// The stored words that this view shows.
        var words: [String] {
            switch self {
            case .activeOnly: [Lifecycle.active.rawValue]
            case .deletedOnly: [Lifecycle.deleted.rawValue]
            case .all: [Lifecycle.active.rawValue, Lifecycle.deleted.rawValue]
            }
        }
    }
}
