import Core

extension LoopRecord {
    /// What may be under way and must stop.
    var undoOrder: UndoOrder {
        UndoOrder(
            loopID: id,
            by: progress.cancellation?.by ?? "the loop",
            from: progress.cancellation?.from ?? .retraining,
            pipeline: trigger.pipeline,
            pipelineKey: machine.pipelineKey,
            runID: progress.runID,
            model: trigger.model,
            alias: trigger.alias,
            version: progress.version,
            versionKey: machine.versionKey,
            champion: progress.champion
        )
    }

    /// The promotion as it is written to Git; nil when the trigger does not want that.
    func writeBack(version: Int) -> LoopWriteBack? {
        guard let gitops = trigger.gitops else { return nil }
        let findings = progress.verdict?["metrics"]?.arrayValue ?? []
        func values(_ side: String) -> [(name: String, value: Double)] {
            findings.compactMap { finding in
                guard let name = finding["metric"]?.stringValue, let value = finding[side]?.doubleValue else {
                    return nil
                }
                return (name, value)
            }
        }
        return LoopWriteBack(
            key: id,
            trigger: trigger.name,
            gitops: gitops,
            outcome: (progress.outcome ?? .promoted).rawValue,
            model: trigger.model,
            alias: trigger.alias,
            version: version,
            champion: progress.champion,
            reason: signal.message,
            metrics: values("candidate"),
            championMetrics: values("champion"),
            approvers: progress.approvals.map(\.by)
        )
    }
}
