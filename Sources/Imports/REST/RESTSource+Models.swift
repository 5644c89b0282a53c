import Core
package import Registry
import Tracking

/// Registered models and their versions over REST.
extension RESTSource {
    private static let promptFilter = "tags.`mlflow.prompt.is_prompt` = 'true'"

    /// The registered models with their versions, page by page.
    package func registeredModels() async throws -> [SourceItem<ImportedModel>] {
        var items: [SourceItem<ImportedModel>] = []
        var seen: Set<String> = []
        for filter in [nil, Self.promptFilter] {
            for model in try await models(filter) {
                let name = model.optionalText("name") ?? ""
                guard seen.insert(name).inserted else { continue }
                do {
                    items.append(.found(try await self.model(model, isPrompt: filter != nil)))
                } catch let error as MartletError where error.code != .unavailable {
                    items.append(.broken("model \(name)", error))
                }
            }
        }
        return items
    }

    private func models(_ filter: String?) async throws -> [SourceFields] {
        do {
            return try await all("registered_models") { token in
                try await client.get(
                    "\(prefix)/registered-models/search",
                    [("filter", filter), ("max_results", "100"), ("page_token", token)]
                )
            }
        } catch let error as MartletError where filter != nil && error.code == .invalidArgument {
            // A server that knows no prompts may not know the filter either.
            return []
        }
    }

    private func model(_ model: SourceFields, isPrompt: Bool) async throws -> ImportedModel {
        let name = try model.text("name")
        // Lists leave out what single answers have.
        let whole = SourceFields(
            try await client.get("\(prefix)/registered-models/get", [("name", name)])["registered_model"]
        )
        let created = whole.optionalTime("creation_timestamp") ?? Timestamp(milliseconds: 0)
        var versions: [ImportedVersion] = []
        for version in try await self.versions(of: name, isPrompt: isPrompt) {
            versions.append(try await self.version(version, of: name, isPrompt: isPrompt))
        }
        return ImportedModel(
            name: name,
            description: whole.optionalText("description"),
            creationTime: created,
            lastUpdateTime: whole.optionalTime("last_updated_timestamp") ?? created,
            tags: try whole.tags("tags").map { ModelTag(key: $0.key, value: $0.value) },
            aliases: try whole.array("aliases").map { alias in
                ModelAlias(name: try alias.text("alias"), version: Int(try alias.integer("version")))
            },
            versions: versions.sorted { $0.version < $1.version }
        )
    }

    private func versions(of name: String, isPrompt: Bool) async throws -> [SourceFields] {
        let quoted = name.contains("'") ? "\"\(name)\"" : "'\(name)'"
        let filter = "name = \(quoted)" + (isPrompt ? " AND \(Self.promptFilter)" : "")
        return try await all("model_versions") { token in
            try await client.get(
                "\(prefix)/model-versions/search",
                [("filter", filter), ("max_results", "\(ImportsLimits.pageItems)"), ("page_token", token)]
            )
        }
    }

    private func version(_ version: SourceFields, of name: String, isPrompt: Bool) async throws -> ImportedVersion {
        let number = Int(try version.integer("version"))
        let source = version.optionalText("source") ?? ""
        var uri = source
        if !isPrompt {
            do {
                let answer = try await client.get(
                    "\(prefix)/model-versions/get-download-uri",
                    [("name", name), ("version", "\(number)")]
                )
                uri = answer["artifact_uri"]?.stringValue ?? source
            } catch let error as MartletError where error.code == .notFound {
                // The version was deleted meanwhile: what it was made from is all that is known.
            }
        }
        let created = version.optionalTime("creation_timestamp") ?? Timestamp(milliseconds: 0)
        return ImportedVersion(
            version: number,
            creationTime: created,
            lastUpdateTime: version.optionalTime("last_updated_timestamp") ?? created,
            description: version.optionalText("description") ?? "",
            stage: ModelVersion.Stage(rawValue: version.optionalText("current_stage") ?? "None") ?? .none,
            source: source,
            artifactURI: uri,
            runID: version.optionalText("run_id") ?? "",
            runLink: version.optionalText("run_link") ?? "",
            tags: try version.tags("tags").map { ModelTag(key: $0.key, value: $0.value) }
        )
    }
}
