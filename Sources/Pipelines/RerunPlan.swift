import Core

/// The first attempts of a run that does one task of an earlier run again.
struct RerunPlan {
    let spec: PipelineSpec
    let past: PipelineRun

    /// What the tasks before `task` gave is taken over; `task`, and those that need it if asked, wait; the rest is skipped.
    func attempts(of task: String, includesDependents: Bool) throws(MartletError) -> [NewAttempt] {
        guard let position = spec.tasks.firstIndex(where: { $0.name == task }) else {
            let known = spec.tasks.prefix(20).map(\.name).joined(separator: ", ")
            throw MartletError(.notFound, "The run '\(past.id)' has no task '\(task.prefix(64))'; it has \(known).")
        }
        var again: Set<Int> = [position]
        if includesDependents {
            var pending = [position]
            while let next = pending.popLast() {
                for dependent in spec.graph.dependents[next] where again.insert(dependent).inserted {
                    pending.append(dependent)
                }
            }
        }
        var kept: Set<Int> = []
        for position in again { kept.formUnion(spec.graph.ancestors(of: position)) }
        kept.subtract(again)
        let known = Dictionary(past.tasks.map { ($0.task, $0) }, uniquingKeysWith: { first, _ in first })
        var attempts: [NewAttempt] = []
        for (place, declared) in spec.tasks.enumerated() {
            var attempt = NewAttempt(task: declared.name, attempt: 1, position: place)
            if kept.contains(place) {
                guard let latest = known[declared.name], latest.state == .succeeded || latest.state == .skipped else {
                    throw MartletError(
                        .failedPrecondition,
                        "The task '\(declared.name)', which '\(task)' needs, did not succeed in the run '\(past.id)'; resume that run instead."
                    )
                }
                attempts += taken(attempt, latest, known)
                continue
            }
            if !again.contains(place) {
                attempt.state = .skipped
                attempt.skip = .scope
                attempt.message = "It is not part of this run."
            }
            attempts.append(attempt)
        }
        return attempts
    }

    private func taken(_ attempt: NewAttempt, _ latest: TaskRun, _ known: [String: TaskRun]) -> [NewAttempt] {
        var all: [NewAttempt] = [result(attempt, latest)]
        for index in 0..<(latest.instances ?? 0) {
            guard let instance = known["\(latest.task).\(index)"] else { continue }
            var part = NewAttempt(task: instance.task, attempt: 1, position: attempt.position, part: index + 1)
            part.parent = latest.task
            part.item = instance.item
            all.append(result(part, instance))
        }
        return all
    }

    private func result(_ attempt: NewAttempt, _ latest: TaskRun) -> NewAttempt {
        var attempt = attempt
        attempt.state = latest.state
        attempt.skip = latest.state == .skipped ? .condition : nil
        attempt.instances = latest.instances
        attempt.outputs = latest.outputs.isEmpty ? nil : JSONValue.object(latest.outputs).description
        let artifacts = latest.artifacts.map(\.json)
        attempt.artifacts = artifacts.isEmpty ? nil : JSONValue.array(artifacts).description
        attempt.cachedFrom = latest.cachedFrom ?? CachedFrom(runID: past.id, task: latest.task)
        return attempt
    }
}
