package import Core
import Logging
import Synchronization

extension MonitorService {
    /// Compares a deployment from now on with the rows of a model version (its `reference.csv`).
    ///
    /// The same version with the same rows, as after a restart, changes nothing. Another one empties the windows and leads
    /// the monitors to `collecting`; drift that was announced is then ended by clean evaluations. Monitors that compare
    /// with a dataset go on with it.
    ///
    /// - Throws: `failedPrecondition` for fewer than two rows, `invalidArgument` when no detector of a monitor can work
    ///   with these columns, and what the database throws.
    package func setReference(
        deployment: String,
        version: String,
        table: Table,
        predictions: Table? = nil
    ) async throws {
        try await setReference(
            deployment: deployment,
            MonitorReference(version: version, table: table, predictions: predictions)
        )
    }

    /// The same with a reference that was made before.
    package func setReference(deployment: String, _ reference: MonitorReference) async throws {
        try await exclusively {
            // A thousand deployments that nobody watches must not keep a thousand samples.
            let isWatched = entries.values.contains { $0.stored.spec.deployment == deployment }
            references[deployment] = isWatched || currentReference == nil ? reference : nil
            var failure: (any Error)?
            for name in entries.keys.sorted() {
                guard let entry = entries[name], entry.stored.spec.deployment == deployment,
                    entry.stored.spec.reference == .version
                else { continue }
                do {
                    try await adopt(reference, by: entry)
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
        }
    }

    func adopt(_ reference: MonitorReference, by entry: Entry) async throws {
        var entry = entry
        let now = clock.now
        entry.prepared = try await PreparedMonitor.prepare(entry.stored.spec, reference: reference)
        let isSame =
            entry.stored.referenceVersion == reference.version
            && entry.stored.referenceFingerprint == reference.fingerprint
        if !isSame {
            let isFirst = entry.stored.referenceVersion == nil
            var stored = entry.stored
            stored.referenceVersion = reference.version
            stored.referenceFingerprint = reference.fingerprint
            stored.referenceAt = now
            let action = isFirst ? nil : stored.machine.handle(.referenceChanged, now: now).first
            let change = try await store.save(stored, transition: action, now: now)
            entry.stored = stored
            if change != nil { announced() }
            // Rows served before the first reference were served under it all the same; those before another were not.
            if !isFirst { entry.cell.window.withLock { $0.removeAll() } }
        }
        align(entry.cell, with: reference)
        entries[entry.stored.spec.name] = entry
        show(entry, transition: false)
    }

    /// What a monitor is compared with; nil while there is nothing.
    func reference(for spec: MonitorSpec) async throws -> MonitorReference? {
        switch spec.reference {
        case .version:
            if references[spec.deployment] == nil, let current = try await currentReference?(spec.deployment) {
                references[spec.deployment] = current
            }
            return references[spec.deployment]
        case .dataset(let name, let version):
            guard let datasetRows else {
                throw MartletError(
                    .failedPrecondition,
                    "This server has no datasets; compare with the model's version."
                )
            }
            let label = "dataset:\(name)" + (version.map { "@\($0)" } ?? "")
            return try MonitorReference(version: label, table: try await datasetRows(name, version))
        }
    }

    /// Asks again for the dataset of a monitor that has no reference, as after a restart.
    func findReference(of name: String) async {
        guard let entry = entries[name], entry.prepared == nil, entry.stored.spec.reference != .version else { return }
        do {
            guard let reference = try await reference(for: entry.stored.spec) else { return }
            try await adopt(reference, by: entry)
        } catch {
            logger.warning("The reference of monitor '\(name)' could not be read; it is tried again. \(error)")
        }
    }

    /// Notes that an event was stored.
    func announced() {
        hasUndelivered = true
        committed()
    }
}
