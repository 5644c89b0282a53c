import Artifacts
import Core
import Registry
import Tracking

/// Files without an owner: what lies where runs, logged models and traces keep theirs, and belongs to none.
extension Collector {
    /// Removes the folders that nothing reaches and whose youngest file is old enough.
    func removeUnowned(
        _ limit: Timestamp,
        _ needed: FolderSet,
        except counted: Set<String>,
        _ report: inout CollectionReport
    ) async throws {
        var owned = needed
        for uri in try await tracking.artifactURIs() {
            if let path = ArtifactURI.path(of: uri) { owned.insert(path) }
        }
        let fileLimit = min(limit, clock.now - CollectionLimits.youngestFile)
        for entry in try await artifacts.list(.root) {
            guard entry.isDirectory, Self.isNumber(entry.path.name) else {
                if !owned.touches(entry.path) { report.leave(entry.path.description) }
                continue
            }
            for unit in try await units(of: entry.path) {
                guard !owned.touches(unit.path), !counted.contains(unit.path.name) else { continue }
                guard try await isOurs(unit) else {
                    report.leave(unit.path.description)
                    continue
                }
                try await removeUnowned(unit.path, fileLimit, &report)
            }
        }
    }

    private func removeUnowned(
        _ unit: ArtifactPath,
        _ limit: Timestamp,
        _ report: inout CollectionReport
    ) async throws {
        let files = try await artifacts.files(beneath: unit)
        // An empty folder costs nothing, and an upload may just have made it.
        guard !files.isEmpty else { return }
        for file in files {
            guard let modified = file.modified, modified <= limit else {
                report.young += 1
                return
            }
        }
        report.folders += 1
        try await remove(unit, &report)
    }

    /// What an experiment's folder holds for one run, logged model or trace each; traces that exist left out.
    private func units(of experiment: ArtifactPath) async throws -> [ArtifactEntry] {
        var units: [ArtifactEntry] = []
        for entry in try await artifacts.list(experiment) {
            switch entry.path.name {
            case "models" where entry.isDirectory:
                units += try await artifacts.list(entry.path)
            case "traces" where entry.isDirectory:
                let traces = try await artifacts.list(entry.path)
                let existing = try await neighbours.existingTraces(traces.map(\.path.name))
                units += traces.filter { !existing.contains($0.path.name) }
            default: units.append(entry)
            }
        }
        return units
    }

    /// Whether a folder looks like one of ours: all its files lie in `artifacts`.
    private func isOurs(_ unit: ArtifactEntry) async throws -> Bool {
        guard unit.isDirectory else { return false }
        let entries = try await artifacts.list(unit.path)
        return entries.count <= 1 && entries.allSatisfy { $0.isDirectory && $0.path.name == "artifacts" }
            && unit.path.name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    }

    private static func isNumber(_ name: String) -> Bool {
        Int64(name).map { $0 >= 0 && String($0) == name } ?? false
    }
}
