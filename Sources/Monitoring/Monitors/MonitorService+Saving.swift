import Core
import Logging
import Synchronization

extension MonitorService {
    /// Fills the window of a monitor: from the rows given, or what was saved, and what the ledger has since then.
    func fill(_ cell: MonitorCell, _ stored: StoredMonitor, rows: [UInt8]?) async {
        let name = stored.spec.name
        var since = stored.referenceAt
        do {
            if let rows {
                try cell.window.withLock { try $0.restore(rows) }
                return
            }
            if let saved = try await store.savedWindow(name), saved.at >= since ?? saved.at {
                try cell.window.withLock { try $0.restore(saved.bytes) }
                since = saved.at + .milliseconds(1)
            }
        } catch {
            logger.warning("The window of monitor '\(name)' could not be restored. \(error)")
        }
        do {
            let recent = try await recentRows(stored.spec.deployment, stored.spec.window.rowsWanted, since)
            cell.window.withLock { window in
                for row in recent {
                    if let served = row.served(stored.spec.deployment) { window.append(served) }
                }
            }
        } catch {
            logger.warning("The window of monitor '\(name)' starts empty: the ledger could not be read. \(error)")
        }
    }

    /// Brings back the sketches of a deployment's versions.
    func restoreSketches(_ deployment: String) async throws {
        guard let board = board.watch(deployment)?.sketches else { return }
        for bytes in try await store.savedSketches(deployment) {
            do {
                board.restore(try VersionSketch(bytes))
            } catch {
                logger.warning("A sketch of deployment '\(deployment)' begins anew. \(error)")
            }
        }
    }

    func saveIfDue() async {
        let now = clock.now
        guard lastSaved.map({ now - $0 >= .seconds(MonitoringLimits.savingSeconds) }) ?? true else { return }
        await save()
    }

    /// Saves what a restart could not find elsewhere: the sketches, and windows that hold texts or a sample.
    ///
    /// A failure is logged; the next saving tries again.
    package func save() async {
        let now = clock.now
        lastSaved = now
        var windows: [String: [UInt8]] = [:]
        for (name, entry) in entries {
            let newest = entry.cell.window.withLock { $0.newest }
            guard savedNewest["monitor/\(name)"] != newest else { continue }
            let bytes = entry.cell.window.withLock { $0.needsSnapshot ? $0.encoded() : nil }
            savedNewest["monitor/\(name)"] = newest
            if let bytes, bytes.count <= MonitoringLimits.savedWindowBytes { windows[name] = bytes }
        }
        var sketches: [String: [VersionSketch]] = [:]
        for deployment in board.deployments {
            let all = board.watch(deployment)?.sketches.all ?? []
            guard let newest = all.map(\.newest).max(), savedNewest["deployment/\(deployment)"] != newest else {
                continue
            }
            savedNewest["deployment/\(deployment)"] = newest
            sketches[deployment] = all
        }
        do {
            try await store.save(windows: windows, sketches: sketches, now: now)
        } catch {
            savedNewest = [:]
            logger.warning("What monitors saw could not be saved; it is tried again. \(error)")
        }
        await closeProfiles(now)
    }

    /// Ends the sketches of the last hour, and keeps what they say as a snapshot of every monitor of their deployment.
    private func closeProfiles(_ now: Timestamp) async {
        let moment = now + .seconds(-MonitoringLimits.profileSeconds)
        for deployment in board.deployments {
            let closed = board.watch(deployment)?.sketches.close(before: moment) ?? []
            guard !closed.isEmpty else { continue }
            let content: JSONValue = ["evaluation": .null, "sketches": .array(closed.map(\.json))]
            for (name, entry) in entries where entry.stored.spec.deployment == deployment {
                await keep(content, of: name, cause: "profile", state: entry.stored.machine.state, now: now)
            }
        }
    }

    /// Keeps what a monitor sees at a moment.
    func keepSnapshot(of entry: Entry, cause: String, now: Timestamp) async {
        let sketches = board.watch(entry.stored.spec.deployment)?.sketches.all ?? []
        let content: JSONValue = [
            "evaluation": entry.stored.evaluation?.storedJSON ?? .null, "sketches": .array(sketches.map(\.json)),
        ]
        await keep(content, of: entry.stored.spec.name, cause: cause, state: entry.stored.machine.state, now: now)
    }

    private func keep(
        _ content: JSONValue,
        of name: String,
        cause: String,
        state: MonitorStateMachine.State,
        now: Timestamp
    ) async {
        do {
            try await store.save(content, of: name, cause: cause, state: state, now: now)
        } catch {
            logger.warning("A snapshot of monitor '\(name)' could not be kept. \(error)")
        }
    }
}
