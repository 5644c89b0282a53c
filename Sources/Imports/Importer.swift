package import Core
package import Registry
package import Storage
package import Tracking

/// What is to be imported.
package struct ImportOptions: Sendable {
    /// Only the experiments with these names; none for all.
    package var experiments: [String] = []
    /// Whether files are copied.
    package var withArtifacts = true

    /// Everything.
    package init() {}
}

/// Where it goes.
package struct ImportDestination: Sendable {
    let tracking: TrackingStore
    let registry: RegistryStore
    let database: Database

    /// The stores of one data directory; `ImportProgress.migrations` must have run.
    package init(tracking: TrackingStore, registry: RegistryStore, database: Database) {
        self.tracking = tracking
        self.registry = registry
        self.database = database
    }
}

/// Copies a source into a destination, and compares the two in the end.
///
/// Every run, logged model and registered model becomes visible when it is complete, in the transaction that records it
/// as done. Files come before the rows that point to them. So an import that is killed goes on where it stopped, and one
/// that is run again adds only what is new.
package struct Importer: Sendable {
    let source: any ImportSource
    /// Nil for a dry run.
    let destination: ImportDestination?
    let progress: ImportProgress?
    let options: ImportOptions
    let clock: Clock
    let tally: ImportTally

    /// Makes an importer; without a destination everything is read and counted, and nothing is written.
    package init(
        source: any ImportSource,
        destination: ImportDestination?,
        options: ImportOptions = ImportOptions(),
        clock: Clock = .system,
        onProgress: @escaping @Sendable (ImportState) -> Void = { _ in }
    ) {
        self.source = source
        self.destination = destination
        self.options = options
        self.clock = clock
        progress = destination.map { ImportProgress(database: $0.database, source: source.identity) }
        tally = ImportTally(began: clock.now, onProgress: onProgress)
    }

    /// Imports everything that the options name.
    ///
    /// - Returns: the comparison of source and destination.
    /// - Throws: when the source or the destination is gone; what was imported until then stays and counts.
    package func run() async throws -> ImportReport {
        let facts = try await source.check()
        let experiments = try chosen(try await source.experiments())
        try await requireReachableFiles(experiments)
        for (index, experiment) in experiments.enumerated() {
            tally.begin(experiment: experiment.name, index: index + 1, of: experiments.count)
            let id = try await place(experiment)
            try await importLoggedModels(of: experiment, into: id)
            try await importRuns(of: experiment, into: id)
        }
        try await importModels()
        return try await report(facts)
    }

    private func chosen(_ items: [SourceItem<ImportedExperiment>]) throws(MartletError) -> [ImportedExperiment] {
        var experiments: [ImportedExperiment] = []
        var missing = Set(options.experiments)
        for item in items {
            switch item {
            case .found(let experiment):
                guard options.experiments.isEmpty || missing.remove(experiment.name) != nil else { continue }
                experiments.append(experiment)
            case .broken(let name, let error):
                guard options.experiments.isEmpty else { continue }
                tally.problem("\(name): \(error.message)")
            }
        }
        if let name = missing.min() {
            throw MartletError(.notFound, "There is no experiment '\(name)' in \(source.title).")
        }
        return experiments
    }

    /// Looks at the first runs of every experiment, so that a missing `--artifacts-root` is said before anything is
    /// written.
    private func requireReachableFiles(_ experiments: [ImportedExperiment]) async throws {
        guard options.withArtifacts else { return }
        for experiment in experiments {
            for item in try await source.runs(of: experiment.id, after: nil).items {
                if case .found(let run) = item, case .unreachable(let reason) = run.place {
                    throw MartletError(.failedPrecondition, reason)
                }
            }
        }
    }

    private func place(_ experiment: ImportedExperiment) async throws -> String {
        tally.add(.experiments)
        tally.add(.experimentTags, experiment.tags.count)
        guard let destination, let progress else { return experiment.id }
        let now = clock.now
        let id = try await destination.tracking.importExperiment(experiment) { connection, id in
            let record = ImportProgress.Record(destination: id)
            try progress.write(record, .experiment, experiment.id, now: now, in: connection)
        }
        tally.stored(experiment: id)
        return id
    }

    /// Whether an error ends the import: it would meet everything else, too.
    static func isFinal(_ error: any Error) -> Bool {
        guard let error = error as? MartletError else { return true }
        switch error.code {
        case .unavailable, .cancelled, .internal: return true
        default: return error.code.rawValue == "storageFull"
        }
    }

    private func report(_ facts: SourceFacts) async throws -> ImportReport {
        let counts = tally.state.counts
        let stored = try await storedCounts()
        let problems = tally.problems
        return ImportReport(
            lines: ImportNoun.allCases.map { noun in
                ImportReport.Line(noun: noun, source: counts[noun] ?? 0, stored: stored.map { $0[noun] ?? 0 })
            },
            problems: problems.texts,
            problemCount: problems.count,
            unchangedRuns: tally.state.unchangedRuns,
            traces: facts.traces,
            duration: clock.now - tally.state.began
        )
    }
}
