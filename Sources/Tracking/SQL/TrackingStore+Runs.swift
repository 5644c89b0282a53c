package import Artifacts
package import Core
import Storage

/// Runs: create, read, update, delete, restore.
extension TrackingStore {
    /// Starts a run.
    ///
    /// - Parameters:
    ///   - experimentID: an active experiment.
    ///   - name: its name; nil for the tag `mlflow.runName`, or else one made up.
    ///   - parentID: the run that it is a part of; becomes the tag `mlflow.parentRunId`.
    ///   - userID: who starts it.
    ///   - startTime: when it started; nil for now.
    ///   - tags: its first tags.
    /// - Returns: the run.
    /// - Throws: `notFound` for the experiment, `invalidArgument` if it is deleted or two names differ.
    package func createRun(
        experimentID: String,
        name: String? = nil,
        parentID: String? = nil,
        userID: String = "",
        startTime: Timestamp? = nil,
        tags: [Tag] = []
    ) async throws -> Run {
        let experimentNumber = try TrackingRules.experimentNumber(experimentID)
        for tag in tags { try TrackingRules.checkKey(tag.key, "key") }
        var tags = tags.map(Self.cut)
        if let parentID { tags.append(Tag(key: TagKey.parent, value: parentID)) }
        let name = try Self.runName(name, tags)
        try TrackingRules.checkLength(name, atMost: TrackingLimits.nameCharacters, "run_name")
        tags.append(Tag(key: TagKey.runName, value: name))
        let (start, id, allTags) = (startTime ?? clock.now, Identifier.random(), Self.lastOfEach(tags))
        return try await database.write { connection in
            let experiment = try connection.first(
                "SELECT artifact_location, lifecycle_stage FROM experiments WHERE experiment_id = ?",
                [.integer(experimentNumber)]
            )
            guard let experiment else { throw Self.noExperiment(experimentID) }
            try Self.requireActive(experiment: experimentID, Self.lifecycle(experiment))
            let location = try experiment.text("artifact_location")
            let info = RunInfo(
                id: id,
                experimentID: experimentID,
                name: name,
                userID: userID,
                status: .running,
                startTime: start,
                endTime: nil,
                artifactURI: ArtifactLocation.appending("\(id)/artifacts", to: location),
                lifecycle: .active
            )
            try Self.insert(connection, info, experimentNumber, allTags)
            return Run(
                info: info,
                metrics: [],
                params: [],
                tags: allTags,
                datasets: [],
                modelInputs: [],
                modelOutputs: []
            )
        }
    }

    private static let newTags = ManyRows(into: "run_tags (run_number, tag_key, tag_value)", width: 3)

    private static func insert(
        _ connection: Connection,
        _ info: RunInfo,
        _ experiment: Int64,
        _ tags: [Tag]
    ) throws {
        let last = try connection.first("SELECT COALESCE(MAX(run_number), 0) AS last FROM runs")
        let number = try (last?.int("last") ?? 0) + 1
        try connection.execute(
            """
            INSERT INTO runs (run_number, run_id, experiment_id, run_name, user_id, status, start_time, end_time,
                artifact_uri, lifecycle_stage) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)
            """,
            [
                .integer(number), .text(info.id), .integer(experiment), .text(info.name), .text(info.userID),
                .text(info.status.rawValue), .integer(info.startTime.milliseconds), .text(info.artifactURI),
                .text(info.lifecycle.rawValue),
            ]
        )
        try newTags.insert(connection, tags.flatMap { [.integer(number), .text($0.key), .text($0.value)] })
    }

    /// Of tags with one key the last, in the order of the keys' bytes, as they are read back.
    private static func lastOfEach(_ tags: [Tag]) -> [Tag] {
        let values = Dictionary(tags.map { ($0.key, $0.value) }) { _, last in last }
        return values.map { Tag(key: $0.key, value: $0.value) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// The tags that mean something to the server.
    enum TagKey {
        static let runName = "mlflow.runName"
        static let parent = "mlflow.parentRunId"
        static let loggedModels = "mlflow.log-model.history"
        static let modelVersions = "mlflow.modelVersions"
        static let context = "mlflow.data.context"
    }

    private static func runName(_ name: String?, _ tags: [Tag]) throws(MartletError) -> String {
        let given = name.flatMap { $0.isEmpty ? nil : $0 }
        let tagged = tags.last { $0.key == TagKey.runName }?.value
        if let given, let tagged, given != tagged {
            throw MartletError(
                .invalidArgument,
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                    + "(run_name='\(given)', mlflow.runName='\(tagged)')."
            )
        }
        return given ?? tagged ?? RunNames.random()
    }

    /// A location with exactly one slash at its end.
    static func folder(_ location: String) -> String {
        location.hasSuffix("/") ? location : location + "/"
    }

    /// A run with everything but the histories of its metrics, deleted or not.
    ///
    /// - Throws: `notFound`.
    package func run(_ id: String) async throws -> Run {
        let keys = metricKeys
        return try await readFolded { connection in
            guard let row = try Self.row(connection, id) else { throw Self.noRun(id) }
            return try Self.runs(connection, [row], keys)[0]
        }
    }

    private static func row(_ connection: Connection, _ id: String) throws -> Row? {
        try connection.first("SELECT * FROM runs WHERE run_id = ?", [.text(id)])
    }

    static func noRun(_ id: String) -> MartletError {
        MartletError(.notFound, "Run with id=\(id.prefix(80)) not found")
    }

    /// Changes the given properties of an active run.
    ///
    /// - Throws: `notFound`, `invalidArgument` if it is deleted.
    @discardableResult
    package func updateRun(
        _ id: String,
        status: RunStatus? = nil,
        endTime: Timestamp? = nil,
        name: String? = nil
    ) async throws -> RunInfo {
        if let name { try TrackingRules.checkLength(name, atMost: TrackingLimits.nameCharacters, "run_name") }
        return try await changeRun(id) { [runEnded] connection, number in
            let before = try connection.first("SELECT status FROM runs WHERE run_number = ?", [.integer(number)])
            if let status {
                try connection.execute(
                    "UPDATE runs SET status = ? WHERE run_number = ?",
                    [.text(status.rawValue), .integer(number)]
                )
            }
            if let endTime {
                try connection.execute(
                    "UPDATE runs SET end_time = ? WHERE run_number = ?",
                    [.integer(endTime.milliseconds), .integer(number)]
                )
            }
            if let name, !name.isEmpty { try Self.putTag(connection, number, Tag(key: TagKey.runName, value: name)) }
            guard let row = try Self.row(connection, id) else { throw Self.noRun(id) }
            let info = try Self.info(row)
            // A client may say twice that a run has ended; it is told once.
            let isNew = before?.optionalText("status") != info.status.rawValue
            if isNew, [.finished, .failed, .killed].contains(info.status) { try runEnded(connection, info) }
            return info
        }
    }

    /// Deletes a run; it can be restored.
    ///
    /// - Throws: `notFound`.
    package func deleteRun(_ id: String) async throws {
        try await setLifecycle(id, .deleted)
    }

    /// Restores a run; nothing happens if it is not deleted.
    ///
    /// - Throws: `notFound`.
    package func restoreRun(_ id: String) async throws {
        try await setLifecycle(id, .active)
    }

    private func setLifecycle(_ id: String, _ lifecycle: Lifecycle) async throws {
        let deletedTime: SQLValue = lifecycle == .deleted ? .integer(clock.now.milliseconds) : .null
        try await database.write { [onRunDeleted] connection in
            let before = try connection.first("SELECT lifecycle_stage FROM runs WHERE run_id = ?", [.text(id)])
            let changed = try connection.execute(
                "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_id = ?",
                [.text(lifecycle.rawValue), deletedTime, .text(id)]
            )
            guard changed > 0 else { throw Self.noRun(id) }
            connection.note(
                Change(
                    object: "run:\(id)",
                    before: ["lifecycle_stage": .optional(before?.optionalText("lifecycle_stage"))],
                    after: ["lifecycle_stage": .string(lifecycle.rawValue)]
                )
            )
            if lifecycle == .deleted { try onRunDeleted(connection, id) }
        }
    }

    /// Where a run's artifacts lie in the store.
    ///
    /// - Throws: `notFound`; `failedPrecondition` if they are kept in an object store that clients reach themselves.
    package func artifactRoot(runID: String) async throws -> ArtifactPath {
        let row = try await database.read { connection in
            try connection.first("SELECT artifact_uri FROM runs WHERE run_id = ?", [.text(runID)])
        }
        guard let row else { throw Self.noRun(runID) }
        return try Self.storePath(try row.text("artifact_uri"))
    }

    /// The path in the store that an artifact URI names.
    static func storePath(_ uri: String) throws(MartletError) -> ArtifactPath {
        guard let path = ArtifactURI.path(of: uri) else {
            throw MartletError(
                .failedPrecondition,
                "The artifacts lie at '\(uri.prefix(200))', which this server does not serve; read them there."
            )
        }
        return path
    }

    /// Runs a change of an active run, found by its public id.
    func changeRun<Value: Sendable>(
        _ id: String,
        _ change: @escaping @Sendable (Connection, Int64) throws -> Value
    ) async throws -> Value {
        try await database.write { connection in
            let row = try connection.first(
                "SELECT run_number, lifecycle_stage FROM runs WHERE run_id = ?",
                [.text(id)]
            )
            guard let row else { throw Self.noRun(id) }
            guard try Self.lifecycle(row) == .active else {
                throw MartletError(
                    .invalidArgument,
                    "The run \(id) must be in the 'active' state. Current state is deleted."
                )
            }
            return try change(connection, try row.int("run_number"))
        }
    }
}
