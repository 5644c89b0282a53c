import Artifacts
import Core
import Registry
import Serving
import Tracking

/// Reads registered models and their versions for the pages.
struct ModelLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> ModelsPage {
        let now = sources.clock.now
        let deployments = await sources.deployments.statuses()
        let rows = try await sources.registry.models().prefix(ConsoleLimits.listRows).map { model in
            ModelsPage.Row(
                name: model.name,
                description: model.description ?? "",
                latest: model.latestVersions.map(\.version).max(),
                aliases: model.aliases.map { ($0.name, $0.version) },
                servedBy: deployments.filter { $0.spec.model == model.name }.map(\.spec.name),
                updated: TimeText(model.lastUpdateTime, now: now)
            )
        }
        return ModelsPage(rows: Array(rows))
    }

    func page(_ name: String) async throws -> ModelPage {
        let now = sources.clock.now
        let model = try await sources.registry.model(name)
        let deployments = await sources.deployments.statuses().filter { $0.spec.model == name }
        var rows: [ModelPage.Row] = []
        for version in try await sources.registry.versions(of: name).prefix(ConsoleLimits.modelVersions) {
            let run = try await run(of: version)
            let card = try await ModelCard.read(version, from: sources.tracking.artifacts)
            rows.append(
                ModelPage.Row(
                    version: version.version,
                    aliases: version.aliases,
                    metrics: Self.metrics(version, card, run),
                    run: run.map { ($0.info.id, $0.info.name) },
                    serves: Self.serves(version.version, deployments),
                    description: version.description,
                    created: TimeText(version.creationTime, now: now)
                )
            )
        }
        let served = deployments.map { Markup.link($0.spec.name, ConsolePath.of("deployments", $0.spec.name)) }
        return ModelPage(
            name: name,
            description: model.description ?? "",
            lede: [
                served.isEmpty ? .text("not served") : .joined([.text("served by"), .joined(served, separator: ", ")]),
                .joined([.text("updated"), .time(TimeText(model.lastUpdateTime, now: now))]),
            ],
            rows: rows,
            tags: model.tags.map { ($0.key, $0.value) }
        )
    }

    func version(_ name: String, _ number: String, _ query: ConsoleQuery) async throws -> ModelVersionPage {
        guard let number = Int(number), number > 0 else {
            throw MartletError(
                .notFound,
                "'\(number.prefix(40))' is not a version of '\(name)'; versions are numbered from 1."
            )
        }
        let now = sources.clock.now
        let version = try await sources.registry.version(name, number)
        let deployments = await sources.deployments.statuses().filter { $0.spec.model == name }
        let run = try await run(of: version)
        let card = try await ModelCard.read(version, from: sources.tracking.artifacts)
        var lede: [Markup] = [.joined([.text("registered"), .time(TimeText(version.creationTime, now: now))])]
        if let flavor = card.flavor { lede.append(.text(flavor)) }
        let supply = try await sources.registry.supply(of: name, number)
        if !supply.pickles.isEmpty { lede.append(.text("carries a pickle: runs in a worker only")) }
        let valid = supply.signatures.count { $0.fault == nil }
        if valid > 0 { lede.append(.text(valid == 1 ? "signed" : "signed by \(valid) keys")) }
        if !version.description.isEmpty { lede.append(.text(version.description)) }
        return ModelVersionPage(
            model: name,
            version: number,
            aliases: version.aliases,
            lede: lede,
            lineage: Self.lineage(version, run, Self.serves(number, deployments)),
            metrics: Self.metrics(version, card, run).sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            inputs: (card.signature?.inputs ?? []).map(Self.field),
            outputs: (card.signature?.outputs ?? []).map(Self.field),
            files: try await files(version),
            pictures: try await pictures(run),
            tags: version.tags.filter { !Self.isShownElsewhere($0.key) }.map { ($0.key, $0.value) }
        )
    }

    /// The run that made a version; nil when it is unknown or was deleted.
    private func run(of version: ModelVersion) async throws -> Run? {
        guard !version.runID.isEmpty else { return nil }
        do {
            return try await sources.tracking.run(version.runID)
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
    }

    private func pictures(_ run: Run?) async throws -> [RunPage.Artifact] {
        guard let run else { return [] }
        return try await RunLoader(sources: sources).pictures(run)
    }

    /// What the tags that carry the metrics of a version's evaluation begin with.
    private static let metricTag = "metrics."

    /// Whether a tag is among the metrics or the lineage already.
    private static func isShownElsewhere(_ tag: String) -> Bool {
        tag.hasPrefix(metricTag) || ["martlet.task", "martlet.loop", "martlet.pipeline"].contains(tag)
    }

    /// The metrics of its evaluation: as registered, else of its own files, else of its run.
    private static func metrics(_ version: ModelVersion, _ card: ModelCard, _ run: Run?) -> [String: Double] {
        var registered: [String: Double] = [:]
        for tag in version.tags where tag.key.hasPrefix(metricTag) {
            registered[String(tag.key.dropFirst(metricTag.count))] = Double(tag.value)
        }
        guard registered.isEmpty else { return registered }
        guard card.metrics.isEmpty else { return card.metrics }
        return Dictionary((run?.metrics ?? []).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    private static func serves(
        _ version: Int,
        _ deployments: [DeploymentStatus]
    ) -> [(deployment: String, share: String)] {
        deployments.compactMap { status in
            guard let served = status.versions.first(where: { $0.version == version }), served.percent > 0 else {
                return nil
            }
            return (status.spec.name, "\(served.percent)%")
        }
    }

    private static func lineage(
        _ version: ModelVersion,
        _ run: Run?,
        _ serves: [(deployment: String, share: String)]
    ) -> [(label: String, value: Markup)] {
        var lineage: [(label: String, value: Markup)] = []
        if let run { lineage.append(("Run", .link(run.info.name, ConsolePath.of("runs", run.info.id)))) }
        if let task = version.tag("martlet.task")?.split(separator: "/"), task.count == 2,
            Identifier.isValid(String(task[0]))
        {
            let href = ConsolePath.of("pipeline-runs", String(task[0]))
            lineage.append(("Pipeline run", .link("\(task[0].prefix(8)), task \(task[1])", href)))
        }
        if let loop = version.tag("martlet.loop")?.prefix(32), Identifier.isValid(String(loop)) {
            lineage.append(("Loop", .link(String(loop.prefix(8)), ConsolePath.of("loops", String(loop)))))
        }
        let places = serves.map { place in
            Markup.joined([
                .link(place.deployment, ConsolePath.of("deployments", place.deployment)), .quiet(place.share),
            ])
        }
        lineage.append(("Serves in", places.isEmpty ? .quiet("nothing") : .joined(places, separator: ", ")))
        lineage.append(("Source", .code(version.source)))
        return lineage
    }

    private static func field(_ field: ModelSignature.Field) -> (name: String, type: String, required: Bool) {
        (field.name, field.type.rawValue, field.isRequired)
    }

    private func files(_ version: ModelVersion) async throws -> [RunPage.Artifact] {
        guard let root = try? version.artifactPath else { return [] }
        let entries: [ArtifactEntry]
        do {
            entries = try await sources.tracking.artifacts.list(root)
        } catch let error as MartletError where error.code == .notFound {
            return []
        }
        return entries.prefix(ConsoleLimits.listRows).map { entry in
            let path = entry.path.components.map(ConsolePath.encoded).joined(separator: "/")
            return RunPage.Artifact(
                path: entry.path.name,
                isDirectory: entry.isDirectory,
                size: entry.size,
                href: "/api/2.0/mlflow-artifacts/artifacts/\(path)"
            )
        }
    }
}
