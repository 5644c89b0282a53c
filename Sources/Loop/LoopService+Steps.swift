import Core
import Logging

extension LoopService {
    /// Takes one loop as far as it goes without waiting; a failure to store is logged and met again at the next look.
    func advance(_ loop: LoopRecord) async {
        guard advancing.insert(loop.id).inserted else { return }
        defer { advancing.remove(loop.id) }
        do {
            var record = loop
            for _ in 0..<LoopLimits.maximumStepsPerLook {
                let next = try await step(record)
                guard next != record else { return }
                record = next
            }
        } catch is CancellationError {
            // The server drains: the record stands where it stood and the next start continues there.
        } catch let error as MartletError where error.code == .failedPrecondition {
            // Somebody cancelled or approved meanwhile, or another server leads: the next look reads what is true.
            logger.info("A loop was changed during its step.", metadata: ["loop": "\(loop.id)"])
        } catch {
            logger.error("A loop's step was not stored.", metadata: ["loop": "\(loop.id)", "error": "\(error)"])
        }
    }

    /// One tick: what the machine asks for is performed, and each result is stored before the next effect.
    private func step(_ loop: LoopRecord) async throws -> LoopRecord {
        var record = loop
        var machine = record.machine
        var actions = machine.handle(.tick, now: clock.now)
        while true {
            record = try await commit(record, machine, actions)
            guard let effect = actions.lazy.compactMap(\.effect).first else { return record }
            let event = try await Self.perform(effect, for: record, self.actions, logger)
            actions = machine.handle(event, now: clock.now)
        }
    }

    func commit(
        _ record: LoopRecord,
        _ machine: LoopStateMachine,
        _ actions: [LoopStateMachine.Action]
    ) async throws -> LoopRecord {
        let entries = actions.compactMap(\.entry)
        guard machine.progress != record.progress || !entries.isEmpty else { return record }
        let saved = try await store.save(record, machine.progress, entries: entries, now: clock.now)
        for entry in entries {
            onEntry(saved, entry)
        }
        return saved
    }

    /// Performs one effect away from the actor, since a gate may compute for a while.
    @concurrent
    private static func perform(
        _ effect: LoopStateMachine.Effect,
        for record: LoopRecord,
        _ actions: LoopActions,
        _ logger: Logger
    ) async throws -> LoopStateMachine.Event {
        do {
            return try await result(of: effect, for: record, actions)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            let failure = MartletError.wrapping(error)
            logger.warning("A loop's step failed.", metadata: ["loop": "\(record.id)", "error": "\(failure)"])
            return .effectFailed(message: failure.message, transient: isTransient(failure.code))
        }
    }

    @concurrent
    private static func result(
        of effect: LoopStateMachine.Effect,
        for record: LoopRecord,
        _ actions: LoopActions
    ) async throws -> LoopStateMachine.Event {
        let trigger = record.trigger
        switch effect {
        case .startPipeline(let key):
            let order = TrainingOrder(
                pipeline: trigger.pipeline,
                parameters: trigger.parameters,
                model: trigger.model,
                alias: trigger.alias,
                signal: record.signal,
                idempotencyKey: key
            )
            return .pipelineStarted(runID: try await actions.startPipeline(order))
        case .readPipeline(let runID):
            return .pipeline(try await actions.pipelineProgress(runID))
        case .judge(let outputs):
            let question = GateQuestion(
                loopID: record.id,
                candidate: outputs,
                model: trigger.model,
                alias: trigger.alias,
                rule: trigger.gate
            )
            let figures = try await actions.gateFigures(question)
            return .judged(trigger.gate.judge(figures), champion: figures.championVersion)
        case .register(let outputs, let key):
            return .registered(version: try await actions.register(trigger.model, outputs, key))
        case .readRollout(let version):
            return .rollout(try await actions.rolloutProgress(trigger.model, trigger.alias, version))
        case .startRollout(let version, let champion):
            let order = RolloutOrder(model: trigger.model, alias: trigger.alias, version: version, champion: champion)
            return .rolloutStart(try await actions.startRollout(order))
        case .undo:
            return .undone(try await actions.undo(record.undoOrder))
        case .writeBack(let version):
            guard let order = record.writeBack(version: version) else {
                throw MartletError(.failedPrecondition, "The trigger names no repository.")
            }
            return .wroteBack(try await actions.writeBack(order))
        }
    }

    /// Whether a repeat may help.
    ///
    /// An unknown failure counts as transient; the number of repeats is bounded anyway.
    private static func isTransient(_ code: MartletError.Code) -> Bool {
        switch code {
        case .unavailable, .deadlineExceeded, .resourceExhausted, .storageFull, .cancelled, .internal: true
        case .invalidArgument, .notFound, .alreadyExists, .failedPrecondition, .permissionDenied, .unauthenticated,
            .payloadTooLarge, .unsupportedMediaType, .unimplemented, .dataLoss:
            false
        }
    }
}

extension LoopStateMachine.Action {
    fileprivate var effect: LoopStateMachine.Effect? {
        if case .perform(let effect) = self { effect } else { nil }
    }

    fileprivate var entry: LoopStateMachine.Entry? {
        if case .record(let entry) = self { entry } else { nil }
    }
}
