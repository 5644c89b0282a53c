package import Core
import Imports
import Storage

/// `martlet import mlflow`: opens the data directory as a server would, and moves in.
package struct MLflowImport: Sendable {
    /// Where it comes from: a server's address, a database or a folder.
    package var from = ""
    /// Where its artifacts are, if not where it says.
    package var artifactsRoot: String?
    /// Only the experiments with these names; none for all.
    package var experiments: [String] = []
    /// Whether everything is only read and counted.
    package var isDryRun = false
    /// Whether files are copied.
    package var withArtifacts = true
    /// What the source's server wants in the header `Authorization`.
    package var authorization: String?

    /// An import of everything.
    package init() {}

    /// Imports into the data directory that the settings name.
    ///
    /// - Throws: `failedPrecondition` when a server has the directory, and what keeps the import from going on.
    package func run(
        settings: ServerSettings,
        clock: Clock = .system,
        onProgress: @escaping @Sendable (ImportProgressLine) -> Void
    ) async throws -> ImportOutcome {
        let source = try ImportAddress.open(
            from,
            artifactsRoot: artifactsRoot,
            authorization: authorization,
            clock: clock
        )
        do {
            let outcome = try await run(source, settings, clock, onProgress)
            await source.close()
            return outcome
        } catch {
            await source.close()
            throw error
        }
    }

    private func run(
        _ source: any ImportSource,
        _ settings: ServerSettings,
        _ clock: Clock,
        _ onProgress: @escaping @Sendable (ImportProgressLine) -> Void
    ) async throws -> ImportOutcome {
        var options = ImportOptions()
        options.experiments = experiments
        options.withArtifacts = withArtifacts
        guard !isDryRun else {
            let importer = Importer(source: source, destination: nil, options: options, clock: clock) { state in
                onProgress(ImportProgressLine(state, now: clock.now))
            }
            return ImportOutcome(try await importer.run(), title: source.title)
        }
        // A source that is none must not leave an empty data directory behind.
        _ = try await source.check()
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        try directory.endDemo()
        let stores = try await Stores.open(
            settings: settings,
            clock: clock,
            onAliasChange: { _ in },
            onRegistryEvent: {}
        )
        let importer = Importer(
            source: source,
            destination: ImportDestination(
                tracking: stores.tracking,
                registry: stores.registry,
                database: stores.database
            ),
            options: options,
            clock: clock
        ) { state in onProgress(ImportProgressLine(state, now: clock.now)) }
        let report: ImportReport
        do {
            report = try await importer.run()
        } catch {
            try await stores.database.close()
            throw error
        }
        try await stores.database.close()
        return ImportOutcome(report, title: source.title)
    }
}

/// How far an import is, in words.
package struct ImportProgressLine: Sendable {
    /// When it was so.
    package let now: Timestamp
    /// One line for people.
    package let text: String

    init(_ state: ImportState, now: Timestamp) {
        self.now = now
        let seconds = max(0.001, (now - state.began).inSeconds)
        let runs = state.counts[.runs] ?? 0
        let points = state.counts[.points] ?? 0
        let rate = Int(Double(state.writtenPoints) / seconds)
        var text = "experiment \(state.experimentIndex)/\(state.experimentCount) '\(state.experiment)': \(runs) runs"
        text += ", \(points) points (\(rate) points/s), \(state.counts[.files] ?? 0) files"
        text += ", \(state.writtenBytes / 1_000_000) MB"
        self.text = text
    }
}

/// What came of an import.
package struct ImportOutcome: Sendable {
    /// One line of the comparison.
    package struct Line: Sendable {
        /// What is counted.
        package let noun: String
        /// How many the source has.
        package let source: Int
        /// How many of them are stored; nil for a dry run.
        package let stored: Int?
    }

    /// The source, for people.
    package let title: String
    /// The comparison of source and destination.
    package let lines: [Line]
    /// What could not be imported, and why.
    package let problems: [String]
    /// How many problems there were; more than `problems` has when there were very many.
    package let problemCount: Int
    /// Runs that were there already and had not changed.
    package let unchangedRuns: Int
    /// Traces at the source, which are not imported.
    package let traces: Int?
    /// How long it took.
    package let duration: Duration
    /// Whether everything of the source is stored.
    package let isComplete: Bool

    init(_ report: ImportReport, title: String) {
        self.title = title
        lines = report.lines.map { Line(noun: $0.noun.rawValue, source: $0.source, stored: $0.stored) }
        problems = report.problems
        problemCount = report.problemCount
        unchangedRuns = report.unchangedRuns
        traces = report.traces
        duration = report.duration
        isComplete = report.isComplete
    }

    /// The outcome for programs.
    package var json: JSONValue {
        var counts = JSONObject()
        for line in lines {
            var pair: JSONObject = ["source": .int(line.source)]
            pair["stored"] = line.stored.map { .int($0) }
            counts[line.noun.replacing(" ", with: "_")] = .object(pair)
        }
        return [
            "source": .string(title), "complete": .bool(isComplete), "counts": .object(counts),
            "problems": .array(problems.map(JSONValue.string)), "problem_count": .int(problemCount),
            "unchanged_runs": .int(unchangedRuns), "traces_not_imported": traces.map { .int($0) } ?? .null,
            "duration_ms": .integer(duration.wholeMilliseconds),
        ]
    }
}
