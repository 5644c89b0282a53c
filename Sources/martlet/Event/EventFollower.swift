package import Core

/// What a follower of events does next: decided by what it is told, without any connection of its own.
package struct EventFollower: Sendable, Equatable {
    /// What is shown.
    package enum Shown: Sendable, Equatable {
        /// An event.
        case event(JSONValue)
        /// A word about the stream.
        case note(String)
    }

    /// How a connection ended.
    package enum Ending: Sendable, Equatable {
        /// The stream ended or broke off.
        case ended
        /// The server cannot be reached, or says that it is not able to answer now.
        case unreachable(String)
        /// The server refuses.
        case refused(MartletError.Code, String)
    }

    /// What is to be done after a connection ended.
    package enum Next: Sendable, Equatable {
        /// Connect again after a pause, saying this first.
        case again(after: Duration, note: String?)
        /// Give up.
        case fail(MartletError.Code, String)
    }

    /// The place after which the server is asked; nil for its end.
    package private(set) var place: Int64?
    /// Events that are still wanted; nil for any number.
    package private(set) var wanted: Int?
    private var wasConnected = false
    private var failures = 0

    /// A follower that begins after a place and ends after so many events.
    package init(place: Int64?, limit: Int?) {
        self.place = place
        wanted = limit
    }

    /// Whether everything that was wanted has been seen.
    package var isDone: Bool { wanted == 0 }

    /// The server answers.
    package mutating func connected() {
        wasConnected = true
        failures = 0
    }

    /// Takes a frame; what was seen before is not shown again.
    package mutating func take(_ frame: EventStreamParser.Frame) -> Shown? {
        let event = frame.data.flatMap { try? JSONValue.parse($0) }
        let id = frame.id.flatMap { Int64($0) }
        defer { if let id, id > place ?? -1 { place = id } }
        guard let type = frame.event, let event else { return nil }
        switch type {
        case "martlet.stream.missing":
            return .note("Some events are missing: they are not kept any more.")
        case "martlet.stream.end": return nil
        default:
            if let id, let place, id <= place { return nil }
            guard wanted != 0 else { return nil }
            wanted = wanted.map { $0 - 1 }
            return .event(event)
        }
    }

    /// Decides what follows the end of a connection.
    package mutating func handle(_ ending: Ending) -> Next {
        switch ending {
        case .ended:
            failures += 1
            return .again(after: pause, note: nil)
        case .unreachable(let message):
            // Who has never been connected has probably named the wrong server.
            guard wasConnected else { return .fail(.unavailable, message) }
            failures += 1
            return .again(after: pause, note: failures == 1 ? "The server is gone; waiting for it." : nil)
        case .refused(let code, let message): return .fail(code, message)
        }
    }

    private var pause: Duration {
        .milliseconds(min(500 << min(failures, 5), FollowLimits.pauseMilliseconds))
    }
}
