import Artifacts
import Core
import Registry
import Tracking

/// Runs: files first, then histories, then the row that makes them visible.
extension Importer {
    func importRuns(of experiment: ImportedExperiment, into id: String) async throws {
        let folder = try await folder(of: id)
        var token: String?
        repeat {
            let page = try await source.runs(of: experiment.id, after: token)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, item) in page.items.enumerated() {
                    if index >= ImportsLimits.runsAtOnce { try await group.next() }
                    group.addTask { try await importRun(item, into: id, folder) }
                }
                try await group.waitForAll()
            }
            token = page.next
        } while token != nil
    }

    /// Where the files of an experiment go.
    private func folder(of experiment: String) async throws -> ArtifactPath {
        guard let destination else { return .root }
        let location = try await destination.tracking.experiment(experiment).artifactLocation
        guard let path = ArtifactURI.path(of: location) else {
            throw MartletError(
                .failedPrecondition,
                "Experiment \(experiment) keeps its artifacts at '\(location.prefix(200))', where an import cannot "
                    + "write: rename it, so that the imported one gets its own place."
            )
        }
        return path
    }

    private func importRun(
        _ item: SourceItem<SourceRun>,
        into experiment: String,
        _ folder: ArtifactPath
    ) async throws {
        tally.add(.runs)
        guard case .found(let run) = item else {
            if case .broken(let name, let error) = item { tally.problem("\(name): \(error.message)") }
            return
        }
        do {
            if let record = try await progress?.record(.run, run.run.id), record.fingerprint == run.fingerprint {
                count(try normalised(run), record)
                tally.stored(run: run.run.id, files: record.files, isUnchanged: true)
                return
            }
            try await importRun(run, into: experiment, folder)
        } catch {
            guard !Self.isFinal(error) else { throw error }
            tally.problem("run \(run.run.id): \(MartletError.wrapping(error).message)")
        }
    }

    private func importRun(_ listed: SourceRun, into experiment: String, _ folder: ArtifactPath) async throws {
        let run = try normalised(try await source.completed(listed))
        let id = run.run.id
        let root = destination == nil ? folder : try folder.appending("\(id)/artifacts")
        let isNew = try await destination?.tracking.exists(run: id) == false
        do {
            let (files, bytes) = try await copyFiles(run.place, to: root, of: "run \(id)")
            let points = try await write(run, into: experiment, files: files, bytes: bytes)
            let record = ImportProgress.Record(points: points, files: files, bytes: bytes)
            count(run, record)
            tally.stored(run: id, files: files, isUnchanged: false)
        } catch {
            // Half a run that nobody had seen yet is not left behind, unless the import is to go on with it.
            if isNew, !Self.isFinal(error), let destination {
                try await destination.tracking.abandonImport(run: id)
                try await destination.tracking.artifacts.delete(folder.appending(id))
            }
            throw error
        }
    }

    /// Writes a run with its histories and returns how many points they have.
    private func write(
        _ run: SourceRun,
        into experiment: String,
        files: Int,
        bytes: Int64
    ) async throws -> Int {
        var (pending, points, hasBegun): ([Metric], Int, Bool) = ([], 0, false)
        try await source.points(of: run) { batch in
            points += batch.count
            guard let destination else { return }
            pending += batch
            while pending.count > ImportsLimits.pointsPerWrite {
                let part = Array(pending.prefix(ImportsLimits.pointsPerWrite))
                pending.removeFirst(part.count)
                if hasBegun {
                    try await destination.tracking.importMetrics(runID: run.run.id, part)
                } else {
                    try await destination.tracking.importRun(
                        run.run,
                        experimentID: experiment,
                        metrics: part,
                        isComplete: false
                    )
                    hasBegun = true
                }
                tally.wrote(points: part.count)
            }
        }
        guard let destination, let progress else { return points }
        let record = ImportProgress.Record(
            destination: experiment,
            fingerprint: run.fingerprint,
            points: points,
            files: files,
            bytes: bytes
        )
        let now = clock.now
        try await destination.tracking.importRun(
            run.run,
            experimentID: experiment,
            metrics: pending,
            isComplete: true
        ) { connection in
            try progress.write(record, .run, run.run.id, now: now, in: connection)
        }
        tally.wrote(points: pending.count)
        return points
    }

    /// The run as it is stored: its name is also a tag, every key once.
    private func normalised(_ run: SourceRun) throws(MartletError) -> SourceRun {
        var run = run
        guard run.run.id.count <= TrackingLimits.runIDCharacters, (try? ArtifactPath(validating: run.run.id)) != nil,
            !run.run.id.contains("/"), !run.run.id.isEmpty
        else { throw MartletError(.invalidArgument, "'\(run.run.id.prefix(80))' is no id of a run.") }
        if !run.run.name.isEmpty, !run.run.tags.contains(where: { $0.key == "mlflow.runName" }) {
            run.run.tags.append(Tag(key: "mlflow.runName", value: run.run.name))
        }
        return run
    }

    private func count(_ run: SourceRun, _ record: ImportProgress.Record) {
        tally.add(.params, run.run.params.count)
        tally.add(.tags, run.run.tags.count)
        tally.add(.metrics, run.metricKeys.count)
        tally.add(.datasets, run.run.datasets.count)
        tally.add(.modelLinks, run.run.modelInputs.count + run.run.modelOutputs.count)
        tally.add(.points, record.points)
        tally.add(.files, record.files)
        tally.add(.bytes, Int(record.bytes))
    }

    /// Copies the files of a run or logged model; what cannot be taken is a problem of its own.
    func copyFiles(_ place: SourcePlace, to root: ArtifactPath, of owner: String) async throws -> (Int, Int64) {
        guard options.withArtifacts else { return (0, 0) }
        let (files, refused) = try await source.files.list(place)
        for name in refused {
            tally.problem("\(owner): the artifact '\(name)' is a link or device, which is not followed.")
        }
        var (count, bytes): (Int, Int64) = (0, 0)
        for file in files {
            guard let destination else {
                count += 1
                bytes += file.size ?? 0
                continue
            }
            do {
                let path = try root.appending(file.path)
                let digest = try await source.files.copy(
                    file,
                    of: place,
                    to: destination.tracking.artifacts,
                    at: path
                )
                tally.wrote(bytes: digest.size)
                count += 1
                bytes += digest.size
            } catch let error as MartletError where error.code == .invalidArgument {
                tally.problem("\(owner): the artifact '\(file.path)' cannot be stored: \(error.message)")
            }
        }
        return (count, bytes)
    }
}
