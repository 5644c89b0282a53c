import Core
import Logging

extension LoopService {
    /// Approves what waits, and the loop goes on.
    ///
    /// - Parameters:
    ///   - id: The loop.
    ///   - who: Who approves.
    ///   - comment: What they say; may be empty.
    /// - Returns: The loop.
    /// - Throws: `notFound`; `failedPrecondition` when nothing waits; `permissionDenied` for somebody who is not asked.
    package func approve(_ id: String, by who: String, comment: String = "") async throws -> LoopRecord {
        try await answer(id, by: who, .approved(by: who, comment: comment))
    }

    /// Refuses what waits, and the loop ends as rejected.
    ///
    /// - Parameters:
    ///   - id: The loop.
    ///   - who: Who refuses.
    ///   - comment: What they say; may be empty.
    /// - Returns: The loop.
    /// - Throws: `notFound`; `failedPrecondition` when nothing waits; `permissionDenied` for somebody who is not asked.
    package func reject(_ id: String, by who: String, comment: String = "") async throws -> LoopRecord {
        try await answer(id, by: who, .refused(by: who, comment: comment))
    }

    /// Cancels a loop in whatever state it is; what is under way is stopped before it ends.
    ///
    /// - Parameters:
    ///   - id: The loop.
    ///   - who: Who cancels.
    ///   - reason: Why; may be empty.
    /// - Returns: The loop, which is `cancelling` until what was under way has stopped.
    /// - Throws: `notFound`; `failedPrecondition` when it has ended or is being cancelled.
    package func cancel(_ id: String, by who: String, reason: String = "") async throws -> LoopRecord {
        try await intervene(id, .cancel(by: who, reason: reason)) { record in
            let state = record.progress.state
            guard state.isFinal || state == .cancelling else { return nil }
            return MartletError(.failedPrecondition, "The loop \(id) is \(state.title); there is nothing to cancel.")
        }
    }

    private func answer(_ id: String, by who: String, _ event: LoopStateMachine.Event) async throws -> LoopRecord {
        let now = clock.now
        return try await intervene(id, event) { record in
            let state = record.progress.state
            guard state == .awaitingApproval, let rule = record.trigger.approval else {
                return MartletError(
                    .failedPrecondition,
                    "The loop \(id) is \(state.title); nobody is asked to approve."
                )
            }
            if now - record.progress.enteredAt > rule.expires {
                return MartletError(.failedPrecondition, "The loop \(id) waited for approval until its time was over.")
            }
            return rule.objection(to: who, signal: record.signal).map { MartletError(.permissionDenied, $0) }
        }
    }

    /// Feeds an event from outside; a step under way that stores its result at the same moment goes first.
    private func intervene(
        _ id: String,
        _ event: LoopStateMachine.Event,
        objection: (LoopRecord) -> MartletError?
    ) async throws -> LoopRecord {
        for attempt in 1... {
            let record = try await store.loop(id)
            if let objection = objection(record) { throw objection }
            var machine = record.machine
            let actions = machine.handle(event, now: clock.now)
            do {
                let saved = try await commit(record, machine, actions)
                nudge()
                return saved
            } catch let error as MartletError where error.code == .failedPrecondition && attempt < 10 {
                continue
            }
        }
        throw MartletError(.unavailable, "The loop \(id) changes too fast; try again.")
    }

    /// Takes a call of a trigger's webhook: one that is signed, fresh and new has its signal stand.
    ///
    /// - Parameters:
    ///   - call: The call.
    ///   - name: The trigger.
    /// - Returns: Whether the delivery is new; one that was taken already changes nothing.
    /// - Throws: `notFound` for a trigger without webhook; `unauthenticated` for a call that is not signed, too old or from
    ///   the future; `failedPrecondition` when the server does not have the trigger's secret.
    package func receive(_ call: WebhookCall, for name: String) async throws -> Bool {
        guard let (secret, window) = try await store.triggers().first(where: { $0.name == name })?.webhook else {
            throw MartletError(.notFound, "There is no trigger '\(name.prefix(100))' with a webhook.")
        }
        let code: [UInt8]
        do {
            code = try await actions.authenticationCode(secret, call.signedBytes)
        } catch let error as MartletError where error.code == .notFound {
            throw MartletError(
                .failedPrecondition,
                "The server has no secret '\(secret)' for this webhook; set it with `martlet secret set`.",
                cause: error
            )
        }
        guard call.isSigned(with: code) else {
            throw MartletError(.unauthenticated, "The webhook's signature does not fit its id, timestamp and body.")
        }
        let now = clock.now
        let age = now - call.signedAt
        guard age <= window, age >= .zero - window else {
            throw MartletError(
                .unauthenticated,
                "The webhook was signed at \(call.signedAt.iso8601), more than \(window.components.seconds) s from now."
            )
        }
        let signal = LoopSignal(
            kind: .webhook,
            message: "The webhook of \(name) was called (delivery \(call.id)).",
            evidence: call.evidence
        )
        // A call may be signed a window ahead: it must be remembered until it is a window old.
        let isNew = try await store.receive(
            call.id,
            for: name,
            signal: signal,
            forgettingBefore: now - window - window - .seconds(1),
            now: now
        )
        if isNew { nudge() }
        return isNew
    }
}
