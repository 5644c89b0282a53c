package import Core
import Logging

extension LoopService {
    /// Fires a trigger and answers at once; `force` waives the cool-down and the need for new data.
    ///
    /// - Throws: `notFound` for an unknown trigger; `failedPrecondition` or `resourceExhausted` when a guard refuses.
    package func fire(trigger name: String, signal: LoopSignal, force: Bool = false) async throws -> LoopRecord {
        let trigger = try await store.trigger(name)
        let rows = force ? 0 : try await newLabelledRows(trigger)
        let history = try await store.history(trigger, now: clock.now)
        let event = TriggerStateMachine.Event.signalled(
            signal,
            history: history,
            newLabelledRows: rows,
            force: force
        )
        switch try await decide(trigger, event) {
        case .opened(let loop):
            return loop
        case .refused(let refusal):
            throw MartletError(refusal.isThrottle ? .resourceExhausted : .failedPrecondition, refusal.message)
        }
    }

    /// Takes a monitor's new verdict: drift makes every trigger that watches it wait for its guards, its end withdraws.
    ///
    /// The guards are asked by `run()`, again and again, so a standing signal is not lost to a failure on the way.
    package func monitorChanged(
        _ monitor: String,
        drifting: Bool,
        message: String,
        evidence: JSONObject = [:]
    ) async throws {
        let signal = LoopSignal(kind: .drift, message: message, evidence: evidence)
        for trigger in try await store.triggers() where trigger.monitor == monitor {
            _ = machines[trigger.name, default: TriggerStateMachine(policy: trigger.policy)]
                .handle(drifting ? .stands(signal) : .cleared, now: clock.now)
        }
        nudge()
    }

    /// Judges the standing signal of a trigger; a failure is logged and the signal stays.
    func reconsider(_ trigger: TriggerSpec) async {
        do {
            let rows = try await newLabelledRows(trigger)
            let history = try await store.history(trigger, now: clock.now)
            guard machines[trigger.name]?.waiting != nil else { return }
            _ = try await decide(trigger, .reconsider(history: history, newLabelledRows: rows))
        } catch {
            logger.warning(
                "A trigger could not be judged; trying again.",
                metadata: ["trigger": "\(trigger.name)", "error": "\(error)"]
            )
        }
    }

    private enum Decision {
        case opened(LoopRecord)
        case refused(TriggerRefusal)
    }

    private func decide(_ trigger: TriggerSpec, _ event: TriggerStateMachine.Event) async throws -> Decision {
        let now = clock.now
        let before = machines[trigger.name] ?? TriggerStateMachine(policy: trigger.policy)
        var machine = before
        machine.policy = trigger.policy
        let actions = machine.handle(event, now: now)
        machines[trigger.name] = machine
        for case .open(let signal) in actions {
            do {
                let loop = try await store.open(trigger, signal: signal, now: now)
                onEntry(loop, loop.openingEntry)
                nudge()
                return .opened(loop)
            } catch {
                // Not opened, so whatever waited still waits.
                machines[trigger.name] = before
                guard (error as? MartletError)?.code == .alreadyExists else { throw error }
                throw MartletError(
                    .failedPrecondition,
                    "Another loop for this model and alias was opened at the same moment; wait for its outcome.",
                    cause: error
                )
            }
        }
        for case .refuse(let refusal) in actions {
            return .refused(refusal)
        }
        throw MartletError(.internal, "The trigger '\(trigger.name)' gave no answer.")
    }

    private func newLabelledRows(_ trigger: TriggerSpec) async throws -> Int {
        guard trigger.policy.minimumLabelled > 0 else { return 0 }
        let since = try await store.dataUsedUntil(trigger: trigger.name)
        return try await actions.newLabelledRows(trigger.model, trigger.alias, since)
    }
}
