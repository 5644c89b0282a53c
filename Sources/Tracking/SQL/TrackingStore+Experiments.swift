import Artifacts
import Core
import Storage

/// Experiments: create, read, rename, delete, restore, tag.
extension TrackingStore {
    /// Creates an experiment.
    ///
    /// - Parameters:
    ///   - name: unique, also among deleted experiments.
    ///   - artifactLocation: where its artifacts lie; nil for a folder of its own in the store.
    ///   - tags: its first tags.
    /// - Returns: its id.
    /// - Throws: `alreadyExists` if the name is taken.
    @discardableResult
    package func createExperiment(
        name: String,
        artifactLocation: String? = nil,
        tags: [Tag] = []
    ) async throws -> String {
        try TrackingRules.checkExperimentName(name)
        let location = try artifactLocation.map { try ArtifactLocation.resolved($0) }
        for tag in tags { try Self.checkExperimentTag(tag) }
        let now = clock.now
        let number = try await database.write { connection -> Int64 in
            let taken = try connection.first(
                "SELECT lifecycle_stage FROM experiments WHERE name = ?",
                [.text(name)]
            )
            if let taken {
                let isDeleted = try taken.text("lifecycle_stage") == Lifecycle.deleted.rawValue
                throw MartletError(
                    .alreadyExists,
                    "Experiment(name=\(name)) already exists."
                        + (isDeleted ? " It is deleted: restore it, or choose another name." : "")
                )
            }
            let last = try connection.first("SELECT COALESCE(MAX(experiment_id), 0) AS last FROM experiments")
            let number = try (last?.int("last") ?? 0) + 1
            try Self.insertExperiment(
                connection,
                number: number,
                name: name,
                location: location,
                tags: tags,
                now: now
            )
            connection.note(Change(object: "experiment:\(number)", before: nil, after: ["name": .string(name)]))
            return number
        }
        return String(number)
    }

    static func insertExperiment(
        _ connection: Connection,
        number: Int64,
        name: String,
        location: String?,
        tags: [Tag],
        now: Timestamp
    ) throws {
        try connection.execute(
            """
            INSERT INTO experiments
                (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(number), .text(name), .text(location ?? "\(ArtifactURI.prefix)\(number)"),
                .text(Lifecycle.active.rawValue), .integer(now.milliseconds), .integer(now.milliseconds),
            ]
        )
        for tag in tags { try putExperimentTag(connection, number, tag) }
    }

    /// The experiment with an id, deleted or not.
    ///
    /// - Throws: `notFound`.
    package func experiment(_ id: String) async throws -> Experiment {
        let number = try TrackingRules.experimentNumber(id)
        return try await database.read { connection in
            guard
                let row = try connection.first("SELECT * FROM experiments WHERE experiment_id = ?", [.integer(number)])
            else { throw Self.noExperiment(id) }
            return try Self.experiments(connection, [row])[0]
        }
    }

    /// The experiment with a name, deleted or not.
    ///
    /// - Throws: `notFound`.
    package func experiment(named name: String) async throws -> Experiment {
        try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM experiments WHERE name = ?", [.text(name)]) else {
                throw MartletError(.notFound, "Could not find experiment with name '\(name)'")
            }
            return try Self.experiments(connection, [row])[0]
        }
    }

    /// All active experiments, in the order of their ids.
    package func experiments() async throws -> [Experiment] {
        try await database.read { connection in
            let rows = try connection.query(
                "SELECT * FROM experiments WHERE lifecycle_stage = ? ORDER BY experiment_id LIMIT ?",
                [.text(Lifecycle.active.rawValue), .int(TrackingLimits.searchResults)]
            )
            return try Self.experiments(connection, rows)
        }
    }

    /// Renames an active experiment.
    ///
    /// - Throws: `notFound`, `alreadyExists` if the name is taken, `failedPrecondition` if it is deleted.
    package func renameExperiment(_ id: String, to name: String) async throws {
        try TrackingRules.checkExperimentName(name)
        try await changeExperiment(id) { connection, number, lifecycle in
            guard lifecycle == .active else {
                throw MartletError(.failedPrecondition, "Cannot rename a non-active experiment.")
            }
            let other = try connection.first(
                "SELECT name FROM experiments WHERE name = ? AND experiment_id <> ?",
                [.text(name), .integer(number)]
            )
            guard other == nil else { throw MartletError(.alreadyExists, "Experiment(name=\(name)) already exists.") }
            let before = try connection.first(
                "SELECT name FROM experiments WHERE experiment_id = ?",
                [.integer(number)]
            )
            let oldName = before?.optionalText("name")
            connection.note(
                Change(object: "experiment:\(id)", before: ["name": .optional(oldName)], after: ["name": .string(name)])
            )
            try connection.execute(
                "UPDATE experiments SET name = ? WHERE experiment_id = ?",
                [.text(name), .integer(number)]
            )
        }
    }

    /// Deletes an active experiment and its runs; they can be restored.
    ///
    /// - Throws: `notFound`, also if it is deleted already.
    package func deleteExperiment(_ id: String) async throws {
        try await move(id, from: .active, to: .deleted)
    }

    /// Restores a deleted experiment and its runs.
    ///
    /// - Throws: `notFound`, also if it is not deleted.
    package func restoreExperiment(_ id: String) async throws {
        try await move(id, from: .deleted, to: .active)
    }

    private func move(_ id: String, from old: Lifecycle, to new: Lifecycle) async throws {
        let deletedTime: SQLValue = new == .deleted ? .integer(clock.now.milliseconds) : .null
        try await changeExperiment(id) { connection, number, lifecycle in
            guard lifecycle == old else { throw Self.noExperiment(id) }
            connection.note(
                Change(
                    object: "experiment:\(id)",
                    before: ["lifecycle_stage": .string(old.rawValue)],
                    after: ["lifecycle_stage": .string(new.rawValue)]
                )
            )
            for table in ["experiments", "runs"] {
                try connection.execute(
                    "UPDATE \(table) SET lifecycle_stage = ?, deleted_time = ? WHERE experiment_id = ?",
                    [.text(new.rawValue), deletedTime, .integer(number)]
                )
            }
        }
    }

    /// Sets a tag of an active experiment.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setExperimentTag(_ id: String, _ tag: Tag) async throws {
        try Self.checkExperimentTag(tag)
        try await changeExperiment(id) { connection, number, lifecycle in
            try Self.requireActive(experiment: id, lifecycle)
            connection.note(
                Change(object: "experiment:\(id)/tag:\(tag.key)", before: nil, after: .string(tag.value))
            )
            try Self.putExperimentTag(connection, number, tag)
        }
    }

    /// Deletes a tag of an active experiment.
    ///
    /// - Throws: `notFound`, also if there is no such tag.
    package func deleteExperimentTag(_ id: String, key: String) async throws {
        try await changeExperiment(id) { connection, number, lifecycle in
            try Self.requireActive(experiment: id, lifecycle)
            let deleted = try connection.execute(
                "DELETE FROM experiment_tags WHERE experiment_id = ? AND tag_key = ?",
                [.integer(number), .text(key)]
            )
            guard deleted > 0 else {
                throw MartletError(.notFound, "No tag with name: \(key) in experiment with id \(id)")
            }
            connection.note(Change(object: "experiment:\(id)/tag:\(key)", before: nil, after: nil))
        }
    }

    private static func checkExperimentTag(_ tag: Tag) throws(MartletError) {
        try TrackingRules.checkKey(tag.key, "key")
        try TrackingRules.checkLength(tag.value, atMost: TrackingLimits.experimentTagValueCharacters, "value")
    }

    private static func putExperimentTag(_ connection: Connection, _ number: Int64, _ tag: Tag) throws {
        try connection.execute(
            """
            INSERT INTO experiment_tags (experiment_id, tag_key, tag_value) VALUES (?, ?, ?)
            ON CONFLICT (experiment_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value
            """,
            [.integer(number), .text(tag.key), .text(tag.value)]
        )
    }

    /// Runs a change of an existing experiment and records when it happened.
    private func changeExperiment(
        _ id: String,
        _ change: @escaping @Sendable (Connection, Int64, Lifecycle) throws -> Void
    ) async throws {
        let number = try TrackingRules.experimentNumber(id)
        let now = clock.now
        try await database.write { connection in
            let row = try connection.first(
                "SELECT lifecycle_stage FROM experiments WHERE experiment_id = ?",
                [.integer(number)]
            )
            guard let row else { throw Self.noExperiment(id) }
            try change(connection, number, Self.lifecycle(row))
            try connection.execute(
                "UPDATE experiments SET last_update_time = ? WHERE experiment_id = ?",
                [.integer(now.milliseconds), .integer(number)]
            )
        }
    }

    static func requireActive(experiment id: String, _ lifecycle: Lifecycle) throws(MartletError) {
        guard lifecycle == .active else {
            throw MartletError(
                .invalidArgument,
                "The experiment \(id) must be in the 'active' state. Current state is deleted."
            )
        }
    }

    static func noExperiment(_ id: String) -> MartletError {
        MartletError(.notFound, "No Experiment with id=\(id) exists")
    }

    static func lifecycle(_ row: Row) throws(MartletError) -> Lifecycle {
        guard let lifecycle = Lifecycle(rawValue: try row.text("lifecycle_stage")) else {
            throw MartletError(.dataLoss, "A record has an unknown lifecycle stage.")
        }
        return lifecycle
    }

    /// Reads experiments from their rows and adds their tags.
    static func experiments(_ connection: Connection, _ rows: [Row]) throws -> [Experiment] {
        let numbers = try rows.map { try $0.int("experiment_id") }
        let tags = try grouped(connection, "experiment_tags", "experiment_id", numbers, order: "tag_key") { row in
            Tag(key: try row.text("tag_key"), value: try row.text("tag_value"))
        }
        return try rows.map { row in
            let number = try row.int("experiment_id")
            return Experiment(
                id: String(number),
                name: try row.text("name"),
                artifactLocation: try row.text("artifact_location"),
                lifecycle: try lifecycle(row),
                creationTime: try row.timestamp("creation_time"),
                lastUpdateTime: try row.timestamp("last_update_time"),
                tags: tags[number] ?? []
            )
        }
    }

    /// Reads the rows of a side table that belong to the given keys, grouped by key.
    static func grouped<Element>(
        _ connection: Connection,
        _ table: String,
        _ keyColumn: String,
        _ keys: [Int64],
        order: String,
        _ element: (Row) throws -> Element
    ) throws -> [Int64: [Element]] {
        var groups: [Int64: [Element]] = [:]
        var rest = keys[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(TrackingLimits.keysPerStatement)
            rest = rest.dropFirst(chunk.count)
            let condition = SQLFragment.isIn(
                "\(table.split(separator: " ")[0]).\(keyColumn)",
                chunk.map(SQLValue.integer)
            )
            let rows = try connection.query(
                "SELECT * FROM \(table) WHERE \(condition.sql) ORDER BY \(order)",
                condition.arguments
            )
            for row in rows { groups[try row.int(keyColumn), default: []].append(try element(row)) }
        }
        return groups
    }
}
