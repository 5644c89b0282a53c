import Core
package import Tracking

/// Runs and the histories of their metrics in the file store.
extension FolderSource {
    private static let otherFolders: Set<String> = ["tags", "datasets", "models", "traces"]

    /// A page of an experiment's runs.
    package func runs(of experiment: String, after token: String?) async throws -> SourcePage<SourceRun> {
        let source = self
        return try await BlockingWork.run {
            let folder = source.folder(of: experiment)
            let entries = try LocalFolder.entries(folder, shown: experiment).filter { entry in
                switch entry.kind {
                case .folder, .link: !Self.otherFolders.contains(entry.name) && entry.name > token ?? ""
                case .file, .other: false
                }
            }
            let page = entries.prefix(ImportsLimits.pageItems)
            let items = page.map { entry in
                SourceItem.reading("run \(experiment)/\(entry.name)") {
                    try source.run(folder + "/" + entry.name, experiment, entry)
                }
            }
            return SourcePage(items: items, next: entries.count > page.count ? page.last?.name : nil)
        }
    }

    private func run(_ folder: String, _ experiment: String, _ entry: LocalFolder.Entry) throws -> SourceRun {
        if case .link = entry.kind { throw LocalFolder.link(shown(folder)) }
        let meta = try MetaFile.read(folder + "/meta.yaml", shown: shown(folder + "/meta.yaml"))
        let id = try (meta.optionalText("run_id") ?? meta.text("run_uuid"))
        guard id == entry.name else {
            throw MartletError(.dataLoss, "'\(shown(folder))/meta.yaml' names another run_id than its folder.")
        }
        let tags = try values(folder + "/tags").map { Tag(key: $0.key, value: $0.value) }
        let metrics = try metricFiles(folder + "/metrics")
        let place = try place(folder, meta.optionalText("artifact_uri") ?? "", tail: [experiment, id, "artifacts"])
        let (datasets, inputs) = try self.inputs(folder, experiment)
        let name = (meta.optionalText("run_name") ?? meta.optionalText("name")).flatMap { $0.isEmpty ? nil : $0 }
        let run = ImportedRun(
            id: id,
            name: name ?? tags.first { $0.key == "mlflow.runName" }?.value ?? "",
            userID: meta.optionalText("user_id") ?? "",
            status: try Self.status(meta),
            startTime: meta.optionalTime("start_time") ?? Timestamp(milliseconds: 0),
            endTime: meta.optionalTime("end_time"),
            lifecycle: meta.lifecycle("lifecycle_stage"),
            deletedTime: meta.optionalTime("deleted_time"),
            foreignArtifactURI: place.foreignURI,
            params: try values(folder + "/params").map { Param(key: $0.key, value: $0.value) },
            tags: tags,
            datasets: datasets,
            modelInputs: inputs,
            modelOutputs: try outputs(folder)
        )
        return SourceRun(
            run: run,
            metricKeys: metrics.map(\.key),
            fingerprint: Fingerprint.of(run, metrics: metrics.map { "\($0.key)|\($0.state)" }),
            place: place,
            folder: folder
        )
    }

    private static func status(_ meta: SourceFields) throws(MartletError) -> RunStatus {
        let statuses: [String: RunStatus] = [
            "1": .running, "2": .scheduled, "3": .finished, "4": .failed, "5": .killed,
        ]
        let text = meta.optionalText("status") ?? "1"
        guard let status = statuses[text] ?? RunStatus(rawValue: text) else {
            throw MartletError(.dataLoss, "The run has the unknown status '\(text)'.")
        }
        return status
    }

    /// The files of metrics, with what changes when one grows.
    private func metricFiles(_ folder: String) throws(MartletError) -> [(key: String, state: String)] {
        let (files, refused) = try LocalFolder.files(folder, shown: shown(folder))
        if let link = refused.first { throw LocalFolder.link("\(shown(folder))/\(link)") }
        return files.map { file in
            guard case .file(let size, let modified) = LocalFolder.kind("\(folder)/\(file.path)") else {
                return (file.path, "")
            }
            return (file.path, "\(size)|\(modified)")
        }
    }

    /// Where the artifacts of a run or logged model are: beside its `meta.yaml` unless that says otherwise.
    ///
    /// - Throws: `invalidArgument` for a link.
    func place(_ folder: String, _ uri: String, tail: [String]) throws(MartletError) -> SourcePlace {
        let beside = folder + "/artifacts"
        let end = tail.suffix(2).joined(separator: "/")
        let isBeside = uri.isEmpty || ArtifactLocator.localPath(uri)?.hasSuffix(end) == true
        if isBeside {
            switch LocalFolder.kind(beside) {
            case .folder: return .folder(beside)
            case .link: throw LocalFolder.link(shown(beside))
            case .file, .other: break
            }
        }
        return locator.place(uri, tail: tail)
    }

    private func inputs(_ folder: String, _ experiment: String) throws -> (datasets: [DatasetInput], models: [String]) {
        var (datasets, models): ([DatasetInput], [String]) = ([], [])
        for entry in try LocalFolder.entries(folder + "/inputs", shown: shown(folder + "/inputs")) {
            let path = "\(folder)/inputs/\(entry.name)/meta.yaml"
            let meta = try MetaFile.read(path, shown: shown(path))
            guard meta.optionalText("source_type") == "DATASET" else {
                models.append(try meta.text("destination_id"))
                continue
            }
            let id = try meta.text("source_id")
            guard !id.contains("/"), id != ".." else {
                throw MartletError(.dataLoss, "'\(shown(path))' names a dataset outside its folder.")
            }
            let place = "\(self.folder(of: experiment))/datasets/\(id)/meta.yaml"
            let dataset = try MetaFile.read(place, shown: shown(place))
            let tags = (meta.value["tags"]?.objectValue?.pairs ?? []).map { pair in
                Tag(key: pair.key, value: pair.value.stringValue ?? "")
            }
            datasets.append(
                DatasetInput(
                    name: try dataset.text("name"),
                    digest: try dataset.text("digest"),
                    sourceType: dataset.optionalText("source_type") ?? "",
                    source: dataset.optionalText("source") ?? "",
                    schema: dataset.optionalText("schema"),
                    profile: dataset.optionalText("profile"),
                    tags: tags
                )
            )
        }
        return (datasets, models)
    }

    private func outputs(_ folder: String) throws -> [ModelOutput] {
        try LocalFolder.entries(folder + "/outputs", shown: shown(folder + "/outputs")).map { entry in
            let path = "\(folder)/outputs/\(entry.name)/meta.yaml"
            let meta = try MetaFile.read(path, shown: shown(path))
            return ModelOutput(
                modelID: try meta.text("destination_id"),
                step: meta.optionalInteger("step") ?? 0
            )
        }
    }

    /// The points of every metric of a run, in the order of their files.
    package func points(of run: SourceRun, _ take: (_ batch: [Metric]) async throws -> Void) async throws {
        for key in run.metricKeys {
            let path = "\(run.folder)/metrics/\(key)"
            try await MetricFile.read(path, shown: shown(path), key: key) { batch in
                try await take(batch.map(\.metric))
            }
        }
    }
}
