package import Core
import Metrics

/// Takes labels in: looks in the table, has what waits written and looks again, keeps what finds nothing.
package struct FeedbackDesk: Sendable {
    private let store: LedgerStore
    private let clock: Clock
    private let flush: @Sendable () async throws -> Void
    private let classes: LedgerStore.Classes
    private let isSampledOut: @Sendable (_ id: String, _ deployment: String?) -> Bool
    private let joined: @Sendable ([LabelChange]) async throws -> Void

    /// Makes a desk.
    ///
    /// - Parameters:
    ///   - store: Where predictions and labels are.
    ///   - clock: The time.
    ///   - flush: Writes the predictions that wait.
    ///   - classes: The classes of versions that have no schema.
    ///   - isSampledOut: Tells whether the rows of an id are not kept.
    ///   - joined: Told of the predictions whose label has come or changed.
    package init(
        store: LedgerStore,
        clock: Clock,
        flush: @escaping @Sendable () async throws -> Void,
        classes: @escaping LedgerStore.Classes = { _, _ in nil },
        isSampledOut: @escaping @Sendable (_ id: String, _ deployment: String?) -> Bool = { _, _ in false },
        joined: @escaping @Sendable ([LabelChange]) async throws -> Void = { _ in }
    ) {
        self.store = store
        self.clock = clock
        self.flush = flush
        self.classes = classes
        self.isSampledOut = isSampledOut
        self.joined = joined
    }

    /// Joins one label.
    ///
    /// - Throws: `invalidArgument` for what is no label or no time, `resourceExhausted` when too many labels wait already.
    package func take(_ item: FeedbackItem) async throws -> FeedbackAnswer {
        guard let answer = try await take([item]).first else {
            throw MartletError(.internal, "A label was not answered.")
        }
        return try answer.get()
    }

    /// Joins labels; each is answered for itself, and what is answered is committed.
    package func take(_ items: [FeedbackItem]) async throws -> [Result<FeedbackAnswer, MartletError>] {
        let now = clock.now
        var answers: [Result<FeedbackAnswer, MartletError>?] = items.map { item in
            Self.refusal(of: item, now: now).map { .failure($0) }
        }
        var open = answers.indices.filter { answers[$0] == nil }
        // Predictions of an entity may be on their way while others of it are there already.
        let isByEntity = open.contains { if case .entity = items[$0].subject { true } else { false } }
        var changes: [LabelChange] = []
        for keepsUnknown in isByEntity ? [true] : [false, true] where !open.isEmpty {
            if keepsUnknown { try await flush() }
            let results = try await store.label(
                open.map { items[$0] },
                now: now,
                keepsUnknown: keepsUnknown,
                classes: classes,
                isSampledOut: isSampledOut
            )
            for (index, answer) in zip(open, results.answers) { answers[index] = answer }
            changes += results.changes
            open = open.filter { answers[$0] == nil }
        }
        if !changes.isEmpty { try await joined(changes) }
        let final = answers.map { $0 ?? .failure(MartletError(.internal, "A label was not answered.")) }
        LedgerMetrics.count(final)
        return final
    }

    /// What is wrong with the times of an item; nil when nothing is.
    private static func refusal(of item: FeedbackItem, now: Timestamp) -> MartletError? {
        var times: [(String, Timestamp?)] = [("observed_at", item.observedAt)]
        if case .entity(_, _, let at, _) = item.subject { times.append(("at", at)) }
        for (name, time) in times {
            guard let time else { continue }
            if time > now + LedgerLimits.clockTolerance {
                return MartletError(
                    .invalidArgument,
                    "'\(name)' is \(time.iso8601), which is still to come; it is \(now.iso8601) here."
                )
            }
            if time.milliseconds < 0 {
                return MartletError(.invalidArgument, "'\(name)' lies before 1970; it is milliseconds since then.")
            }
        }
        return nil
    }
}

/// The ledger's metrics.
package enum LedgerMetrics {
    /// Counts labels by what came of them.
    static func count(_ answers: [Result<FeedbackAnswer, MartletError>]) {
        var counts: [FeedbackOutcome: Int] = [:]
        for answer in answers {
            switch answer {
            case .success(let answer): counts[answer.outcome, default: 0] += 1
            case .failure: counts[.rejected, default: 0] += 1
            }
        }
        for (outcome, number) in counts { count(outcome, number) }
    }

    /// Counts labels of one outcome in `martlet_ledger_labels_total`.
    package static func count(_ outcome: FeedbackOutcome, _ number: Int) {
        guard number > 0 else { return }
        Counter(label: "martlet_ledger_labels_total", dimensions: [("outcome", outcome.rawValue)]).increment(by: number)
    }

    /// Says how many labels wait for their prediction.
    package static func pending(_ number: Int64) {
        Gauge(label: "martlet_ledger_pending_labels").record(Double(number))
    }
}
