package import Core

/// What remains of a past report to be drawn over time.
package struct DriftSnapshot: Sendable, Equatable {
    /// When the report was made.
    package let at: Timestamp
    /// What it said.
    package let verdict: DriftReport.Verdict
    /// The share of drifted columns; nil when no column had a verdict.
    package let driftedShare: Double?
    /// The scores by column name, and by the name of a detector over rows.
    package let scores: [String: Score]

    /// One score with its verdict.
    package struct Score: Sendable, Equatable {
        /// The p-value or distance; nil for insufficient data.
        package let value: Double?
        /// Whether it was drift.
        package let drifted: Bool

        /// A score with its verdict.
        ///
        /// - Parameters:
        ///   - value: The p-value or distance.
        ///   - drifted: Whether it was drift.
        package init(value: Double?, drifted: Bool) {
            self.value = value
            self.drifted = drifted
        }
    }

    /// A snapshot from its parts.
    ///
    /// - Parameters:
    ///   - at: When the report was made.
    ///   - verdict: What it said.
    ///   - driftedShare: The share of drifted columns.
    ///   - scores: The scores by column or detector.
    package init(at: Timestamp, verdict: DriftReport.Verdict, driftedShare: Double?, scores: [String: Score]) {
        self.at = at
        self.verdict = verdict
        self.driftedShare = driftedShare
        self.scores = scores
    }

    /// The snapshot of a report.
    ///
    /// - Parameters:
    ///   - report: The report.
    ///   - at: When it was made.
    package init(of report: DriftReport, at: Timestamp) {
        var scores: [String: Score] = [:]
        for feature in report.columns.features {
            scores[feature.name] = Score(value: feature.score, drifted: feature.drifted == true)
        }
        for detector in report.detectors where !detector.kind.isPerColumn {
            scores[detector.kind.rawValue] = Score(value: detector.statistic, drifted: detector.drifted == true)
        }
        self.init(
            at: at,
            verdict: report.verdict,
            driftedShare: report.decidedColumns > 0 ? report.driftedShare : nil,
            scores: scores
        )
    }

    /// The snapshot of a report that was kept as JSON.
    ///
    /// - Parameters:
    ///   - json: What `DriftReport.json` wrote.
    ///   - at: When the report was made.
    /// - Throws: `invalidArgument` for a document that is no report.
    package init(json: JSONValue, at: Timestamp) throws(MartletError) {
        let fields = try JSONFields(json)
        guard let verdict = DriftReport.Verdict(rawValue: try fields.string("verdict")) else {
            throw fields.invalid("verdict", "must be drift, no_drift or insufficient_data")
        }
        var scores: [String: Score] = [:]
        for (name, value) in try fields.optionalObject("drift_by_columns")?.pairs ?? [] {
            scores[name] = Score(
                value: value["drift_score"]?.doubleValue,
                drifted: value["drift_detected"]?.boolValue ?? false
            )
        }
        for detector in try fields.optionalArray("detectors") ?? [] {
            guard let name = detector["detector"]?.stringValue, detector["features"] == nil else { continue }
            scores[name] = Score(
                value: detector["statistic"]?.doubleValue,
                drifted: detector["drift_detected"]?.boolValue ?? false
            )
        }
        let decided = try fields.optionalInt("number_of_columns") ?? 0
        self.init(
            at: at,
            verdict: verdict,
            driftedShare: decided > 0 ? try fields.optionalDouble("share_of_drifted_columns") : nil,
            scores: scores
        )
    }
}
