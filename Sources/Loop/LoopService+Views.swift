package import Core

/// A trigger and what it is doing, for the console and the command line.
package struct TriggerStatus: Sendable, Equatable {
    /// The trigger as declared.
    package let trigger: TriggerSpec
    /// The standing signals that wait for the guards, the oldest first.
    package let signals: [StandingSignal]
    /// Why nothing was opened when it was asked last.
    package let refusal: TriggerRefusal?
    /// When a schedule fires it next; nil without one.
    package let nextFireAt: Timestamp?
    /// Its open loop.
    package let openLoop: String?

    /// The signal that has waited longest.
    package var waiting: LoopSignal? { signals.first?.signal }
}

/// A page of loops, newest first.
package struct LoopPage: Sendable, Equatable {
    /// The loops.
    package let loops: [LoopRecord]
    /// Asks for the page after this one; nil on the last page.
    package let nextPageToken: String?
}

extension LoopService {
    /// Refuses triggers whose outcome cannot be written back as they say.
    ///
    /// - Parameter triggers: the triggers of one manifest.
    /// - Throws: `invalidArgument` naming the field.
    package func check(_ triggers: [TriggerSpec]) async throws {
        for trigger in triggers {
            guard let gitops = trigger.gitops else { continue }
            try await actions.checkWriteBack(gitops, "triggers.\(trigger.name).gitops")
        }
    }

    /// Inserts or replaces triggers, all or none; open loops keep the trigger they were opened with.
    ///
    /// - Throws: what `check` throws.
    package func apply(_ triggers: [TriggerSpec]) async throws {
        try await check(triggers)
        try await store.save(triggers, now: clock.now)
    }

    /// Removes a trigger; its loops stay and finish.
    package func removeTrigger(_ name: String) async throws {
        try await store.removeTrigger(name)
        refusals[name] = nil
    }

    /// Every trigger with what it waits for, by name.
    package func triggers() async throws -> [TriggerStatus] {
        let signals = try await store.standingSignals()
        let places = try await store.places()
        let open = try await store.openLoops()
        return try await store.triggers().map { trigger in
            let times = trigger.conditions.compactMap { condition -> Timestamp? in
                guard case .schedule(let schedule) = condition,
                    let settled = places[trigger.name]?[condition.source].flatMap({ Int64($0) })
                else { return nil }
                return schedule.next(after: Timestamp(milliseconds: settled))
            }
            return TriggerStatus(
                trigger: trigger,
                signals: signals[trigger.name] ?? [],
                refusal: refusals[trigger.name],
                nextFireAt: times.min(),
                openLoop: open.first { $0.trigger.name == trigger.name }?.id
            )
        }
    }

    /// A page of loops, newest first.
    ///
    /// - Throws: `invalidArgument` for a limit out of range or a token that was not made here.
    package func loops(
        _ filter: LoopFilter = LoopFilter(),
        limit: Int = LoopLimits.defaultPageSize,
        pageToken: String? = nil
    ) async throws -> LoopPage {
        guard limit >= 1, limit <= LoopLimits.maximumPageSize else {
            throw MartletError(
                .invalidArgument,
                "'limit' must be between 1 and \(LoopLimits.maximumPageSize), but is \(limit)."
            )
        }
        let place = try pageToken.map { token in
            let fields = try JSONFields(try PageToken.decode(token), path: "page_token")
            return (openedAt: Timestamp(milliseconds: try fields.int("at")), id: try fields.string("id"))
        }
        let found = try await store.loops(filter, after: place, limit: limit + 1)
        let page = Array(found.prefix(limit))
        guard found.count > limit, let last = page.last else {
            return LoopPage(loops: page, nextPageToken: nil)
        }
        let token = PageToken.encode(["at": .integer(last.openedAt.milliseconds), "id": .string(last.id)])
        return LoopPage(loops: page, nextPageToken: token)
    }

    /// A loop with its timeline.
    package func loop(_ id: String) async throws -> LoopDetail {
        try await store.detail(id)
    }
}
