package import Core
package import HTTPSupport
import Synchronization

/// A monitor in a list.
package struct MonitorSummary: Sendable, Equatable {
    /// The declaration.
    package let spec: MonitorSpec
    /// The state and the last score.
    package let signal: DriftSignal
    /// When the state was entered.
    package let since: Timestamp
    /// Rows that the window spans now.
    package let rows: Int
    /// Rows that were left out because they had other inputs than the window.
    package let refusedRows: UInt64
    /// Rows of the reference in use; nil before one is set.
    package let referenceRows: Int?
    /// Why the monitor has nothing to say at present; nil when its last evaluation has a verdict.
    package let reason: String?
}

/// Everything about one monitor.
package struct MonitorDetail: Sendable {
    /// As in the list.
    package let summary: MonitorSummary
    /// The last evaluation; nil before the first.
    package let evaluation: MonitorEvaluation?
    /// Reference and present window per numeric feature, in the reference's order; empty without a reference.
    package let histograms: [FeatureHistogram]
    /// What each version was asked and answered since its sketch began.
    package let sketches: [VersionSketch]
    /// The newest evaluations, oldest first.
    package let history: [EvaluationSummary]
    /// A page of the transitions, newest first.
    package let events: Page<VerdictChange>
}

extension MonitorService {
    /// All monitors by name.
    package func monitors() -> [MonitorSummary] {
        entries.keys.sorted().compactMap { entries[$0].map(summary) }
    }

    /// A monitor with its last evaluation, histograms, sketches, history and a page of its events.
    ///
    /// - Throws: `notFound`, `invalidArgument` for a page token of another request, and what the database throws.
    package func detail(
        _ name: String,
        eventLimit: Int = HTTPLimits.defaultPageSize,
        pageToken: String? = nil
    ) async throws -> MonitorDetail {
        guard let entry = entries[name] else { throw Self.notFound(name) }
        let before = try pageToken.map { try Self.sequence(from: $0, list: name) }
        let limit = min(max(eventLimit, 1), HTTPLimits.pageSize)
        let events = try await store.events(of: name, before: before, limit: limit + 1)
        let page = Array(events.prefix(limit))
        let snapshot = entry.cell.window.withLock { $0.snapshot() }
        return MonitorDetail(
            summary: summary(entry),
            evaluation: entry.stored.evaluation,
            histograms: try await Self.histograms(entry.prepared?.reference, current: snapshot),
            sketches: board.watch(entry.stored.spec.deployment)?.sketches.all ?? [],
            history: try await store.evaluations(of: name, limit: MonitoringLimits.evaluationsPerMonitor),
            events: Page(
                items: page,
                nextPageToken: Self.token(list: name, after: page.last?.sequence, isMore: events.count > limit)
            )
        )
    }

    /// The kept snapshots of a monitor without their content, newest first.
    ///
    /// - Throws: `notFound`, `invalidArgument` for a page token of another list, and what the database throws.
    package func snapshots(_ name: String, limit: Int, pageToken: String?) async throws -> Page<MonitorSnapshot> {
        guard entries[name] != nil else { throw Self.notFound(name) }
        let list = "\(name)/snapshots"
        let before = try pageToken.map { try Self.sequence(from: $0, list: list) }
        let found = try await store.snapshots(of: name, before: before, limit: limit + 1)
        let page = Array(found.prefix(limit))
        return Page(
            items: page,
            nextPageToken: Self.token(list: list, after: page.last?.sequence, isMore: found.count > limit)
        )
    }

    /// One kept snapshot with its content.
    ///
    /// - Throws: `notFound`, and what the database throws.
    package func snapshot(_ name: String, _ sequence: Int64) async throws -> MonitorSnapshot {
        guard entries[name] != nil else { throw Self.notFound(name) }
        guard let snapshot = try await store.snapshot(of: name, sequence: sequence) else {
            throw MartletError(.notFound, "The monitor '\(name)' has no snapshot \(sequence).")
        }
        return snapshot
    }

    private func summary(_ entry: Entry) -> MonitorSummary {
        let now = clock.now
        let window = entry.cell.window.withLock { window in
            window.expire(now)
            return (rows: window.count, refused: window.refused, capacity: window.capacity)
        }
        let spec = entry.stored.spec
        var reason = entry.stored.evaluation?.reason
        if entry.prepared == nil, entry.runs.isEmpty {
            reason = "insufficient data: there is no reference yet."
        } else if entry.stored.evaluation == nil {
            let wanted = min(spec.minimum, window.capacity)
            reason = "insufficient data: the window holds \(window.rows) of the \(wanted) rows it needs."
        }
        return MonitorSummary(
            spec: spec,
            signal: entry.cell.signal.withLock { $0 },
            since: entry.stored.machine.since,
            rows: window.rows,
            refusedRows: window.refused,
            referenceRows: entry.prepared?.reference.rows,
            reason: reason
        )
    }

    private static func token(list: String, after last: Int64?, isMore: Bool) -> String? {
        guard isMore, let last else { return nil }
        return PageToken.encode(["monitor": .string(list), "before": .integer(last)])
    }

    private static func sequence(from token: String, list: String) throws -> Int64 {
        let value = try PageToken.decode(token)
        guard value["monitor"]?.stringValue == list, let before = value["before"]?.integerValue else {
            throw MartletError(
                .invalidArgument,
                "'page_token' belongs to another list; ask for the first page again without it."
            )
        }
        return before
    }

    @concurrent
    private static func histograms(
        _ reference: MonitorReference?,
        current: WindowSnapshot
    ) async throws -> [FeatureHistogram] {
        guard let reference else { return [] }
        let window = try current.inputs(like: reference.inputs, version: reference.versionNumber)
        return reference.inputs.columns.compactMap { column in
            if case .strings = column.values { return nil }
            let past = (column.numbers ?? []).map { Float($0) }
            let present = (window[column.name]?.numbers ?? []).map { Float($0) }
            return FeatureHistogram(name: column.name, reference: past, current: present)
        }
    }
}
