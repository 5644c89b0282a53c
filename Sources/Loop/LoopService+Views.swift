import Core

/// A trigger and what it is doing, for the console and the command line.
package struct TriggerStatus: Sendable, Equatable {
    /// The trigger as declared.
    package let trigger: TriggerSpec
    /// The standing signal that waits for the guards.
    package let waiting: LoopSignal?
    /// Why it waits.
    package let refusal: TriggerRefusal?
}

/// A page of loops, newest first.
package struct LoopPage: Sendable, Equatable {
    /// The loops.
    package let loops: [LoopRecord]
    /// Asks for the page after this one; nil on the last page.
    package let nextPageToken: String?
}

extension LoopService {
    /// Inserts or replaces triggers, all or none; open loops keep the trigger they were opened with.
    package func apply(_ triggers: [TriggerSpec]) async throws {
        try await store.save(triggers, now: clock.now)
    }

    /// Removes a trigger; its loops stay and finish.
    package func removeTrigger(_ name: String) async throws {
        try await store.removeTrigger(name)
        machines[name] = nil
    }

    /// Every trigger with what it waits for, by name.
    package func triggers() async throws -> [TriggerStatus] {
        try await store.triggers().map { trigger in
            let machine = machines[trigger.name]
            return TriggerStatus(trigger: trigger, waiting: machine?.waiting, refusal: machine?.refusal)
        }
    }

    /// A page of loops, newest first.
    ///
    /// - Throws: `invalidArgument` for a limit out of range or a token that was not made here.
    package func loops(
        trigger: String? = nil,
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
        let found = try await store.loops(trigger: trigger, after: place, limit: limit + 1)
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
