import Foundation
import Tracking

/// The store as `mlruns`.
enum FolderFixture {
    static func make(_ path: String) throws {
        let root = path + "/mlruns/"
        let fixture = SourceFixture.self
        try text(root + "0/meta.yaml", experiment("0", "Default", "active"))
        try text(root + "7/meta.yaml", experiment("7", "first", "active"))
        try text(root + "7/tags/team", "red")
        try text(root + ".trash/9/meta.yaml", experiment("9", "gone", "deleted"))
        let run = root + "7/\(fixture.run)/"
        try text(run + "meta.yaml", meta(fixture.run, "7", "whole", status: 3, "active", path))
        for param in fixture.params { try text(run + "params/" + param.key, param.value) }
        for tag in fixture.tags { try text(run + "tags/" + tag.key, tag.value) }
        for key in Set(fixture.points.map(\.key)) {
            let lines = fixture.points.filter { $0.key == key }.map { point in
                "\(fixture.start + point.step) \(point.value.isNaN ? "nan" : "\(point.value)") \(point.step)\n"
            }
            // MLflow itself writes some points twice.
            try text(run + "metrics/" + key, lines.joined() + (lines.first ?? ""))
        }
        for (name, content) in fixture.artifacts { try text(run + "artifacts/" + name, content) }
        try text(
            run + "inputs/abcd/meta.yaml",
            "destination_id: x\ndestination_type: RUN\nsource_id: ds\nsource_type: DATASET\n"
                + "tags:\n  mlflow.data.context: training\n"
        )
        try text(
            root + "7/datasets/ds/meta.yaml",
            "digest: abc\nname: d1\nprofile: null\nschema: '{}'\nsource: '{\"uri\": \"x\"}'\nsource_type: local\n"
        )
        try text(
            run + "outputs/\(fixture.model)/meta.yaml",
            "destination_id: \(fixture.model)\ndestination_type: MODEL_OUTPUT\nsource_id: x\n"
                + "source_type: RUN_OUTPUT\nstep: 2\ntags: {}\n"
        )
        try text(
            root + "7/\(fixture.deletedRun)/meta.yaml",
            meta(fixture.deletedRun, "7", "thrown away", status: 4, "deleted", path)
        )
        try text(
            root + ".trash/9/\(fixture.goneRun)/meta.yaml",
            meta(fixture.goneRun, "9", "left", status: 1, "deleted", path)
        )
        try models(root, path)
    }

    private static func models(_ root: String, _ path: String) throws {
        let fixture = SourceFixture.self
        let model = root + "7/models/\(fixture.model)/"
        try text(
            model + "meta.yaml",
            """
            artifact_location: file://\(path)/mlruns/7/models/\(fixture.model)/artifacts
            creation_timestamp: \(fixture.start)
            experiment_id: '7'
            last_updated_timestamp: \(fixture.start)
            model_id: \(fixture.model)
            model_type: null
            name: net
            source_run_id: \(fixture.run)
            status: 2

            """
        )
        try text(model + "params/a", "1")
        try text(model + "tags/k", "v")
        try text(model + "metrics/judged", "\(fixture.start) 0.5 3 \(fixture.run) d1 abc\n")
        try text(model + "artifacts/MLmodel", "flavors: {}\n")
        let reg = root + "models/reg/"
        try text(
            reg + "meta.yaml",
            "creation_timestamp: 10\ndescription: words\nlast_updated_timestamp: 11\nname: reg\n"
        )
        try text(reg + "tags/k", "v")
        try text(reg + "aliases/prod", "3")
        for (number, stage, source) in [
            (1, "None", "models:/\(fixture.model)"), (2, "Deleted_Internal", "x"),
            (3, "Staging", "runs:/\(fixture.run)/notes"),
        ] {
            try text(
                reg + "version-\(number)/meta.yaml",
                """
                creation_timestamp: \(20 + number)
                current_stage: \(stage)
                description: null
                last_updated_timestamp: 30
                name: reg
                run_id: \(fixture.run)
                source: \(source)
                storage_location: \(source)
                version: \(number)

                """
            )
        }
        try text(reg + "version-3/tags/vk", "vv")
        let prompt = root + "models/greeting/"
        try text(
            prompt + "meta.yaml",
            "creation_timestamp: 10\ndescription: null\nlast_updated_timestamp: 11\nname: greeting\n"
        )
        try text(prompt + "tags/mlflow.prompt.is_prompt", "true")
        try text(
            prompt + "version-1/meta.yaml",
            "creation_timestamp: 21\ncurrent_stage: None\nlast_updated_timestamp: 30\nname: greeting\nrun_id: null\n"
                + "source: dummy-source\nstorage_location: dummy-source\nversion: 1\n"
        )
        try text(prompt + "version-1/tags/mlflow.prompt.text", "Hello")
        try text(prompt + "version-1/tags/mlflow.prompt.is_prompt", "true")
    }

    static func experiment(_ id: String, _ name: String, _ stage: String) -> String {
        "artifact_location: file:///elsewhere/\(id)\ncreation_time: 5\nexperiment_id: '\(id)'\nlast_update_time: 6\n"
            + "lifecycle_stage: \(stage)\nname: \(name)\n"
    }

    static func meta(
        _ run: String,
        _ experiment: String,
        _ name: String,
        status: Int,
        _ stage: String,
        _ path: String
    ) -> String {
        """
        artifact_uri: file://\(path)/mlruns/\(experiment)/\(run)/artifacts
        end_time: \(status == 1 ? "null" : "\(SourceFixture.start + 9)")
        experiment_id: '\(experiment)'
        lifecycle_stage: \(stage)
        run_id: \(run)
        run_name: \(name)
        start_time: \(SourceFixture.start)
        status: \(status)
        tags: []
        user_id: ann

        """
    }

    private static func text(_ path: String, _ text: String) throws {
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
