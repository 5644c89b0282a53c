import Core
import Logging
import Synchronization

extension TriggerService {
    /// Fires for what was written to the stream of events since the last look.
    ///
    /// The place in the stream is remembered after the events before it were answered: a server that is killed in between
    /// answers some again, and each answer finds its row.
    func lookAtEvents() async throws {
        guard var position = try await store.position() else {
            // Before anybody looked nothing was declared that could wait for an event.
            try await store.setPosition(try await actions.events(nil).next)
            return
        }
        while !Task.isCancelled {
            let page = try await actions.events(position)
            if page.isMissing {
                logger.warning("Events were forgotten before triggers had read them; they fire for none of those.")
            }
            guard page.next > position else { return }
            let waiting = try await waiting()
            for event in page.events { try await answer(event, waiting) }
            try await store.setPosition(page.next)
            position = page.next
            if page.events.count < TriggerLimits.eventPage { return }
        }
    }

    /// The triggers that wait for events, with when each was declared.
    private func waiting() async throws -> [(pipeline: String, PipelineTrigger, EventCondition, since: Timestamp)] {
        let triggers = known.withLock { $0.triggers }
        return try await store.standing().compactMap { row in
            guard row.pausedAt == nil, let trigger = triggers[row.pipeline]?[row.name],
                case .event(let condition) = trigger.kind
            else { return nil }
            return (row.pipeline, trigger, condition, row.declaredAt)
        }
    }

    private func answer(
        _ event: TriggerEvent,
        _ waiting: [(pipeline: String, PipelineTrigger, EventCondition, since: Timestamp)]
    ) async throws {
        for (pipeline, trigger, condition, since) in waiting {
            // A pipeline that answered what its own runs tell would never come to rest.
            let isOwn = event.subject.hasPrefix("pipelines/\(pipeline)/")
            guard event.at >= since, !isOwn, condition.matches(event) else { continue }
            var occasion = TriggerOccasion(
                pipeline: pipeline,
                trigger: trigger,
                key: "e:\(event.id)",
                logicalAt: event.at,
                kind: condition.noun.cause
            )
            occasion.event = event
            if case .refused(let error) = try await fire(occasion) {
                logger.warning(
                    "The trigger '\(trigger.name)' of the pipeline '\(pipeline)' could start no run for the event \(event.id): \(error)"
                )
            }
        }
    }
}

extension EventCondition.Noun {
    /// What runs say that they were started by.
    var cause: RunCause.Kind {
        switch self {
        case .dataset: .dataset
        case .model: .model
        case .drift: .drift
        case .event: .event
        }
    }
}
