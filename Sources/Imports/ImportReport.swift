import Core

/// What an import counts, in the order in which people read it.
package enum ImportNoun: String, Sendable, CaseIterable {
    case experiments
    case experimentTags = "experiment tags"
    case runs
    case params
    case tags
    case metrics
    case points = "metric points"
    case datasets = "dataset inputs"
    case modelLinks = "model inputs and outputs"
    case loggedModels = "logged models"
    case loggedModelPoints = "points of logged models"
    case models = "registered models"
    case versions
    case aliases
    case files = "artifact files"
    case bytes = "artifact bytes"
}

/// What came of an import.
package struct ImportReport: Sendable {
    /// One line: what the source has, and what of it is stored.
    package struct Line: Sendable, Equatable {
        /// What is counted.
        package let noun: ImportNoun
        /// How many the source has.
        package let source: Int
        /// How many are stored; nil for a dry run.
        package let stored: Int?

        /// Whether something of the source is not here.
        package var isMissing: Bool { stored.map { $0 < source } ?? false }
    }

    /// The lines, one for every noun.
    package let lines: [Line]
    /// What could not be imported, and why, at most `ImportsLimits.problems`.
    package let problems: [String]
    /// How many problems there were.
    package let problemCount: Int
    /// Runs that were there already and had not changed.
    package let unchangedRuns: Int
    /// Traces of the source, which are not imported; nil if the source does not tell.
    package let traces: Int?
    /// How long it took.
    package let duration: Duration

    /// Whether everything of the source is stored.
    package var isComplete: Bool {
        problemCount == 0 && !lines.contains(where: \.isMissing)
    }
}
