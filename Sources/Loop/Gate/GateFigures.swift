/// What was measured of a candidate and its champion, for the gate to judge.
package struct GateFigures: Sendable, Equatable {
    /// What both are worth on the rows of one segment.
    package struct Segment: Sendable, Equatable {
        /// The column.
        package let column: String
        /// The segment: a value of the column, or a range of them.
        package let name: String
        /// How many rows fell into it.
        package let rows: Int
        /// The candidate's metrics by name; those that the rows do not determine are left out.
        package let candidate: [String: Double]
        /// The champion's; nil without a champion.
        package let champion: [String: Double]?

        /// Makes a segment.
        package init(
            column: String,
            name: String,
            rows: Int,
            candidate: [String: Double],
            champion: [String: Double]?
        ) {
            self.column = column
            self.name = name
            self.rows = rows
            self.candidate = candidate
            self.champion = champion
        }
    }

    /// The champion's version; nil when there is none yet.
    package var championVersion: Int?
    /// How many rows both were asked about; nil when the figures are those that the pipeline gave.
    package var rows: Int?
    /// The candidate's metrics by name.
    package var candidate: [String: Double]
    /// The champion's on the same rows; nil without a champion.
    package var champion: [String: Double]?
    /// The segments of every column that a rule of fairness names.
    package var segments: [Segment]
    /// The candidate's latency quantile in seconds.
    package var candidateSeconds: Double?
    /// The champion's.
    package var championSeconds: Double?
    /// The bytes of the candidate's files.
    package var candidateBytes: Int64?
    /// The bytes of the champion's files.
    package var championBytes: Int64?

    /// Makes figures.
    package init(
        championVersion: Int? = nil,
        rows: Int? = nil,
        candidate: [String: Double],
        champion: [String: Double]? = nil,
        segments: [Segment] = [],
        candidateSeconds: Double? = nil,
        championSeconds: Double? = nil,
        candidateBytes: Int64? = nil,
        championBytes: Int64? = nil
    ) {
        self.championVersion = championVersion
        self.rows = rows
        self.candidate = candidate
        self.champion = champion
        self.segments = segments
        self.candidateSeconds = candidateSeconds
        self.championSeconds = championSeconds
        self.candidateBytes = candidateBytes
        self.championBytes = championBytes
    }
}
