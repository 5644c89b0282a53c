import Core

/// One reader's live view of the stream: what it is sent next.
///
/// It reads a bounded part of the stream whenever the reader has taken the part before, so a reader that is slow costs no
/// memory. Its place among the open streams is freed when the last reference goes.
final class EventStream: Sendable {
    /// How events are written.
    typealias Form = @Sendable (StoredEvent) -> JSONValue

    private let feed: EventFeed
    private let id: UInt64
    private let filter: EventFilter
    private let form: Form

    /// Takes a place among the open streams.
    ///
    /// - Throws: `resourceExhausted` when there is none, `unavailable` when the server stops.
    init(feed: EventFeed, filter: EventFilter, form: @escaping Form) throws(MartletError) {
        id = try feed.open()
        self.feed = feed
        self.filter = filter
        self.form = form
    }

    deinit {
        feed.close(id)
    }

    /// A part of the stream; asked for the first before anything is answered, so that what cannot begin is refused.
    func start(after cursor: Int64?) async throws(MartletError) -> EventPage {
        try await feed.log.page(after: cursor, filter: filter, limit: EventsLimits.bufferedEvents)
    }

    /// Says that the reader is given something, or has taken it.
    func mark(isWriting: Bool) {
        feed.mark(id, isWriting: isWriting)
    }

    /// The stream's parts, one after the other.
    ///
    /// - Parameters:
    ///   - first: what `start` gave.
    ///   - cursor: where the reader was; nil when it did not say.
    /// - Returns: what gives the parts.
    func parts(first: EventPage, after cursor: Int64?) -> Parts {
        var opening = EventFrames.opening(at: cursor ?? first.last)
        if first.isMissing { opening += EventFrames.missing(after: cursor ?? 0, oldest: first.forgotten + 1) }
        opening += text(of: first)
        return Parts(stream: self, opening: opening, page: first)
    }

    private func text(of page: EventPage) -> String {
        var text = ""
        for event in page.events { text += EventFrames.event(event, form(event)) }
        // The reader resumes behind what it did not want.
        if !page.events.isEmpty, page.next != page.events.last?.cursor { text += EventFrames.place(page.next) }
        return text
    }

    /// What a reader is sent, part by part; it is asked for the next part when the reader has taken the one before.
    struct Parts {
        fileprivate let stream: EventStream
        fileprivate var opening: String?
        fileprivate var page: EventPage
        private var hasEnded = false

        fileprivate init(stream: EventStream, opening: String, page: EventPage) {
            self.stream = stream
            self.opening = opening
            self.page = page
        }

        /// The next part, for which it waits; nil when the stream has ended.
        mutating func next() async throws(MartletError) -> String? {
            if hasEnded { return nil }
            if let text = opening {
                opening = nil
                return text
            }
            while true {
                if let ending = stream.feed.ending(of: stream.id) { return end(ending) }
                let isBehind = page.next < page.last
                switch isBehind ? .events : await stream.feed.wait(stream.id, past: page.next) {
                case .silence: return EventFrames.heartbeat(at: page.next)
                case .ending(let ending): return end(ending)
                case .events:
                    let before = page.next
                    page = try await stream.start(after: before)
                    let missing =
                        page.isMissing ? EventFrames.missing(after: before, oldest: page.forgotten + 1) : ""
                    let text = missing + stream.text(of: page)
                    if !text.isEmpty { return text }
                }
            }
        }

        private mutating func end(_ ending: StreamBoard.Ending) -> String {
            hasEnded = true
            return EventFrames.ending(ending)
        }
    }
}
