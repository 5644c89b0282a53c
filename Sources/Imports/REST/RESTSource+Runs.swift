import Core
package import Tracking

/// Runs and the histories of their metrics over REST.
extension RESTSource {
    /// A page of an experiment's runs.
    package func runs(of experiment: String, after token: String?) async throws -> SourcePage<SourceRun> {
        let answer = SourceFields(
            try await client.post(
                "\(prefix)/runs/search",
                Self.body(
                    [
                        "experiment_ids": [.string(experiment)], "run_view_type": "ALL",
                        "max_results": .int(ImportsLimits.pageItems), "order_by": ["attributes.start_time ASC"],
                    ],
                    token
                )
            )
        )
        let items = answer.array("runs").map { run in
            let info = run.fields("info")
            let id = info.optionalText("run_id") ?? info.optionalText("run_uuid") ?? "without an id"
            return SourceItem.reading("run \(id)") { try Self.run(run) }
        }
        let next = answer.optionalText("next_page_token").flatMap { $0.isEmpty || $0 == token ? nil : $0 }
        return SourcePage(items: items, next: next)
    }

    /// The list leaves out the logged models that a run read.
    package func completed(_ run: SourceRun) async throws -> SourceRun {
        let answer = try await client.get("\(prefix)/runs/get", [("run_id", run.run.id)])
        var complete = try Self.run(SourceFields(answer["run"]))
        complete.fingerprint = run.fingerprint
        return complete
    }

    private static func run(_ run: SourceFields) throws -> SourceRun {
        let info = run.fields("info")
        let data = run.fields("data")
        guard let id = info.optionalText("run_id") ?? info.optionalText("run_uuid") else {
            throw MartletError(.dataLoss, "A run has no id.")
        }
        guard let status = RunStatus(rawValue: info.optionalText("status") ?? "RUNNING") else {
            throw MartletError(.dataLoss, "The run has the unknown status '\(info.optionalText("status") ?? "")'.")
        }
        let tags = try data.tags("tags")
        let metrics = data.array("metrics")
        let uri = info.optionalText("artifact_uri") ?? ""
        let isForeign = ArtifactLocator.foreignSchemes.contains { uri.hasPrefix($0 + "://") }
        let name = info.optionalText("run_name").flatMap { $0.isEmpty ? nil : $0 }
        let outputs = try run.fields("outputs").array("model_outputs").map { output in
            ModelOutput(modelID: try output.text("model_id"), step: output.optionalInteger("step") ?? 0)
        }
        let imported = ImportedRun(
            id: id,
            name: name ?? tags.first { $0.key == "mlflow.runName" }?.value ?? "",
            userID: info.optionalText("user_id") ?? "",
            status: status,
            startTime: info.optionalTime("start_time") ?? Timestamp(milliseconds: 0),
            endTime: info.optionalTime("end_time"),
            lifecycle: info.lifecycle("lifecycle_stage"),
            foreignArtifactURI: isForeign ? uri : nil,
            params: try data.params("params"),
            tags: tags,
            datasets: try run.fields("inputs").array("dataset_inputs").map { try dataset($0) },
            modelInputs: try run.fields("inputs").array("model_inputs").map { try $0.text("model_id") },
            modelOutputs: outputs
        )
        return SourceRun(
            run: imported,
            metricKeys: try metrics.map { try $0.text("key") }.sorted(),
            fingerprint: Fingerprint.of(imported, metrics: metrics.map { $0.value.description }),
            place: isForeign ? .elsewhere(uri) : .run(id)
        )
    }

    private static func dataset(_ input: SourceFields) throws -> DatasetInput {
        let dataset = input.fields("dataset")
        return DatasetInput(
            name: try dataset.text("name"),
            digest: try dataset.text("digest"),
            sourceType: dataset.optionalText("source_type") ?? "",
            source: dataset.optionalText("source") ?? "",
            schema: dataset.optionalText("schema"),
            profile: dataset.optionalText("profile"),
            tags: try input.tags("tags")
        )
    }

    /// The points of every metric of a run, page by page.
    package func points(of run: SourceRun, _ take: (_ batch: [Metric]) async throws -> Void) async throws {
        for key in run.metricKeys {
            var token: String?
            repeat {
                let answer = SourceFields(
                    try await client.get(
                        "\(prefix)/metrics/get-history",
                        [
                            ("run_id", run.run.id), ("metric_key", key), ("max_results", "\(ImportsLimits.pagePoints)"),
                            ("page_token", token),
                        ]
                    )
                )
                let batch = try answer.array("metrics").map { point in
                    Metric(
                        key: key,
                        value: try point.number("value"),
                        timestamp: try point.time("timestamp"),
                        step: point.optionalInteger("step") ?? 0
                    )
                }
                if !batch.isEmpty { try await take(batch) }
                let next = answer.optionalText("next_page_token").flatMap { $0.isEmpty ? nil : $0 }
                token = next == token ? nil : next
            } while token != nil
        }
    }
}
