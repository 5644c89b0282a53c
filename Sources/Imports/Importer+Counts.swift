import Artifacts
import Core
import Registry
import Tracking

/// What is stored of what was imported, counted in the destination and not from memory.
extension Importer {
    /// Nil for a dry run.
    func storedCounts() async throws -> [ImportNoun: Int]? {
        guard let destination else { return nil }
        let tracking = destination.tracking
        var counts: [ImportNoun: Int] = [:]
        for id in tally.experiments {
            _ = try await tracking.experiment(id)
            counts[.experiments, default: 0] += 1
            counts[.experimentTags, default: 0] += try await tracking.tagCount(ofExperiment: id)
        }
        let runs = try await tracking.counts(ofRuns: tally.runs.map(\.id))
        counts[.runs] = runs.runs
        counts[.params] = runs.params
        counts[.tags] = runs.tags
        counts[.metrics] = runs.metrics
        counts[.points] = runs.points
        counts[.datasets] = runs.datasets
        counts[.modelLinks] = runs.models
        let logged = try await tracking.counts(ofLoggedModels: tally.loggedModels.map(\.id))
        counts[.loggedModels] = logged.models
        counts[.loggedModelPoints] = logged.points
        for model in tally.models {
            let found = try await destination.registry.counts(
                of: model.name,
                versions: model.versions,
                aliases: model.aliases
            )
            counts[.models, default: 0] += found.exists ? 1 : 0
            counts[.versions, default: 0] += found.versions
            counts[.aliases, default: 0] += found.aliases
        }
        try await countFiles(destination, &counts)
        return counts
    }

    private func countFiles(_ destination: ImportDestination, _ counts: inout [ImportNoun: Int]) async throws {
        var roots: [ArtifactPath] = []
        for run in tally.runs where run.files > 0 {
            roots.append(try await destination.tracking.artifactRoot(runID: run.id))
        }
        for model in tally.loggedModels where model.files > 0 {
            let found = try await destination.tracking.loggedModel(model.id, includingDeleted: true)
            if let path = ArtifactURI.path(of: found.artifactURI) { roots.append(path) }
        }
        for root in roots {
            let files = try await destination.tracking.artifacts.files(beneath: root)
            counts[.files, default: 0] += files.count
            counts[.bytes, default: 0] += Int(files.reduce(Int64(0)) { $0 &+ ($1.size ?? 0) })
        }
    }
}
