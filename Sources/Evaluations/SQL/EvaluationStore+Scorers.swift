import Core
import Storage

/// Scorers and their versions.
extension EvaluationStore {
    private static let scorerColumns =
        "s.scorer_id, s.experiment_id, s.scorer_name, v.version, v.serialized_scorer, v.creation_time"
    private static let scorerSource = "scorers s JOIN scorer_versions v ON v.scorer_id = s.scorer_id"

    /// Registers a scorer, or a new version of one.
    ///
    /// - Throws: `notFound` for the experiment, `failedPrecondition` if it is deleted, `invalidArgument`.
    package func registerScorer(experiment: String, name: String, serialized: String) async throws -> Scorer {
        try EvaluationRules.checkScorerName(name)
        try EvaluationRules.checkScorer(serialized)
        try await sources.requireActive(experiment)
        let now = clock.now
        return try await database.write { connection in
            let id: String
            if let known = try Self.scorerID(connection, experiment, name) {
                id = known
            } else {
                id = Identifier.random()
                try connection.execute(
                    "INSERT INTO scorers (scorer_id, experiment_id, scorer_name) VALUES (?, ?, ?)",
                    [.text(id), .text(experiment), .text(name)]
                )
            }
            let last = try connection.first(
                "SELECT COALESCE(MAX(version), 0) AS last FROM scorer_versions WHERE scorer_id = ?",
                [.text(id)]
            )
            let version = try (last?.int("last") ?? 0) + 1
            try connection.execute(
                """
                INSERT INTO scorer_versions (scorer_id, version, serialized_scorer, creation_time) VALUES (?, ?, ?, ?)
                """,
                [.text(id), .integer(version), .text(serialized), .integer(now.milliseconds)]
            )
            connection.note(
                Change(object: "scorer:\(experiment)/\(name)", before: nil, after: ["version": .integer(version)])
            )
            return try Self.scorer(connection, experiment, name, version: version)
        }
    }

    /// The newest version of every scorer of some experiments, by experiment and name.
    package func scorers(of experiments: [String]) async throws -> [Scorer] {
        let ids = try EvaluationRules.experiments(experiments)
        return try await database.read { connection in
            var found: [Scorer] = []
            for start in stride(from: 0, to: ids.count, by: EvaluationsLimits.batchRows) {
                let batch = ids[start..<min(start + EvaluationsLimits.batchRows, ids.count)]
                let list = SQLFragment.isIn("s.experiment_id", batch.map(SQLValue.text))
                let rows = try connection.query(
                    """
                    SELECT \(Self.scorerColumns) FROM \(Self.scorerSource) WHERE \(list.sql) AND v.version =
                        (SELECT MAX(o.version) FROM scorer_versions o WHERE o.scorer_id = s.scorer_id)
                    """,
                    list.arguments
                )
                found += try rows.map(Self.scorer)
            }
            return found.sorted { left, right in
                let (first, second) = (Int64(left.experiment) ?? .max, Int64(right.experiment) ?? .max)
                return (first, left.experiment, left.name) < (second, right.experiment, right.name)
            }
        }
    }

    /// The scorers of one experiment, newest versions only.
    ///
    /// - Throws: `notFound` for the experiment, `failedPrecondition` if it is deleted.
    package func scorers(of experiment: String) async throws -> [Scorer] {
        try await sources.requireActive(experiment)
        return try await scorers(of: [experiment])
    }

    /// The scorers of the experiments that are there and active, of all of them for nil.
    package func scorers(ofActive experiments: [String]?) async throws -> [Scorer] {
        let named = try experiments.map { try EvaluationRules.experiments($0) }
        let active = try await sources.active(named)
        var found: [Scorer] = []
        for start in stride(from: 0, to: active.count, by: EvaluationsLimits.experiments) {
            found += try await scorers(
                of: Array(active[start..<min(start + EvaluationsLimits.experiments, active.count)])
            )
        }
        return found
    }

    /// All versions of a scorer, oldest first.
    ///
    /// - Throws: `notFound`.
    package func scorerVersions(experiment: String, name: String) async throws -> [Scorer] {
        try await sources.requireActive(experiment)
        return try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT \(Self.scorerColumns) FROM \(Self.scorerSource)
                WHERE s.experiment_id = ? AND s.scorer_name = ? ORDER BY v.version
                """,
                [.text(experiment), .text(name)]
            )
            guard !rows.isEmpty else { throw Self.noScorer(experiment, name, nil) }
            return try rows.map(Self.scorer)
        }
    }

    /// One version of a scorer; the newest for nil.
    ///
    /// - Throws: `notFound`.
    package func scorer(experiment: String, name: String, version: Int64?) async throws -> Scorer {
        try await sources.requireActive(experiment)
        return try await database.read { try Self.scorer($0, experiment, name, version: version) }
    }

    /// Deletes one version of a scorer, or for nil all of them with the scorer.
    ///
    /// - Throws: `notFound`.
    package func deleteScorer(experiment: String, name: String, version: Int64?) async throws {
        try await sources.requireActive(experiment)
        try await database.write { connection in
            guard let id = try Self.scorerID(connection, experiment, name) else {
                throw Self.noScorer(experiment, name, nil)
            }
            let before: JSONValue = version.map { ["version": .integer($0)] } ?? "every version"
            connection.note(Change(object: "scorer:\(experiment)/\(name)", before: before, after: nil))
            guard let version else {
                for table in ["online_scoring", "scorer_versions", "scorers"] {
                    try connection.execute("DELETE FROM \(table) WHERE scorer_id = ?", [.text(id)])
                }
                return
            }
            let deleted = try connection.execute(
                "DELETE FROM scorer_versions WHERE scorer_id = ? AND version = ?",
                [.text(id), .integer(version)]
            )
            guard deleted > 0 else { throw Self.noScorer(experiment, name, version) }
        }
    }

    /// Sets which share of an experiment's traces a scorer judges; clients carry it out.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setOnlineScoring(
        experiment: String,
        name: String,
        sampleRate: Double,
        filter: String?
    ) async throws -> OnlineScoring {
        guard (0...1).contains(sampleRate) else {
            throw MartletError(.invalidArgument, "sample_rate must be between 0.0 and 1.0, got \(sampleRate)")
        }
        _ = try SearchFilter.parse(filter)
        let scorer = try await self.scorer(experiment: experiment, name: name, version: nil)
        let model = EvaluationRules.model(of: try EvaluationText.parse(scorer.serialized, field: "serialized_scorer"))
        guard sampleRate == 0 || model?.stringValue?.hasPrefix("gateway:/") == true else {
            throw MartletError(
                .invalidArgument,
                "Scorer '\(name)' does not use a gateway model. Automatic evaluation is only supported for scorers that "
                    + "use gateway models."
            )
        }
        let config = OnlineScoring(
            id: Identifier.random(),
            scorer: scorer.id,
            experiment: experiment,
            sampleRate: sampleRate,
            filter: filter
        )
        try await database.write { connection in
            connection.note(
                Change(
                    object: "scorer:\(experiment)/\(name)/online_scoring",
                    before: nil,
                    after: ["sample_rate": .number(sampleRate), "filter": .optional(filter)]
                )
            )
            try connection.execute(
                """
                INSERT INTO online_scoring (scorer_id, config_id, sample_rate, experiment_id, trace_filter)
                VALUES (?, ?, ?, ?, ?) ON CONFLICT (scorer_id) DO UPDATE SET config_id = excluded.config_id,
                    sample_rate = excluded.sample_rate, experiment_id = excluded.experiment_id,
                    trace_filter = excluded.trace_filter
                """,
                [
                    .text(config.scorer), .text(config.id), .real(sampleRate), .text(experiment), SQLValue(filter),
                ]
            )
        }
        return config
    }

    /// What is set for scorers, those without left out.
    ///
    /// - Throws: `invalidArgument` for too many.
    package func onlineScoring(of scorers: [String]) async throws -> [OnlineScoring] {
        guard scorers.count <= EvaluationsLimits.scorers else {
            throw MartletError(.invalidArgument, "At most \(EvaluationsLimits.scorers) scorers can be named at once.")
        }
        return try await database.read { connection in
            let list = SQLFragment.isIn("scorer_id", scorers.map(SQLValue.text))
            let rows = try connection.query(
                "SELECT * FROM online_scoring WHERE \(list.sql) ORDER BY scorer_id",
                list.arguments
            )
            return try rows.map { row in
                OnlineScoring(
                    id: try row.text("config_id"),
                    scorer: try row.text("scorer_id"),
                    experiment: try row.text("experiment_id"),
                    sampleRate: try row.double("sample_rate"),
                    filter: row.optionalText("trace_filter")
                )
            }
        }
    }

    private static func scorerID(_ connection: Connection, _ experiment: String, _ name: String) throws -> String? {
        try connection.first(
            "SELECT scorer_id FROM scorers WHERE experiment_id = ? AND scorer_name = ?",
            [.text(experiment), .text(name)]
        )?.text("scorer_id")
    }

    private static func scorer(
        _ connection: Connection,
        _ experiment: String,
        _ name: String,
        version: Int64?
    ) throws -> Scorer {
        let wanted = SQLFragment(version == nil ? "1 = 1" : "v.version = ?", version.map { [.integer($0)] } ?? [])
        let row = try connection.first(
            """
            SELECT \(scorerColumns) FROM \(scorerSource)
            WHERE s.experiment_id = ? AND s.scorer_name = ? AND \(wanted.sql) ORDER BY v.version DESC LIMIT 1
            """,
            [.text(experiment), .text(name)] + wanted.arguments
        )
        guard let row else {
            let isKnown = try scorerID(connection, experiment, name) != nil
            throw noScorer(experiment, name, isKnown ? version : nil)
        }
        return try scorer(row)
    }

    private static func scorer(_ row: Row) throws -> Scorer {
        Scorer(
            id: try row.text("scorer_id"),
            experiment: try row.text("experiment_id"),
            name: try row.text("scorer_name"),
            version: Int(try row.int("version")),
            serialized: try row.text("serialized_scorer"),
            creationTime: try row.timestamp("creation_time")
        )
    }

    private static func noScorer(_ experiment: String, _ name: String, _ version: Int64?) -> MartletError {
        let which = version.map { " and version \($0)" } ?? ""
        return MartletError(
            .notFound,
            "Scorer with name '\(name.prefix(200))'\(which) not found for experiment \(experiment.prefix(80))."
        )
    }
}
