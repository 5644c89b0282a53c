package import Core
package import Sampling
package import Storage

/// The tables of studies and their trials; any number of workers and servers may use them at once.
package struct StudyStore: Sendable {
    let database: Database
    let clock: Clock
    let cache: StudyCache

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database, clock: Clock) {
        self.database = database
        self.clock = clock
        cache = StudyCache()
    }

    /// The schema's history.
    package static let migrations: [Migration] = [
        Migration(
            id: "studies-0001",
            statements: [
                """
                CREATE TABLE studies (
                    id TEXT PRIMARY KEY, name TEXT NOT NULL, spec TEXT NOT NULL, owner TEXT NOT NULL, run_id TEXT,
                    is_recorded_elsewhere INTEGER NOT NULL, heartbeat_ms BIGINT, revision BIGINT NOT NULL,
                    trial_count BIGINT NOT NULL, ending_count BIGINT NOT NULL, created_at BIGINT NOT NULL,
                    updated_at BIGINT NOT NULL
                )
                """,
                "CREATE UNIQUE INDEX studies_by_name ON studies (name)",
                """
                CREATE TABLE study_trials (
                    study_id TEXT NOT NULL, number BIGINT NOT NULL, state TEXT NOT NULL, params TEXT NOT NULL,
                    objectives TEXT NOT NULL, tie_break DOUBLE PRECISION NOT NULL, rungs TEXT NOT NULL,
                    generation BIGINT, ending BIGINT, revision BIGINT NOT NULL, ask_key TEXT, worker TEXT NOT NULL,
                    attempt BIGINT NOT NULL, run_id TEXT, is_recorded INTEGER NOT NULL, message TEXT NOT NULL,
                    attributes TEXT NOT NULL, created_at BIGINT NOT NULL, started_at BIGINT, ended_at BIGINT,
                    heartbeat_at BIGINT, PRIMARY KEY (study_id, number)
                )
                """,
                "CREATE UNIQUE INDEX study_trials_by_key ON study_trials (study_id, ask_key)",
                "CREATE INDEX study_trials_by_revision ON study_trials (study_id, revision)",
                "CREATE INDEX study_trials_by_state ON study_trials (study_id, state, number)",
                "CREATE INDEX study_trials_to_record ON study_trials (study_id, number) WHERE is_recorded = 0",
                """
                CREATE TABLE study_reports (
                    study_id TEXT NOT NULL, number BIGINT NOT NULL, step BIGINT NOT NULL, value DOUBLE PRECISION,
                    revision BIGINT NOT NULL, prunes INTEGER NOT NULL, PRIMARY KEY (study_id, number, step)
                )
                """,
                "CREATE INDEX study_reports_by_revision ON study_reports (study_id, revision)",
            ]
        )
    ]

    /// Creates a study.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - spec: what it searches for.
    ///   - owner: who creates it.
    ///   - runID: the run beneath which trials are recorded.
    ///   - recordedElsewhere: whether the caller records trials itself.
    ///   - reuses: takes up the study of that name when it searches for the same.
    /// - Returns: the study, and whether it is new.
    /// - Throws: `alreadyExists`, `invalidArgument` for a bad name, `resourceExhausted` when there are too many.
    package func create(
        _ name: String,
        _ spec: StudySpec,
        owner: String,
        runID: String? = nil,
        recordedElsewhere: Bool = false,
        reuses: Bool = false
    ) async throws(MartletError) -> (study: StudyRecord, isNew: Bool) {
        try Self.check(name)
        let now = clock.now
        return try await database.write { connection in
            if let row = try connection.first("SELECT * FROM studies WHERE name = ?", [.text(name)]) {
                let known = try StudyRecord(row)
                guard reuses else {
                    throw MartletError(.alreadyExists, "There is a study '\(name)' already.")
                }
                guard known.spec.space == spec.space, known.spec.directions == spec.directions else {
                    throw MartletError(
                        .alreadyExists,
                        "The study '\(name)' has another space or direction; use another name or delete it."
                    )
                }
                return (known, false)
            }
            let count = try connection.first("SELECT COUNT(*) AS n FROM studies")?.int("n") ?? 0
            guard count < Int64(StudiesLimits.studies) else {
                throw MartletError(.resourceExhausted, "There are \(count) studies; delete some first.")
            }
            let id = Identifier.random()
            try connection.execute(
                "INSERT INTO studies VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?)",
                [
                    .text(id), .text(name), .text(JSONValue.object(spec.json).description), .text(owner),
                    SQLValue(runID), .integer(recordedElsewhere ? 1 : 0), SQLValue(spec.heartbeat?.timeout),
                    .integer(now.milliseconds), .integer(now.milliseconds),
                ]
            )
            connection.note(Change(object: "study:\(name)", before: nil, after: .object(spec.json)))
            return (try Self.study(connection, name), true)
        }
    }

    static func check(_ name: String) throws(MartletError) {
        guard (1...StudiesLimits.nameBytes).contains(name.utf8.count),
            !name.unicodeScalars.contains(where: { $0.value < 32 || $0 == "/" })
        else {
            throw MartletError(
                .invalidArgument,
                "A study's name has 1 to \(StudiesLimits.nameBytes) bytes and no '/' or control characters."
            )
        }
    }

    static func study(_ connection: Connection, _ name: String) throws(MartletError) -> StudyRecord {
        guard let row = try connection.first("SELECT * FROM studies WHERE name = ?", [.text(name)]) else {
            throw MartletError(.notFound, "There is no study '\(name.prefix(80))'.")
        }
        return try StudyRecord(row)
    }

    /// One study.
    ///
    /// - Throws: `notFound`.
    package func study(_ name: String) async throws(MartletError) -> StudyRecord {
        try await database.read { try Self.study($0, name) }
    }

    /// Studies by name, after one.
    package func studies(after name: String?, limit: Int) async throws(MartletError) -> [StudyRecord] {
        try await database.read { connection in
            try connection.query(
                "SELECT * FROM studies WHERE name > ? ORDER BY name LIMIT ?",
                [.text(name ?? ""), .int(limit)]
            ).map(StudyRecord.init)
        }
    }

    /// Deletes a study with its trials; runs that record them stay.
    ///
    /// - Throws: `notFound`.
    package func delete(_ name: String) async throws(MartletError) {
        try await database.write { connection in
            let study = try Self.study(connection, name)
            for table in ["study_reports", "study_trials"] {
                try connection.execute("DELETE FROM \(table) WHERE study_id = ?", [.text(study.id)])
            }
            try connection.execute("DELETE FROM studies WHERE id = ?", [.text(study.id)])
            connection.note(Change(object: "study:\(name)", before: .object(study.spec.json), after: nil))
        }
        cache.forget(name)
    }

    /// The trials as samplers see them, up to date.
    ///
    /// - Throws: `notFound`.
    package func history(_ name: String) async throws(MartletError) -> (study: StudyRecord, history: TrialHistory) {
        let cache = cache
        let live = try await database.read { try LiveStudy.load($0, name, cache) }
        cache.keep(live)
        return (live.study, live.history)
    }
}
