import Storage

/// How much is stored: what an import compares with its source.
extension TrackingStore {
    /// What belongs to runs, counted.
    package struct RunCounts: Sendable, Equatable {
        /// Runs.
        package var runs = 0
        /// Params.
        package var params = 0
        /// Tags.
        package var tags = 0
        /// Metrics, each once.
        package var metrics = 0
        /// Points of metrics.
        package var points = 0
        /// Uses of datasets.
        package var datasets = 0
        /// Logged models read and made.
        package var models = 0

        /// Nothing.
        package init() {}
    }

    /// Counts what belongs to some runs.
    package func counts(ofRuns ids: [String]) async throws -> RunCounts {
        var counts = RunCounts()
        var rest = ids[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(TrackingLimits.keysPerStatement))
            rest = rest.dropFirst(chunk.count)
            let part = try await readFolded { try Self.counts($0, chunk) }
            counts.runs += part.runs
            counts.params += part.params
            counts.tags += part.tags
            counts.metrics += part.metrics
            counts.points += part.points
            counts.datasets += part.datasets
            counts.models += part.models
        }
        return counts
    }

    private static func counts(_ connection: Connection, _ ids: [String]) throws -> RunCounts {
        let chosen = SQLFragment.isIn("run_id", ids.map(SQLValue.text))
        func count(_ table: String) throws -> Int {
            let condition =
                table == "runs" ? chosen.sql : "run_number IN (SELECT run_number FROM runs WHERE \(chosen.sql))"
            let row = try connection.first(
                "SELECT COUNT(*) AS n FROM \(table) WHERE \(condition)",
                chosen.arguments
            )
            return Int(try row?.int("n") ?? 0)
        }
        var counts = RunCounts()
        counts.runs = try count("runs")
        counts.params = try count("run_params")
        counts.tags = try count("run_tags")
        counts.metrics = try count("latest_metrics")
        counts.points = try count("metrics")
        counts.datasets = try count("run_datasets")
        counts.models = try count("run_model_inputs") + count("run_model_outputs")
        return counts
    }

    /// How many of some logged models there are, and how many points of their metrics.
    package func counts(ofLoggedModels ids: [String]) async throws -> (models: Int, points: Int) {
        var (models, points) = (0, 0)
        var rest = ids[...]
        while !rest.isEmpty {
            let chunk = SQLFragment.isIn(
                "model_id",
                rest.prefix(TrackingLimits.keysPerStatement).map(SQLValue.text)
            )
            rest = rest.dropFirst(TrackingLimits.keysPerStatement)
            let part = try await database.read { connection -> (Int, Int) in
                func count(_ table: String) throws -> Int {
                    let row = try connection.first(
                        "SELECT COUNT(*) AS n FROM \(table) WHERE \(chunk.sql)",
                        chunk.arguments
                    )
                    return Int(try row?.int("n") ?? 0)
                }
                return (try count("logged_models"), try count("logged_model_metrics"))
            }
            models += part.0
            points += part.1
        }
        return (models, points)
    }

    /// How many tags an experiment has.
    package func tagCount(ofExperiment id: String) async throws -> Int {
        let number = try TrackingRules.experimentNumber(id)
        return try await database.read { connection in
            let row = try connection.first(
                "SELECT COUNT(*) AS n FROM experiment_tags WHERE experiment_id = ?",
                [.integer(number)]
            )
            return Int(try row?.int("n") ?? 0)
        }
    }
}
