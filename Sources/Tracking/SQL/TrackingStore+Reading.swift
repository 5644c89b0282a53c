import Core
import Storage

/// How rows become runs.
extension TrackingStore {
    /// Reads runs from their rows and adds what was logged to them.
    static func runs(_ connection: Connection, _ rows: [Row]) throws -> [Run] {
        let numbers = try rows.map { try $0.int("run_number") }
        let metrics = try latestMetrics(connection, numbers)
        let params = try grouped(connection, "run_params", "run_number", numbers, order: "param_key") { row in
            Param(key: try row.text("param_key"), value: try row.text("param_value"))
        }
        let tags = try grouped(connection, "run_tags", "run_number", numbers, order: "tag_key") { row in
            Tag(key: try row.text("tag_key"), value: try row.text("tag_value"))
        }
        let datasets = try datasetInputs(connection, numbers)
        let modelInputs = try grouped(connection, "run_model_inputs", "run_number", numbers, order: "model_id") { row in
            try row.text("model_id")
        }
        let outputs = try grouped(connection, "run_model_outputs", "run_number", numbers, order: "position") { row in
            ModelOutput(modelID: try row.text("model_id"), step: try row.int("step"))
        }
        return try zip(rows, numbers).map { row, number in
            Run(
                info: try info(row),
                metrics: metrics[number] ?? [],
                params: params[number] ?? [],
                tags: tags[number] ?? [],
                datasets: datasets[number] ?? [],
                modelInputs: modelInputs[number] ?? [],
                modelOutputs: outputs[number] ?? []
            )
        }
    }

    private static func info(_ row: Row) throws(MartletError) -> RunInfo {
        guard let status = RunStatus(rawValue: try row.text("status")) else {
            throw MartletError(.dataLoss, "A run has an unknown status.")
        }
        return RunInfo(
            id: try row.text("run_id"),
            experimentID: String(try row.int("experiment_id")),
            name: try row.text("run_name"),
            userID: try row.text("user_id"),
            status: status,
            startTime: try row.timestamp("start_time"),
            endTime: row.optionalTimestamp("end_time"),
            artifactURI: try row.text("artifact_uri"),
            lifecycle: try lifecycle(row)
        )
    }

    private static func latestMetrics(_ connection: Connection, _ numbers: [Int64]) throws -> [Int64: [Metric]] {
        try grouped(
            connection,
            "latest_metrics JOIN metric_keys ON metric_keys.key_number = latest_metrics.key_number",
            "run_number",
            numbers,
            order: "metric_key"
        ) { row in
            try metric(row, key: try row.text("metric_key"))
        }
    }

    private static func datasetInputs(_ connection: Connection, _ numbers: [Int64]) throws -> [Int64: [DatasetInput]] {
        struct Use: Hashable {
            let run: Int64
            let dataset: Int64
        }
        let tagRows = try grouped(connection, "run_dataset_tags", "run_number", numbers, order: "tag_key") { row in
            (
                Use(run: try row.int("run_number"), dataset: try row.int("dataset_number")),
                Tag(key: try row.text("tag_key"), value: try row.text("tag_value"))
            )
        }
        let tags = Dictionary(grouping: tagRows.values.joined(), by: \.0).mapValues { $0.map(\.1) }
        return try grouped(
            connection,
            "run_datasets JOIN input_datasets ON input_datasets.dataset_number = run_datasets.dataset_number",
            "run_number",
            numbers,
            order: "position"
        ) { row in
            let use = Use(run: try row.int("run_number"), dataset: try row.int("dataset_number"))
            return DatasetInput(
                name: try row.text("name"),
                digest: try row.text("digest"),
                sourceType: try row.text("source_type"),
                source: try row.text("source"),
                schema: row.optionalText("dataset_schema"),
                profile: row.optionalText("profile"),
                tags: tags[use] ?? []
            )
        }
    }
}
