package import Artifacts
package import Core
package import Registry
package import Tracking

/// Removes for good what was deleted long ago, and the files that nothing needs any more.
///
/// Rows go first, with a mark for every folder of theirs, then the files, then the marks: whatever a crash leaves
/// behind, the next collection finishes. Files without an owner are found by reachability, in the layout that Martlet
/// itself writes and nowhere else.
package struct Collector: Sendable {
    /// A version of a registered model.
    package struct Version: Hashable, Sendable {
        /// The registered model.
        package let model: String
        /// Its number.
        package let number: Int

        /// Names a version.
        package init(model: String, number: Int) {
            self.model = model
            self.number = number
        }
    }

    /// What the rest of the house says about what it needs.
    package struct Neighbours: Sendable {
        /// The versions that deployments serve, roll out or may go back to.
        let versionsInUse: @Sendable () async throws -> Set<Version>
        /// Which of some traces there are.
        let existingTraces: @Sendable ([String]) async throws -> Set<String>
        /// Removes the traces of experiments that are gone.
        let purgeTraces: @Sendable (_ experiments: [String]) async throws -> Void

        /// Makes the neighbours from their answers.
        package init(
            versionsInUse: @escaping @Sendable () async throws -> Set<Version>,
            existingTraces: @escaping @Sendable ([String]) async throws -> Set<String>,
            purgeTraces: @escaping @Sendable (_ experiments: [String]) async throws -> Void
        ) {
            self.versionsInUse = versionsInUse
            self.existingTraces = existingTraces
            self.purgeTraces = purgeTraces
        }
    }

    let tracking: TrackingStore
    let registry: RegistryStore
    let artifacts: any ArtifactStore
    let neighbours: Neighbours
    let clock: Clock

    /// Makes a collector over the stores.
    package init(
        tracking: TrackingStore,
        registry: RegistryStore,
        artifacts: any ArtifactStore,
        neighbours: Neighbours,
        clock: Clock
    ) {
        self.tracking = tracking
        self.registry = registry
        self.artifacts = artifacts
        self.neighbours = neighbours
        self.clock = clock
    }

    /// Collects what was deleted `age` ago or earlier, or only tells what would be done.
    package func collect(olderThan age: Duration, isDryRun: Bool) async throws -> CollectionReport {
        var report = CollectionReport()
        report.isDryRun = isDryRun
        let limit = clock.now - age
        if !isDryRun { try await tracking.stampDeletions() }
        let inUse = try await neighbours.versionsInUse()
        let isInUse: @Sendable (String, Int) -> Bool = { inUse.contains(Version(model: $0, number: $1)) }
        let needs = try await registry.needs(until: limit, isInUse: isInUse)
        let needed = FolderSet(needs.map(\.folder))

        try await finishRemovals(needed, &report)
        let things = try await tracking.deleted(until: limit)
        let held = things.filter { thing in thing.folder.map { needed.touches($0) } ?? false }
        note(held, needs, &report)
        let removed: [TrackingStore.Deleted]
        if isDryRun {
            removed = Self.removable(things, needed)
        } else {
            removed = try await tracking.purge(things, until: limit) { connection in
                let folders = FolderSet(
                    try RegistryStore.needs(connection, until: limit, isInUse: isInUse).map(\.folder)
                )
                return { folders.touches($0) }
            }
        }
        try await removeFiles(of: removed, &report)
        report.versions = try await registry.purgeVersions(until: limit, isInUse: isInUse, isDryRun: isDryRun)
        let gone = Set(removed.filter { $0.kind != .experiment }.map(\.id))
        try await removeUnowned(limit, needed, except: isDryRun ? gone : [], &report)
        return report
    }

    /// What a dry run would remove: experiments only if nothing of theirs stays.
    private static func removable(_ things: [TrackingStore.Deleted], _ needed: FolderSet) -> [TrackingStore.Deleted] {
        var held: Set<String> = []
        return things.filter { thing in
            let isNeeded = thing.folder.map { needed.touches($0) } ?? false
            if isNeeded { held.insert(thing.experimentID) }
            return thing.kind == .experiment ? !held.contains(thing.id) : !isNeeded
        }
    }

    private func note(
        _ things: [TrackingStore.Deleted],
        _ needs: [RegistryStore.Need],
        _ report: inout CollectionReport
    ) {
        for need in needs {
            let folder = FolderSet([need.folder])
            for thing in things {
                guard let own = thing.folder, folder.touches(own) else { continue }
                let noun = thing.kind == .run ? "run" : "logged model"
                report.keep("\(noun) \(thing.id): version \(need.version) of model '\(need.model)' needs its files")
            }
        }
    }

    /// Removes the files of what an interrupted collection had marked.
    private func finishRemovals(_ needed: FolderSet, _ report: inout CollectionReport) async throws {
        for folder in try await tracking.artifactRemovals() where !needed.touches(folder) {
            try await remove(folder, &report)
            if !report.isDryRun { try await tracking.removed(folder) }
        }
    }

    private func removeFiles(of things: [TrackingStore.Deleted], _ report: inout CollectionReport) async throws {
        for thing in things {
            switch thing.kind {
            case .experiment: report.experiments += 1
            case .run: report.runs += 1
            case .loggedModel: report.loggedModels += 1
            }
            guard let folder = thing.folder else { continue }
            try await remove(folder, &report)
            if !report.isDryRun { try await tracking.removed(folder) }
        }
        let experiments = things.filter { $0.kind == .experiment }.map(\.id)
        if !report.isDryRun, !experiments.isEmpty { try await neighbours.purgeTraces(experiments) }
    }

    /// Counts the files of a folder and deletes it.
    func remove(_ folder: ArtifactPath, _ report: inout CollectionReport) async throws {
        let files = try await artifacts.files(beneath: folder)
        report.files += files.count
        report.bytes += files.reduce(0) { $0 &+ ($1.size ?? 0) }
        guard !report.isDryRun else { return }
        try await artifacts.delete(folder)
    }
}
