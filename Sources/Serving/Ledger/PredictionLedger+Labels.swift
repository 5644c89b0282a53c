package import Core
package import Ledger
import Rollouts

extension PredictionLedger {
    /// Where labels are taken in: by id, or by entity and time.
    package var desk: FeedbackDesk {
        FeedbackDesk(
            store: store,
            clock: clock,
            flush: { try await self.flush() },
            classes: classes,
            isSampledOut: { id, deployment in self.isSampledOut(id, deployment) },
            joined: { try await self.joined($0) }
        )
    }

    /// Joins a label to the prediction `id`.
    ///
    /// - Returns: whether it changed anything; false for a label that was known, and for one that waits for its prediction.
    /// - Throws: `invalidArgument` for what is no label of the model.
    package func feedback(_ id: String, label: JSONValue) async throws -> Bool {
        let answer = try await desk.take(FeedbackItem(subject: .request(id: id, deployment: nil), label: label))
        return [.stored, .corrected, .confirmed].contains(answer.outcome)
    }

    /// The classes of versions that are loaded.
    var classes: LedgerStore.Classes {
        let deployments = deployments
        return { deployment, version in
            let routing = try? deployments.find(deployment).routing
            let model = routing?.model(version: version) ?? routing?.stable
            return (model?.resident?.loaded).flatMap { LedgerSchema($0).classes }
        }
    }

    /// Whether every deployment that may have answered this id keeps only a sample without it.
    private func isSampledOut(_ id: String, _ deployment: String?) -> Bool {
        let specs =
            if let deployment {
                [try? deployments.find(deployment).routing?.ledger].compactMap(\.self)
            } else {
                deployments.all.compactMap { $0.routing?.ledger }
            }
        // A request of several rows has one id, and the rows' numbers follow it.
        let request = id.lastIndex(of: ":").flatMap { place in
            Int(id[id.index(after: place)...]) == nil ? nil : String(id[..<place])
        }
        return !specs.isEmpty && specs.allSatisfy { !$0.keeps(id) && !$0.keeps(request ?? id) }
    }

    /// Tells those who learn from labels: the rollout that the prediction belongs to, and the monitors.
    func joined(_ changes: [LabelChange]) async throws {
        var corrected: Set<String> = []
        for change in changes where change.record.arm != .shadow {
            if change.previous == nil { onLabel(change.record) }
            guard let outcome = change.record.outcome else { continue }
            if change.previous == nil {
                evidence(of: change.record)?.record(outcome)
            } else {
                corrected.insert(change.record.deployment)
            }
        }
        // A label that was wrong cannot be taken from the sums of a rollout: they are made anew from the table.
        for name in corrected {
            guard let evidence = try? deployments.find(name).routing?.evidence else { continue }
            let outcomes = try await store.labelled(
                rollout: evidence.rollout,
                of: name,
                since: Timestamp(milliseconds: 0)
            )
            evidence.replaceLabels(outcomes.compactMap(\.outcome))
        }
    }

    private func evidence(of record: LedgerRecord) -> RolloutEvidence? {
        guard let evidence = try? deployments.find(record.deployment).routing?.evidence,
            evidence.rollout == record.rollout
        else { return nil }
        return evidence
    }
}
