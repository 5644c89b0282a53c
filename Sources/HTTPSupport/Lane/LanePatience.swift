/// How long a connection may keep the server waiting, counted in ticks of `LaneLimits.tickSeconds`.
///
/// The clock is a tick, so that no request pays for a timer: each phase ends within its limit and one tick more.
package struct LanePatience: Equatable {
    /// What the server waits for.
    package enum Phase: Equatable {
        /// The next request, which may take its time.
        case request
        /// The rest of a head, whose first byte has come.
        case head
        /// More of a body.
        case body
        /// Nothing: the client waits for the server.
        case answer
    }

    private var phase = Phase.request
    private var ticks = 0

    /// A connection that has just been made.
    package init() {}

    /// Counts one tick; true when the connection has waited long enough.
    ///
    /// `hasMoved` says whether bytes came since the tick before.
    package mutating func tick(_ now: Phase, hasMoved: Bool) -> Bool {
        // A head must be complete in time, however its bytes trickle; a body may take long, but not stand still.
        if now != phase || (hasMoved && now != .head) {
            phase = now
            ticks = 0
            return false
        }
        ticks += 1
        return ticks >= Self.limit(now)
    }

    private static func limit(_ phase: Phase) -> Int {
        let tick = LaneLimits.tickSeconds
        switch phase {
        case .request: return LaneLimits.restSeconds / tick
        case .head: return LaneLimits.headSeconds / tick
        case .body: return LaneLimits.bodySeconds / tick
        case .answer: return .max
        }
    }
}
