import Core
package import Registry
import Tracking

/// Logged and registered models in the file store.
extension FolderSource {
    /// The logged models of an experiment.
    package func loggedModels(of experiment: String) async throws -> [SourceItem<SourceLoggedModel>] {
        let parent = folder(of: experiment) + "/models"
        let entries = try await BlockingWork.run { try LocalFolder.entries(parent, shown: "models") }
        var items: [SourceItem<SourceLoggedModel>] = []
        for entry in entries {
            do {
                items.append(.found(try await loggedModel(parent + "/" + entry.name, experiment, entry)))
            } catch {
                items.append(.broken("logged model \(entry.name)", MartletError.wrapping(error)))
            }
        }
        return items
    }

    private func loggedModel(
        _ folder: String,
        _ experiment: String,
        _ entry: LocalFolder.Entry
    ) async throws -> SourceLoggedModel {
        if case .link = entry.kind { throw LocalFolder.link(shown(folder)) }
        let meta = try MetaFile.read(folder + "/meta.yaml", shown: shown(folder + "/meta.yaml"))
        let id = try meta.text("model_id")
        let (files, refused) = try LocalFolder.files(folder + "/metrics", shown: shown(folder + "/metrics"))
        if let link = refused.first { throw LocalFolder.link("\(shown(folder))/metrics/\(link)") }
        var metrics: [LoggedModelMetric] = []
        for file in files {
            let path = "\(folder)/metrics/\(file.path)"
            try await MetricFile.read(path, shown: shown(path), key: file.path, hasRun: true) { metrics += $0 }
        }
        let place = try place(
            folder,
            meta.optionalText("artifact_location") ?? "",
            tail: [experiment, "models", id, "artifacts"]
        )
        return SourceLoggedModel(
            model: ImportedLoggedModel(
                id: id,
                name: meta.optionalText("name") ?? "",
                creationTime: try meta.time("creation_timestamp"),
                lastUpdateTime: try meta.time("last_updated_timestamp"),
                status: meta.optionalInteger("status").flatMap(LoggedModel.Status.init(rawValue:)) ?? .pending,
                modelType: meta.optionalText("model_type") ?? "",
                sourceRunID: meta.optionalText("source_run_id"),
                lifecycle: meta.lifecycle("lifecycle_stage"),
                foreignArtifactURI: place.foreignURI,
                tags: try values(folder + "/tags").map { Tag(key: $0.key, value: $0.value) },
                params: try values(folder + "/params").map { Param(key: $0.key, value: $0.value) },
                metrics: metrics
            ),
            place: place
        )
    }

    /// The folders of `models/`, each a registered model with its versions.
    package func registeredModels() async throws -> [SourceItem<ImportedModel>] {
        let source = self
        return try await BlockingWork.run {
            try LocalFolder.entries(source.root + "/models", shown: "models").map { entry in
                SourceItem.reading("model \(entry.name)") {
                    if case .link = entry.kind { throw LocalFolder.link("models/\(entry.name)") }
                    return try source.model("\(source.root)/models/\(entry.name)")
                }
            }
        }
    }

    private func model(_ folder: String) throws -> ImportedModel {
        let meta = try MetaFile.read(folder + "/meta.yaml", shown: shown(folder + "/meta.yaml"))
        var versions: [ImportedVersion] = []
        for entry in try LocalFolder.entries(folder, shown: shown(folder)) where entry.name.hasPrefix("version-") {
            versions.append(try version(folder + "/" + entry.name))
        }
        var aliases: [ModelAlias] = []
        for (name, text) in try values(folder + "/aliases") {
            guard let version = Int(text.filter { !$0.isWhitespace }) else {
                throw MartletError(.dataLoss, "'\(shown(folder))/aliases/\(name)' is no version.")
            }
            aliases.append(ModelAlias(name: name, version: version))
        }
        let created = meta.optionalTime("creation_timestamp") ?? Timestamp(milliseconds: 0)
        return ImportedModel(
            name: try meta.text("name"),
            description: meta.optionalText("description"),
            creationTime: created,
            lastUpdateTime: meta.optionalTime("last_updated_timestamp") ?? created,
            tags: try values(folder + "/tags").map { ModelTag(key: $0.key, value: $0.value) },
            aliases: aliases,
            versions: versions.sorted { $0.version < $1.version }
        )
    }

    private func version(_ folder: String) throws -> ImportedVersion {
        let meta = try MetaFile.read(folder + "/meta.yaml", shown: shown(folder + "/meta.yaml"))
        let stage = meta.optionalText("current_stage") ?? "None"
        let created = meta.optionalTime("creation_timestamp") ?? Timestamp(milliseconds: 0)
        let source = meta.optionalText("source") ?? ""
        return ImportedVersion(
            version: Int(try meta.integer("version")),
            isDeleted: stage == SQLiteSource.deletedStage,
            creationTime: created,
            lastUpdateTime: meta.optionalTime("last_updated_timestamp") ?? created,
            description: meta.optionalText("description") ?? "",
            stage: ModelVersion.Stage(rawValue: stage) ?? .none,
            source: source,
            artifactURI: meta.optionalText("storage_location") ?? source,
            runID: meta.optionalText("run_id") ?? "",
            runLink: meta.optionalText("run_link") ?? "",
            tags: try values(folder + "/tags").map { ModelTag(key: $0.key, value: $0.value) }
        )
    }
}
