import Artifacts
import Core
import Tracking

/// Reads one run for its page.
struct RunLoader: Sendable {
    let sources: ConsoleSources

    func page(_ id: String, _ query: ConsoleQuery) async throws -> RunPage {
        let now = sources.clock.now
        let run = try await sources.tracking.run(id)
        let experiment = try await sources.tracking.experiment(run.info.experimentID)
        let folder = query["path"] ?? ""
        return RunPage(
            row: ExperimentLoader.row(run, now: now),
            experiment: (experiment.id, experiment.name),
            lede: Self.lede(run, now: now),
            parameters: run.params.map { ($0.key, $0.value) },
            metrics: run.metrics.map { ($0.key, $0.value, $0.step) },
            charts: try await charts(run),
            tags: run.tags.filter { !$0.key.hasPrefix("mlflow.log-model") }.map { ($0.key, $0.value) },
            folder: folder,
            artifacts: try await artifacts(run, folder),
            pictures: try await pictures(run, in: folder),
            children: try await children(run, now: now)
        )
    }

    private static func lede(_ run: Run, now: Timestamp) -> [Markup] {
        var lede: [Markup] = [.joined([.text("started"), .time(TimeText(run.info.startTime, now: now))])]
        if let end = run.info.endTime { lede.append(.text("took \(TimeText.took(end - run.info.startTime))")) }
        if !run.info.userID.isEmpty { lede.append(.text("by \(run.info.userID)")) }
        if let parent = run.tag("mlflow.parentRunId") {
            lede.append(.joined([.text("child of"), .link(String(parent.prefix(8)), ConsolePath.of("runs", parent))]))
        }
        lede.append(.code(run.info.id))
        return lede
    }

    /// A chart for each metric that was logged at more than one step, bounded.
    private func charts(_ run: Run) async throws -> [LineChart] {
        var charts: [LineChart] = []
        let stepped = run.metrics.filter { $0.step > 0 }.prefix(ConsoleLimits.chartsPerRun)
        for metric in stepped {
            let history = try await sources.tracking.sampledHistory(
                runIDs: [run.info.id],
                key: metric.key,
                limit: ConsoleLimits.curvePoints
            )
            let points = (history.first?.metrics ?? []).map { (x: Double($0.step), y: $0.value) }
            guard points.count > 1 else { continue }
            let curve = LineChart.Curve(metric.key, points, color: charts.count % 6 + 1)
            charts.append(LineChart(label: metric.key, curves: [curve], axis: .step))
        }
        return charts
    }

    private func artifacts(_ run: Run, _ folder: String) async throws -> [RunPage.Artifact] {
        guard let root = try? await sources.tracking.artifactRoot(runID: run.info.id) else { return [] }
        let path = folder.isEmpty ? root : try root.appending(folder)
        let entries: [ArtifactEntry]
        do {
            entries = try await sources.tracking.artifacts.list(path)
        } catch let error as MartletError where error.code == .notFound && folder.isEmpty {
            return []
        }
        let page = ConsolePath.of("runs", run.info.id)
        return entries.prefix(ConsoleLimits.listRows).map { entry in
            let relative = entry.path.relative(to: root) ?? entry.path.name
            var file = RunPage.Artifact(path: relative, isDirectory: entry.isDirectory, size: entry.size, href: "")
            if entry.isDirectory {
                file.href = ConsolePath.query(page, [("path", relative)])
            } else {
                file.href = ConsolePath.query("/get-artifact", [("run_id", run.info.id), ("path", relative)])
            }
            return file
        }
    }

    /// The pictures beneath a folder of a run's artifacts, at any depth.
    func pictures(_ run: Run, in folder: String = "") async throws -> [RunPage.Artifact] {
        guard let root = try? await sources.tracking.artifactRoot(runID: run.info.id) else { return [] }
        let entries: [ArtifactEntry]
        do {
            entries = try await sources.tracking.artifacts.files(
                beneath: folder.isEmpty ? root : root.appending(folder)
            )
        } catch let error as MartletError where error.code == .notFound || error.code == .resourceExhausted {
            return []
        }
        let page = ConsolePath.of("runs", run.info.id, "picture")
        let pictures = entries.compactMap { entry -> RunPage.Artifact? in
            guard let relative = entry.path.relative(to: root), RunPictures.mediaType(of: relative) != nil else {
                return nil
            }
            let href = ConsolePath.query(page, [("path", relative)])
            return RunPage.Artifact(path: relative, isDirectory: false, size: entry.size, href: href)
        }
        return Array(pictures.prefix(ConsoleLimits.picturesPerRun))
    }

    private func children(_ run: Run, now: Timestamp) async throws -> [RunRow] {
        let found = try await sources.tracking.searchRuns(
            experimentIDs: [run.info.experimentID],
            filter: "tags.mlflow.parentRunId = '\(run.info.id)'",
            limit: ConsoleLimits.runsPerPage
        )
        return found.runs.map { ExperimentLoader.row($0, now: now) }
    }
}
