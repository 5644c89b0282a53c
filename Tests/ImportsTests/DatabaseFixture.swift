import Foundation
import Storage
import Tracking

/// The store as a database with the tables of MLflow 3, as far as an import reads them.
enum DatabaseFixture {
    static let tables = [
        "CREATE TABLE alembic_version (version_num TEXT)",
        """
        CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT,
            lifecycle_stage TEXT, creation_time BIGINT, last_update_time BIGINT, workspace TEXT)
        """,
        "CREATE TABLE experiment_tags (key TEXT, value TEXT, experiment_id INTEGER)",
        """
        CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT, start_time BIGINT,
            end_time BIGINT, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER, deleted_time BIGINT)
        """,
        "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT)",
        "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT)",
        """
        CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN,
            PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan))
        """,
        "CREATE TABLE latest_metrics (key TEXT, value FLOAT, timestamp BIGINT, step BIGINT, is_nan BOOLEAN, run_uuid TEXT)",
        """
        CREATE TABLE datasets (dataset_uuid TEXT, experiment_id INTEGER, name TEXT, digest TEXT,
            dataset_source_type TEXT, dataset_source TEXT, dataset_schema TEXT, dataset_profile TEXT)
        """,
        """
        CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, destination_type TEXT,
            destination_id TEXT, step BIGINT)
        """,
        "CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT)",
        """
        CREATE TABLE logged_models (model_id TEXT, experiment_id INTEGER, name TEXT, artifact_location TEXT,
            creation_timestamp_ms BIGINT, last_updated_timestamp_ms BIGINT, status INTEGER, lifecycle_stage TEXT,
            model_type TEXT, source_run_id TEXT)
        """,
        "CREATE TABLE logged_model_params (model_id TEXT, param_key TEXT, param_value TEXT)",
        "CREATE TABLE logged_model_tags (model_id TEXT, tag_key TEXT, tag_value TEXT)",
        """
        CREATE TABLE logged_model_metrics (model_id TEXT, metric_name TEXT, metric_timestamp_ms BIGINT,
            metric_step BIGINT, metric_value FLOAT, run_id TEXT, dataset_name TEXT, dataset_digest TEXT)
        """,
        "CREATE TABLE registered_models (name TEXT, creation_time BIGINT, last_updated_time BIGINT, description TEXT)",
        "CREATE TABLE registered_model_tags (key TEXT, value TEXT, name TEXT)",
        "CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT)",
        """
        CREATE TABLE model_versions (name TEXT, version INTEGER, creation_time BIGINT, last_updated_time BIGINT,
            description TEXT, current_stage TEXT, source TEXT, run_id TEXT, run_link TEXT, storage_location TEXT)
        """,
        "CREATE TABLE model_version_tags (key TEXT, value TEXT, name TEXT, version INTEGER)",
    ]

    static func make(_ path: String) async throws {
        let fixture = SourceFixture.self
        let database = try Database.open(path: path + "/mlflow.db")
        try await database.write { connection in
            for table in tables { try connection.execute(table) }
            func insert(_ table: String, _ values: [SQLValue]) throws {
                let places = SQLFragment.placeholders(values.count)
                try connection.execute("INSERT INTO \(table) VALUES (\(places))", values)
            }
            try insert("alembic_version", ["dc11669786a5"])
            try insert("experiments", [0, "Default", "x", "active", 5, 6, "default"])
            try insert("experiments", [7, "first", "x", "active", 5, 6, "default"])
            try insert("experiments", [9, "gone", "x", "deleted", 5, 6, "default"])
            try insert("experiment_tags", ["team", "red", 7])
            for (id, name, status, stage, experiment) in [
                (fixture.run, "whole", "FINISHED", "active", 7),
                (fixture.deletedRun, "thrown away", "FAILED", "deleted", 7),
                (fixture.goneRun, "left", "RUNNING", "deleted", 9),
            ] {
                let uri = "\(path)/mlruns/\(experiment)/\(id)/artifacts"
                let end: SQLValue = status == "RUNNING" ? .null : .integer(fixture.start + 9)
                try insert(
                    "runs",
                    [
                        .text(id), .text(name), "ann", .text(status), .integer(fixture.start), end, .text(stage),
                        .text(uri), .int(experiment), .null,
                    ]
                )
            }
            let run = SQLValue.text(fixture.run)
            for param in fixture.params { try insert("params", [.text(param.key), .text(param.value), run]) }
            for tag in fixture.tags { try insert("tags", [.text(tag.key), .text(tag.value), run]) }
            for point in fixture.points {
                let value = SQLValue.real(point.value.isNaN ? 0 : point.value)
                let isNaN = SQLValue.bool(point.value.isNaN)
                let (time, step) = (SQLValue.integer(fixture.start + point.step), SQLValue.integer(point.step))
                try insert("metrics", [.text(point.key), value, time, run, step, isNaN])
            }
            try insert("latest_metrics", ["loss", 0.25, .integer(fixture.start + 2), 2, 0, run])
            try insert("latest_metrics", ["odd/value of it", 1.5, .integer(fixture.start + 1), 1, 0, run])
            try insert("datasets", ["ds", 7, "d1", "abc", "local", #"{"uri": "x"}"#, "{}", .null])
            try insert("inputs", ["in", "DATASET", "ds", "RUN", run, 0])
            try insert("input_tags", ["in", "mlflow.data.context", "training"])
            try insert("inputs", ["out", "RUN_OUTPUT", run, "MODEL_OUTPUT", .text(fixture.model), 2])
            try models(connection, path, insert)
        }
        try await database.close()
        for (name, content) in fixture.artifacts {
            try file("\(path)/mlruns/7/\(fixture.run)/artifacts/\(name)", content)
        }
        try file("\(path)/mlruns/7/models/\(fixture.model)/artifacts/MLmodel", "flavors: {}\n")
    }

    private static func models(
        _ connection: Connection,
        _ path: String,
        _ insert: (String, [SQLValue]) throws -> Void
    ) throws {
        let fixture = SourceFixture.self
        let (model, run, time) = (
            SQLValue.text(fixture.model), SQLValue.text(fixture.run), SQLValue.integer(fixture.start)
        )
        let place = SQLValue.text("\(path)/mlruns/7/models/\(fixture.model)/artifacts")
        try insert("logged_models", [model, 7, "net", place, time, time, 2, "active", .null, run])
        try insert("logged_model_params", [model, "a", "1"])
        try insert("logged_model_tags", [model, "k", "v"])
        try insert("logged_model_metrics", [model, "judged", time, 3, 0.5, run, "d1", "abc"])
        try insert("registered_models", ["reg", 10, 11, "words"])
        try insert("registered_models", ["greeting", 10, 11, .null])
        try insert("registered_model_tags", ["k", "v", "reg"])
        try insert("registered_model_tags", ["mlflow.prompt.is_prompt", "true", "greeting"])
        try insert("registered_model_aliases", ["prod", 3, "reg"])
        let versions: [(Int, String, String)] = [
            (1, "None", "models:/\(fixture.model)"), (2, "Deleted_Internal", "REDACTED-SOURCE-PATH"),
            (3, "Staging", "runs:/\(fixture.run)/notes"),
        ]
        for (number, stage, source) in versions {
            let created = SQLValue.int(20 + number)
            try insert(
                "model_versions",
                ["reg", .int(number), created, 30, .null, .text(stage), .text(source), run, .null, .text(source)]
            )
        }
        try insert("model_version_tags", ["vk", "vv", "reg", 3])
        try insert(
            "model_versions",
            ["greeting", 1, 21, 30, .null, "None", "dummy-source", .null, .null, "dummy-source"]
        )
        try insert("model_version_tags", ["mlflow.prompt.text", "Hello", "greeting", 1])
        try insert("model_version_tags", ["mlflow.prompt.is_prompt", "true", "greeting", 1])
    }

    private static func file(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}
