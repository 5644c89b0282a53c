import Core
package import Drift
import Synchronization

extension MonitorService {
    /// Compares the present window with the reference in full: tests, distributions, data events.
    ///
    /// - Parameters:
    ///   - name: The monitor.
    ///   - segment: A column whose values split both sides into segments; nil for none.
    /// - Returns: The report; with the verdict `insufficient_data` and a reason when there are too few rows.
    /// - Throws: `notFound`, `failedPrecondition` without a reference, `invalidArgument` for a segment that is no column.
    package func report(_ name: String, segment: String? = nil) async throws -> DriftReport {
        await exclusively { await findReference(of: name) }
        guard let entry = entries[name] else { throw Self.notFound(name) }
        guard let prepared = entry.prepared else {
            throw MartletError(
                .failedPrecondition,
                "The monitor '\(name)' has no reference yet: it comes with the first version that "
                    + "'\(entry.stored.spec.deployment)' serves."
            )
        }
        let now = clock.now
        let snapshot = entry.cell.window.withLock { window in
            window.expire(now)
            return window.snapshot()
        }
        return try await prepared.report(snapshot, segment: segment, now: now)
    }
}

extension PreparedMonitor {
    @concurrent
    func report(_ snapshot: WindowSnapshot, segment: String?, now: Timestamp) async throws -> DriftReport {
        let only = spec.versions == .reference
        let number = reference.versionNumber
        let inputs = try snapshot.inputs(like: reference.inputs, version: number, only: only)
        let outputs = try snapshot.outputs(like: reference.outputs, version: number, only: only)
        let known = Set(inputs.columns.map(\.name))
        let said = outputs.columns.filter { reference.outputs[$0.name] != nil && !known.contains($0.name) }
        var options = DriftOptions()
        options.at = now
        options.segment = segment
        if reference.outputs[OutputColumn.prediction] != nil { options.prediction = OutputColumn.prediction }
        options.detectors = slots.compactMap { slot in
            if case .success = slot.detector { slot.spec } else { nil }
        }
        if let events { options.events = events }
        return try DriftReport(
            reference: try reference.all(),
            current: try Table(columns: inputs.columns + (inputs.columns.isEmpty ? [] : said)),
            options: options
        )
    }
}
