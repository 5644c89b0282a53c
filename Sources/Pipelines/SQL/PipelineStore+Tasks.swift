import Core
import HTTPSupport
import Storage

extension PipelineStore {
    /// The latest attempts of a run's tasks, in the order of the file.
    ///
    /// - Throws: `notFound` for the run, `invalidArgument` for a page token that this did not give.
    func tasks(run id: String, state: TaskState?, limit: Int, token: String?) async throws -> Page<TaskRun> {
        var condition = ""
        var arguments: [SQLValue] = [.text(id)]
        if let state {
            condition += " AND state = ?"
            arguments.append(.text(state.rawValue))
        }
        if let token {
            let fields = try JSONFields(try PageToken.decode(token))
            let (position, part) = (SQLValue.integer(try fields.int("p")), SQLValue.integer(try fields.int("i")))
            condition += " AND (position > ? OR (position = ? AND (part > ? OR (part = ? AND task > ?))))"
            arguments += [position, position, part, part, .text(try fields.string("t"))]
        }
        let sql = """
            SELECT * FROM task_runs AS latest WHERE run_id = ? AND attempt = (
                SELECT MAX(attempt) FROM task_runs AS other WHERE other.run_id = latest.run_id AND other.task = latest.task
            )\(condition) ORDER BY position, part, task LIMIT ?
            """
        let values = arguments + [.int(limit + 1)]
        let rows = try await database.read { connection in
            let known = try connection.first("SELECT 1 AS one FROM pipeline_runs WHERE id = ?", [.text(id)])
            guard known != nil else { throw Self.noRun(id) }
            return try connection.query(sql, values)
        }
        let items = try rows.prefix(limit).map { try TaskRun($0) }
        guard rows.count > limit, let last = rows.prefix(limit).last else {
            return Page(items: items, nextPageToken: nil)
        }
        let next: JSONValue = [
            "p": .integer(try last.int("position")), "i": .integer(try last.int("part")),
            "t": .string(try last.text("task")),
        ]
        return Page(items: items, nextPageToken: PageToken.encode(next))
    }

    /// Every attempt of one task, the first first.
    ///
    /// - Throws: `notFound` for the run or the task.
    func attempts(run id: String, task: String) async throws -> [TaskRun] {
        try await database.read { connection in
            let rows = try connection.query(
                "SELECT * FROM task_runs WHERE run_id = ? AND task = ? ORDER BY attempt",
                [.text(id), .text(task)]
            )
            guard !rows.isEmpty else {
                throw MartletError(.notFound, "The run '\(id.prefix(64))' has no task '\(task.prefix(64))'.")
            }
            return try rows.map { try TaskRun($0) }
        }
    }

    /// A run without its tasks.
    ///
    /// - Throws: `notFound`.
    func head(_ id: String) async throws(MartletError) -> PipelineRun {
        try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM pipeline_runs WHERE id = ?", [.text(id)]) else {
                throw Self.noRun(id)
            }
            return try Self.run(from: row, tasks: [])
        }
    }

    /// How many tasks of a run are in each state.
    func counts(run id: String) async throws(MartletError) -> [(TaskState, Int)] {
        try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT state, COUNT(*) AS n FROM task_runs AS latest WHERE run_id = ? AND attempt = (
                    SELECT MAX(attempt) FROM task_runs AS other
                    WHERE other.run_id = latest.run_id AND other.task = latest.task
                ) GROUP BY state
                """,
                [.text(id)]
            )
            return try rows.compactMap { row in
                TaskState(rawValue: try row.text("state")).map { ($0, Int(row.optionalInt("n") ?? 0)) }
            }.sorted { $0.0.rawValue < $1.0.rawValue }
        }
    }
}
