package import Core
package import HTTPSupport
import Synchronization
import Statistics

/// A monitor in a list.
package struct MonitorSummary: Sendable, Equatable {
    /// The declaration.
    package let spec: MonitorSpec
    /// The state and the last score.
    package let signal: DriftSignal
    /// When the state was entered.
    package let since: Timestamp
    /// Rows that the window holds now.
    package let rows: Int
    /// Rows that were left out because they had another number of features than the reference.
    package let refusedRows: UInt64
    /// Rows of the reference in use; nil before one is set.
    package let referenceRows: Int?
}

/// Everything about one monitor.
package struct MonitorDetail: Sendable {
    /// As in the list.
    package let summary: MonitorSummary
    /// The last evaluation; nil before the first.
    package let evaluation: MonitorEvaluation?
    /// Reference and present window per feature, in the reference's order; empty without a reference.
    package let histograms: [FeatureHistogram]
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

    /// A monitor with its last evaluation, histograms, history and a page of its events.
    ///
    /// - Throws: `notFound`, `invalidArgument` for a page token of another request, and what the database throws.
    package func detail(
        _ name: String,
        eventLimit: Int = HTTPLimits.defaultPageSize,
        pageToken: String? = nil
    ) async throws -> MonitorDetail {
        guard let entry = entries[name] else { throw Self.notFound(name) }
        let before = try pageToken.map { try Self.sequence(from: $0, monitor: name) }
        let limit = min(max(eventLimit, 1), HTTPLimits.pageSize)
        let events = try await store.events(of: name, before: before, limit: limit + 1)
        let page = Array(events.prefix(limit))
        let token: String? =
            if events.count > limit, let last = page.last {
                PageToken.encode(["monitor": .string(name), "before": .integer(last.sequence)])
            } else {
                nil
            }
        let snapshot = entry.cell.window.withLock { $0.snapshot() }
        return MonitorDetail(
            summary: summary(entry),
            evaluation: entry.stored.evaluation,
            histograms: await Self.histograms(entry.prepared?.reference.sample, current: snapshot),
            history: try await store.evaluations(of: name, limit: MonitoringLimits.evaluationsPerMonitor),
            events: Page(items: page, nextPageToken: token)
        )
    }

    private func summary(_ entry: Entry) -> MonitorSummary {
        let window = entry.cell.window.withLock { (rows: $0.count, refused: $0.refused) }
        return MonitorSummary(
            spec: entry.stored.spec,
            signal: entry.cell.signal.withLock { $0 },
            since: entry.stored.machine.since,
            rows: window.rows,
            refusedRows: window.refused,
            referenceRows: entry.prepared?.reference.sample.rows
        )
    }

    private static func sequence(from token: String, monitor: String) throws -> Int64 {
        let value = try PageToken.decode(token)
        guard value["monitor"]?.stringValue == monitor, let before = value["before"]?.integerValue else {
            throw MartletError(
                .invalidArgument,
                "'page_token' belongs to another list; ask for the first page again without it."
            )
        }
        return before
    }

    @concurrent
    private static func histograms(
        _ reference: SampleMatrix?,
        current: FeatureWindow.Snapshot
    ) async -> [FeatureHistogram] {
        guard let reference else { return [] }
        var histograms: [FeatureHistogram] = []
        for (column, name) in reference.names.enumerated() {
            let fits = current.width == reference.columns
            let values =
                fits
                ? stride(from: column, to: current.elements.count, by: current.width).map { current.elements[$0] } : []
            histograms.append(
                FeatureHistogram(name: name, reference: reference.finiteColumn(column), current: values)
            )
        }
        return histograms
    }
}
