import Core
import Tracking

/// Writes the metrics of rounds to a run, in batches and while training goes on.
struct RoundStream: Sendable {
    let tracking: TrackingStore
    let clock: Clock
    let runID: String
    let rounds: Int
    let progress: @Sendable (Double, String) -> Void

    /// How long metrics wait for others, at most.
    private static let patience = Duration.seconds(1)

    /// Trains with `body`, which hands each round's report over, and returns when its metrics are stored, too.
    ///
    /// - Throws: what training throws, or what keeps metrics from being stored.
    func run(
        _ body: (@escaping @Sendable (RoundReport) -> RoundDecision) async throws -> TrainedModel
    ) async throws -> TrainedModel {
        let (reports, continuation) = AsyncStream<RoundReport>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await write(reports) }
            defer { continuation.finish() }
            let model = try await body { report in
                continuation.yield(report)
                return .go
            }
            continuation.finish()
            try await group.waitForAll()
            return model
        }
    }

    private func write(_ reports: AsyncStream<RoundReport>) async throws {
        var waiting: [Metric] = []
        var written = clock.now
        for await report in reports {
            let now = clock.now
            waiting += report.metrics.filter { $0.value.isFinite }.map {
                Metric(key: Self.name($0), value: $0.value, timestamp: now, step: Int64(report.round))
            }
            guard waiting.count >= LearningLimits.metricBatch || now - written >= Self.patience else { continue }
            try await flush(&waiting)
            written = now
            progress(Double(report.round + 1) / Double(rounds), Self.text(report, of: rounds))
        }
        try await flush(&waiting)
    }

    private func flush(_ waiting: inout [Metric]) async throws {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(LearningLimits.metricBatch))
            waiting.removeFirst(batch.count)
            try await tracking.logBatch(runID: runID, metrics: batch, params: [], tags: [])
        }
    }

    /// MLflow takes letters, digits and a few signs; `@` of `ndcg@5` is none of them.
    private static func name(_ metric: RoundReport.Metric) -> String {
        let name = String(
            metric.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./".contains($0)) ? $0 : "_" }
        )
        return "\(metric.part.rawValue)_\(name)"
    }

    private static func text(_ report: RoundReport, of rounds: Int) -> String {
        let shown = report.metrics.last.map { ", \($0.part.rawValue) \($0.name) \($0.value)" } ?? ""
        return "round \(report.round + 1) of \(rounds)\(shown)"
    }
}
