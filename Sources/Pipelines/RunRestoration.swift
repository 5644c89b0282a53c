import Core

/// Where tasks stand that are not as at the beginning, from what is recorded of them.
struct RunRestoration {
    let spec: PipelineSpec
    let snapshot: RunSnapshot
    let seed: UInt64
    let now: Timestamp

    /// The machines by task.
    func machines() -> [String: PipelineRunStateMachine.Restored] {
        let stored = Dictionary(snapshot.tasks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var restored: [String: PipelineRunStateMachine.Restored] = [:]
        for task in spec.tasks {
            if let known = stored[task.name] {
                restored[task.name] = .init(machine(task, known), skip: known.skip, instances: known.latest.instances)
                for index in 0..<(known.latest.instances ?? 0) {
                    let name = "\(task.name).\(index)"
                    if let instance = stored[name] {
                        restored[name] = .init(machine(task, instance), skip: instance.skip)
                    }
                }
            }
            if case .handler(let handler) = task.onFailure, let known = stored[handler.name] {
                restored[handler.name] = handlerOf(handler, known, isDue: stored[task.name]?.latest.state == .failed)
            }
        }
        if let handler = spec.onFailure, let known = stored[handler.name] {
            let others = snapshot.tasks.filter { $0.name != handler.name }
            restored[handler.name] = handlerOf(handler, known, isDue: others.allSatisfy { $0.latest.state.isFinal })
        }
        return restored
    }

    /// A handler that ran for an earlier failure of a run that goes on now waits for the next one.
    private func handlerOf(
        _ task: TaskSpec,
        _ known: RunSnapshot.Task,
        isDue: Bool
    ) -> PipelineRunStateMachine.Restored {
        guard !isDue else { return .init(machine(task, known)) }
        let state = TaskStateMachine.State.waiting(attempt: known.latest.attempt + 1)
        return .init(TaskStateMachine(retry: task.retry, timeout: task.timeout, state: state), isAdmitted: false)
    }

    private func machine(_ task: TaskSpec, _ known: RunSnapshot.Task) -> TaskStateMachine {
        let attempt = known.latest.attempt
        let state: TaskStateMachine.State =
            switch known.latest.state {
            case .pending: known.notBefore.map { .pausing(attempt: attempt, until: $0) } ?? .waiting(attempt: attempt)
            case .running: .running(attempt: attempt, deadline: now + task.timeout)
            default: .done(known.latest.state)
            }
        return TaskStateMachine(
            retry: task.retry,
            timeout: task.timeout,
            state: state,
            failures: known.failures,
            losses: known.losses,
            seed: seed &+ UInt64(clamping: known.name.utf8.count)
        )
    }
}
