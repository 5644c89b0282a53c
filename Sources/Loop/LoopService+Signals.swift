package import Core
import Logging

extension LoopService {
    /// Fires a trigger and answers at once; `force` waives the cool-down and the need for new data.
    ///
    /// The loop that opens answers what stands as well.
    ///
    /// - Throws: `notFound` for an unknown trigger; `failedPrecondition` or `resourceExhausted` when a guard refuses.
    package func fire(trigger name: String, signal: LoopSignal, force: Bool = false) async throws -> LoopRecord {
        let trigger = try await store.trigger(name)
        let rows = force ? 0 : try await newLabelledRows(trigger, signal)
        let history = try await store.history(trigger, now: clock.now)
        let standing = try await store.standingSignals()[name] ?? []
        var machine = TriggerStateMachine(policy: trigger.policy)
        let event = TriggerStateMachine.Event.signalled(signal, history: history, newLabelledRows: rows, force: force)
        switch try await decide(trigger, machine.handle(event, now: clock.now), answering: standing) {
        case .opened(let loop):
            return loop
        case .refused(let refusal):
            throw MartletError(refusal.isThrottle ? .resourceExhausted : .failedPrecondition, refusal.message)
        case .overtaken(let error):
            throw MartletError(
                .failedPrecondition,
                "Another loop for this model and alias was opened at the same moment; wait for its outcome.",
                cause: error
            )
        }
    }

    /// Takes a monitor's new verdict: drift makes every trigger that watches it wait for its guards, its end withdraws.
    ///
    /// A verdict for which the detector `performance` speaks is also one about quality. The signal stands in the database and
    /// the guards are asked by `run()`, again and again, so it is not lost to a failure or a restart on the way.
    package func monitorChanged(
        _ monitor: String,
        drifting: Bool,
        message: String,
        evidence: JSONObject = [:]
    ) async throws {
        let isQuality = evidence["detector"]?.stringValue == "performance"
        for trigger in try await store.triggers() {
            for condition in trigger.conditions {
                let kind: LoopSignal.Kind
                switch condition {
                case .drift(monitor): kind = .drift
                case .quality(monitor): kind = .quality
                default: continue
                }
                guard drifting else {
                    try await store.withdraw(condition.source, for: trigger.name)
                    continue
                }
                guard kind == .drift || isQuality else { continue }
                let signal = LoopSignal(kind: kind, message: message, evidence: evidence)
                try await store.raise(signal, of: condition.source, for: trigger.name, now: clock.now)
            }
        }
        nudge()
    }

    /// Judges what stands for a trigger, the oldest signal first; a failure is logged and the signals stay.
    func reconsider(_ trigger: TriggerSpec, _ oldest: StandingSignal, among signals: [StandingSignal]) async {
        do {
            let signal = Self.joined(oldest, signals)
            let rows = try await newLabelledRows(trigger, signal)
            let history = try await store.history(trigger, now: clock.now)
            var machine = TriggerStateMachine(policy: trigger.policy, waiting: signal)
            let actions = machine.handle(.reconsider(history: history, newLabelledRows: rows), now: clock.now)
            switch try await decide(trigger, actions, answering: signals) {
            case .opened, .overtaken: break
            case .refused(.noNewData) where signal.kind == .schedule:
                // A time is not made up for when the data come: the next time asks again.
                logger.info("A schedule's time opened nothing.", metadata: ["trigger": "\(trigger.name)"])
                try await store.drop(oldest, for: trigger.name)
            case .refused: break
            }
        } catch {
            logger.warning(
                "A trigger could not be judged; trying again.",
                metadata: ["trigger": "\(trigger.name)", "error": "\(error)"]
            )
        }
    }

    /// The oldest signal, with the messages of the others.
    private static func joined(_ oldest: StandingSignal, _ signals: [StandingSignal]) -> LoopSignal {
        let others = signals.filter { $0.source != oldest.source }
        guard !others.isEmpty else { return oldest.signal }
        var evidence = oldest.signal.evidence
        evidence["also"] = .array(others.map { .string($0.signal.message) })
        return LoopSignal(kind: oldest.signal.kind, message: oldest.signal.message, evidence: evidence)
    }

    private enum Decision {
        case opened(LoopRecord)
        case refused(TriggerRefusal)
        case overtaken(any Error)
    }

    private func decide(
        _ trigger: TriggerSpec,
        _ actions: [TriggerStateMachine.Action],
        answering standing: [StandingSignal]
    ) async throws -> Decision {
        for case .open(let signal) in actions {
            do {
                let loop = try await store.open(trigger, signal: signal, answering: standing, now: clock.now)
                refusals[trigger.name] = nil
                onEntry(loop, loop.openingEntry)
                nudge()
                return .opened(loop)
            } catch let error as MartletError where error.code == .alreadyExists {
                return .overtaken(error)
            }
        }
        for case .refuse(let refusal) in actions {
            refusals[trigger.name] = refusal
            return .refused(refusal)
        }
        throw MartletError(.internal, "The trigger '\(trigger.name)' gave no answer.")
    }

    private func newLabelledRows(_ trigger: TriggerSpec, _ signal: LoopSignal) async throws -> Int {
        guard trigger.policy.needed(for: signal.kind) > 0 else { return 0 }
        let since = try await store.dataUsedUntil(trigger: trigger.name)
        return try await actions.newLabelledRows(trigger.model, trigger.alias, since)
    }
}
