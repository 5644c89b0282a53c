import Core
import Schedules
import Storage

extension TriggerStore {
    /// What is declared of one pipeline.
    struct Declared: Sendable {
        let pipeline: String
        /// When the pipeline was declared last.
        let updatedAt: Timestamp
        /// The section of its triggers, empty for none; nil when it was not read.
        let section: JSONObject?
    }

    /// The pipelines with when they were declared, and the triggers of those that changed.
    ///
    /// - Parameter known: when pipelines were declared that need not be read again.
    /// - Returns: the pipelines.
    /// - Throws: `unavailable` when the database cannot be read.
    func declared(except known: [String: Timestamp]) async throws(MartletError) -> [Declared] {
        try await database.read { connection in
            let rows = try connection.query("SELECT name, updated_at FROM pipelines ORDER BY name")
            return try rows.map { row in
                let (name, updatedAt) = (try row.text("name"), try row.timestamp("updated_at"))
                guard known[name] != updatedAt else {
                    return Declared(pipeline: name, updatedAt: updatedAt, section: nil)
                }
                let spec = try connection.first("SELECT spec FROM pipelines WHERE name = ?", [.text(name)])?.json(
                    "spec"
                )
                let section = spec?["triggers"]?.objectValue ?? [:]
                return Declared(pipeline: name, updatedAt: updatedAt, section: section)
            }
        }
    }

    /// Takes over what is declared of a pipeline: new triggers begin now, changed timetables count from now on, and triggers
    /// that are gone stop.
    func declare(_ triggers: [PipelineTrigger], of pipeline: String) async throws(MartletError) {
        let now = clock.now
        try await database.write { connection in
            let rows = try connection.query("SELECT * FROM pipeline_triggers WHERE pipeline = ?", [.text(pipeline)])
            var stored: [String: Row] = [:]
            for row in rows { stored[try row.text("name")] = row }
            for trigger in triggers {
                let document = JSONValue.object(trigger.document).description
                guard let row = stored.removeValue(forKey: trigger.name) else {
                    try connection.execute(
                        """
                        INSERT INTO pipeline_triggers (pipeline, name, document, is_declared, declared_at, settled_at, missed)
                        VALUES (?, ?, ?, 1, ?, ?, 0)
                        """,
                        [
                            .text(pipeline), .text(trigger.name), .text(document), .integer(now.milliseconds),
                            .integer(Self.beginning(of: trigger, now: now).milliseconds),
                        ]
                    )
                    continue
                }
                let isDeclared = try row.bool("is_declared")
                guard try row.text("document") != document || !isDeclared else { continue }
                let before = try PipelineTrigger.parse(trigger.name, JSONFields(try row.json("document")))
                try connection.execute(
                    "UPDATE pipeline_triggers SET document = ?, is_declared = 1 WHERE pipeline = ? AND name = ?",
                    [.text(document), .text(pipeline), .text(trigger.name)]
                )
                guard before.kind != trigger.kind || !isDeclared else { continue }
                try connection.execute(
                    """
                    UPDATE pipeline_triggers SET declared_at = ?, settled_at = ?, missed = 0
                    WHERE pipeline = ? AND name = ?
                    """,
                    [
                        .integer(now.milliseconds), .integer(Self.beginning(of: trigger, now: now).milliseconds),
                        .text(pipeline), .text(trigger.name),
                    ]
                )
            }
            for name in stored.keys {
                try connection.execute(
                    "UPDATE pipeline_triggers SET is_declared = 0 WHERE pipeline = ? AND name = ?",
                    [.text(pipeline), .text(name)]
                )
            }
        }
    }

    /// Where a timetable begins: now, or at its start when everything since then is to be made up for.
    private static func beginning(of trigger: PipelineTrigger, now: Timestamp) -> Timestamp {
        guard case .schedule(let times) = trigger.kind, case .all = times.catchUp, let start = times.start else {
            return now
        }
        return min(now, start - .milliseconds(1))
    }

    /// Stops the triggers of pipelines that are there no more.
    func forget(pipelinesExcept known: Set<String>) async throws(MartletError) {
        try await database.write { connection in
            let rows = try connection.query("SELECT DISTINCT pipeline FROM pipeline_triggers WHERE is_declared = 1")
            for row in rows where !known.contains(try row.text("pipeline")) {
                try connection.execute(
                    "UPDATE pipeline_triggers SET is_declared = 0 WHERE pipeline = ?",
                    [.text(try row.text("pipeline"))]
                )
            }
        }
    }

    /// A trigger's row without its declaration, which its reader keeps.
    struct Standing: Sendable {
        let pipeline: String
        let name: String
        let declaredAt: Timestamp
        let settledAt: Timestamp
        let pausedAt: Timestamp?
        let pausedBy: String?
        let missed: Int64

        init(_ row: Row) throws(MartletError) {
            pipeline = try row.text("pipeline")
            name = try row.text("name")
            declaredAt = try row.timestamp("declared_at")
            settledAt = try row.timestamp("settled_at")
            pausedAt = row.optionalTimestamp("paused_at")
            pausedBy = row.optionalText("paused_by")
            missed = try row.int("missed")
        }
    }

    /// How all declared triggers stand.
    func standing() async throws(MartletError) -> [Standing] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT pipeline, name, declared_at, settled_at, paused_at, paused_by, missed FROM pipeline_triggers
                WHERE is_declared = 1 ORDER BY pipeline, name
                """
            ).map { row in try Standing(row) }
        }
    }

    /// All declared triggers, or those of one pipeline.
    func records(of pipeline: String? = nil) async throws(MartletError) -> [TriggerRecord] {
        try await database.read { connection in
            let rows =
                try pipeline.map { pipeline in
                    try connection.query(
                        "SELECT * FROM pipeline_triggers WHERE is_declared = 1 AND pipeline = ? ORDER BY name",
                        [.text(pipeline)]
                    )
                }
                ?? connection.query("SELECT * FROM pipeline_triggers WHERE is_declared = 1 ORDER BY pipeline, name")
            return try rows.map { row in
                let trigger = try PipelineTrigger.parse(try row.text("name"), JSONFields(try row.json("document")))
                return TriggerRecord(try Standing(row), trigger)
            }
        }
    }

    /// Pauses a trigger, or lets it go on.
    ///
    /// - Parameters:
    ///   - pipeline: Its pipeline.
    ///   - name: Its name.
    ///   - isPaused: Which.
    ///   - catchesUp: Whether times that came during the pause were missed and follow the rule; else they are over.
    ///   - by: Who does it.
    /// - Throws: `notFound`.
    func setPaused(
        _ pipeline: String,
        _ name: String,
        _ isPaused: Bool,
        catchesUp: Bool = false,
        by: String
    ) async throws(MartletError) {
        let now = SQLValue.integer(clock.now.milliseconds)
        try await database.write { connection in
            let row = try connection.first(
                "SELECT paused_at FROM pipeline_triggers WHERE pipeline = ? AND name = ? AND is_declared = 1",
                [.text(pipeline), .text(name)]
            )
            guard let row else { throw Self.noTrigger(pipeline, name) }
            let wasPaused = row.optionalInt("paused_at") != nil
            guard wasPaused != isPaused else { return }
            connection.note(
                Change(
                    object: "pipeline:\(pipeline)/trigger:\(name)",
                    before: ["paused": .bool(wasPaused)],
                    after: ["paused": .bool(isPaused)]
                )
            )
            if isPaused {
                try connection.execute(
                    "UPDATE pipeline_triggers SET paused_at = ?, paused_by = ? WHERE pipeline = ? AND name = ?",
                    [now, .text(by), .text(pipeline), .text(name)]
                )
            } else {
                try connection.execute(
                    """
                    UPDATE pipeline_triggers SET paused_at = NULL, paused_by = NULL\(catchesUp ? "" : ", settled_at = ?")
                    WHERE pipeline = ? AND name = ?
                    """,
                    (catchesUp ? [] : [now]) + [.text(pipeline), .text(name)]
                )
            }
        }
    }

    static func noTrigger(_ pipeline: String, _ name: String) -> MartletError {
        MartletError(
            .notFound,
            "The pipeline '\(pipeline.prefix(80))' has no trigger '\(name.prefix(80))'; see `martlet schedule list`."
        )
    }
}

extension TriggerRecord {
    init(_ standing: TriggerStore.Standing, _ trigger: PipelineTrigger) {
        self.init(
            pipeline: standing.pipeline,
            trigger: trigger,
            declaredAt: standing.declaredAt,
            settledAt: standing.settledAt,
            pausedAt: standing.pausedAt,
            pausedBy: standing.pausedBy,
            missed: standing.missed
        )
    }
}
