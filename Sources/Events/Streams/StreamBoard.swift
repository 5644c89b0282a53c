package import Core

/// Who reads the stream live, and who must end: decided by times alone.
package struct StreamBoard: Sendable, Equatable {
    /// Why a stream ends before its reader goes.
    package enum Ending: String, Sendable, CaseIterable {
        /// The reader did not take what it was sent.
        case slow
        /// It has lasted as long as a stream may.
        case old
        /// The server stops.
        case stopping

        /// The sentence that the reader is told.
        package var message: String {
            switch self {
            case .slow:
                "The reader took longer than \(EventsLimits.slowSeconds) s for what it was sent. Resume with Last-Event-ID."
            case .old: "A stream lasts \(EventsLimits.streamSeconds) s. Resume with Last-Event-ID."
            case .stopping: "The server stops. Resume with Last-Event-ID when it is back."
            }
        }
    }

    private struct Reader: Equatable {
        let openedAt: Timestamp
        /// When it was given what it has not taken yet; nil while it waits.
        var writingSince: Timestamp?
    }

    private var readers: [UInt64: Reader] = [:]
    private var ended: [UInt64: Ending] = [:]
    private var nextID: UInt64 = 0
    /// Whether no stream may go on.
    package private(set) var isStopped = false

    /// Nobody reads.
    package init() {}

    /// How many streams are open.
    package var count: Int { readers.count }

    /// Opens a stream.
    ///
    /// - Parameter now: the time.
    /// - Returns: its number.
    /// - Throws: `resourceExhausted` when there are too many, `unavailable` when the server stops.
    package mutating func open(now: Timestamp) throws(MartletError) -> UInt64 {
        guard !isStopped else { throw MartletError(.unavailable, "The server stops.", retryAfterSeconds: 1) }
        guard readers.count < EventsLimits.streams else {
            throw MartletError(
                .resourceExhausted,
                "\(EventsLimits.streams) event streams are open already; close one, or ask for pages.",
                retryAfterSeconds: Int(EventsLimits.heartbeatSeconds)
            )
        }
        nextID += 1
        readers[nextID] = Reader(openedAt: now)
        return nextID
    }

    /// The reader has gone.
    package mutating func close(_ id: UInt64) {
        readers[id] = nil
        ended[id] = nil
    }

    /// The reader is given something, or has taken it.
    package mutating func mark(_ id: UInt64, isWriting: Bool, now: Timestamp) {
        readers[id]?.writingSince = isWriting ? now : nil
    }

    /// Why a stream must end; nil when it may go on.
    package func ending(of id: UInt64) -> Ending? {
        ended[id] ?? (isStopped ? .stopping : nil)
    }

    /// Ends streams whose time is over; a slow reader's place is free for another at once.
    package mutating func sweep(now: Timestamp) {
        for (id, reader) in readers {
            if let since = reader.writingSince, now - since > .seconds(EventsLimits.slowSeconds) {
                end(id, .slow)
            } else if now - reader.openedAt > .seconds(EventsLimits.streamSeconds) {
                end(id, .old)
            }
        }
    }

    /// Ends all streams and opens no more.
    package mutating func stop() {
        isStopped = true
    }

    private mutating func end(_ id: UInt64, _ ending: Ending) {
        guard ended[id] == nil else { return }
        ended[id] = ending
        // An old stream keeps its place until it has ended; it does so at once.
        if ending == .slow { readers[id] = nil }
    }
}
