package import Core
package import Storage

/// The stream of what happened in a workspace, in its database.
///
/// An event is written in the transaction of what happened. Its number comes from one row, which every writer raises and
/// which nobody else can raise before that writer has committed: numbers become visible in their order and without holes,
/// over one server or several, so a reader that asks for what comes after a number never passes an event by.
package struct EventLog: Sendable {
    private let database: Database
    /// Where events come from, as CloudEvents name it.
    package let source: String
    private let clock: Clock

    /// The stream of a workspace; its migrations must have run.
    package init(database: Database, workspace: String, clock: Clock = .system) {
        self.database = database
        source = "/martlet/workspaces/\(workspace)"
        self.clock = clock
    }

    /// The tables.
    package static let migrations: [Migration] = [
        Migration(
            id: "events-0001",
            statements: [
                """
                CREATE TABLE event_log (
                    number BIGINT PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
                    at BIGINT NOT NULL, data TEXT NOT NULL)
                """,
                "CREATE INDEX event_log_by_time ON event_log (at)",
                // `forgotten` is the number of the last event that is no longer kept.
                """
                CREATE TABLE event_cursor (
                    name TEXT PRIMARY KEY, last_number BIGINT NOT NULL, forgotten BIGINT NOT NULL)
                """,
                "INSERT INTO event_cursor (name, last_number, forgotten) VALUES ('log', 0, 0)",
            ]
        )
    ]

    /// Writes an event, in the transaction of what happened: both are true, or neither.
    ///
    /// An event never makes the change fail that it tells of: data that is too large is left out, and long texts are cut.
    ///
    /// - Returns: the event with its place.
    /// - Throws: what the database throws.
    @discardableResult
    package func append(_ connection: Connection, _ record: EventRecord) throws -> StoredEvent {
        try connection.execute("UPDATE event_cursor SET last_number = last_number + 1 WHERE name = 'log'")
        guard let row = try connection.first("SELECT last_number FROM event_cursor WHERE name = 'log'") else {
            throw MartletError(.dataLoss, "The stream of events has lost its cursor; restore the database.")
        }
        let event = StoredEvent(
            cursor: try row.int("last_number"),
            id: Identifier.timeOrdered(now: record.at),
            record: Self.bounded(record)
        )
        try connection.execute(
            "INSERT INTO event_log (number, id, type, subject, at, data) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .integer(event.cursor), .text(event.id), .text(event.record.type), .text(event.record.subject),
                .integer(event.record.at.milliseconds), .text(JSONValue.object(event.record.data).description),
            ]
        )
        return event
    }

    private static func bounded(_ record: EventRecord) -> EventRecord {
        let size = JSONValue.object(record.data).serialized().count
        return EventRecord(
            type: String(record.type.prefix(EventsLimits.typeCharacters)),
            subject: String(record.subject.prefix(EventsLimits.subjectCharacters)),
            data: size <= EventsLimits.dataBytes ? record.data : ["omitted_bytes": .int(size)],
            at: record.at
        )
    }

    /// The events after a place, the oldest first.
    ///
    /// - Parameters:
    ///   - cursor: the place of the last event that is known; 0 for the beginning; nil for the present end.
    ///   - filter: which ones.
    ///   - limit: how many at most.
    /// - Returns: the page, and where to go on.
    /// - Throws: `failedPrecondition` for a place that the stream has not reached: the database is an older copy.
    package func page(
        after cursor: Int64?,
        filter: EventFilter = .all,
        limit: Int = EventsLimits.defaultPageSize
    ) async throws(MartletError) -> EventPage {
        let limit = min(max(limit, 1), EventsLimits.pageSize)
        let condition = filter.condition
        return try await database.read { connection in
            let (last, forgotten) = try Self.extent(connection)
            let after = cursor ?? last
            guard after <= last else {
                throw MartletError(
                    .failedPrecondition,
                    "The stream of events ends at \(last), before \(after): its database is an older copy. Begin again "
                        + "with 'after=0', or at its end without 'after'."
                )
            }
            let rows = try connection.query(
                "SELECT * FROM event_log WHERE number > ? AND \(condition.sql) ORDER BY number LIMIT ?",
                [.integer(after)] + condition.arguments + [.int(limit)]
            )
            let events = try rows.map(Self.event)
            let isFull = events.count == limit
            return EventPage(
                events: events,
                next: isFull ? events.last?.cursor ?? last : last,
                last: last,
                forgotten: forgotten,
                isMissing: after < forgotten
            )
        }
    }

    /// Events from the end backwards, for those who look and do not follow.
    ///
    /// - Parameters:
    ///   - cursor: only what is before this place; nil for the end.
    ///   - filter: which ones.
    ///   - limit: how many at most.
    /// - Returns: the events, the newest first.
    /// - Throws: what the database throws.
    package func newest(
        before cursor: Int64? = nil,
        filter: EventFilter = .all,
        limit: Int = EventsLimits.defaultPageSize
    ) async throws(MartletError) -> [StoredEvent] {
        let condition = filter.condition
        let limit = min(max(limit, 1), EventsLimits.pageSize)
        return try await database.read { connection in
            try connection.query(
                "SELECT * FROM event_log WHERE number < ? AND \(condition.sql) ORDER BY number DESC LIMIT ?",
                [.integer(cursor ?? .max)] + condition.arguments + [.int(limit)]
            ).map(Self.event)
        }
    }

    /// An event.
    ///
    /// - Throws: `notFound`.
    package func event(_ id: String) async throws(MartletError) -> StoredEvent {
        try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM event_log WHERE id = ?", [.text(id)]) else {
                throw MartletError(.notFound, "There is no event '\(id.prefix(80))', or it is not kept any more.")
            }
            return try Self.event(row)
        }
    }

    /// The place of the newest event.
    func last() async throws(MartletError) -> Int64 {
        try await database.read { try Self.extent($0).last }
    }

    /// Forgets what is too old or too much; a little at a time, so that other writes need not wait.
    ///
    /// - Returns: how many were forgotten.
    @discardableResult
    package func forget(_ retention: EventRetention) async throws(MartletError) -> Int {
        let oldest = clock.now - retention.age
        let isDue = try await database.read { connection in
            try Self.firstKept(connection, retention, oldest) > Self.extent(connection).forgotten + 1
        }
        guard isDue else { return 0 }
        return try await database.write { connection in
            let (_, forgotten) = try Self.extent(connection)
            let wanted = try Self.firstKept(connection, retention, oldest) - 1
            let through = min(wanted, forgotten + Int64(EventsLimits.forgottenAtOnce))
            guard through > forgotten else { return 0 }
            let count = try connection.execute("DELETE FROM event_log WHERE number <= ?", [.integer(through)])
            try connection.execute(
                "UPDATE event_cursor SET forgotten = ? WHERE name = 'log'",
                [.integer(through)]
            )
            return count
        }
    }

    /// The place of the oldest event that stays: everything from the first that is young enough, and no more than allowed.
    private static func firstKept(
        _ connection: Connection,
        _ retention: EventRetention,
        _ oldest: Timestamp
    ) throws -> Int64 {
        let last = try extent(connection).last
        let young = try connection.first(
            "SELECT MIN(number) AS number FROM event_log WHERE at >= ?",
            [.integer(oldest.milliseconds)]
        )
        return max(young?.optionalInt("number") ?? last + 1, last - Int64(retention.rows) + 1)
    }

    private static func extent(_ connection: Connection) throws -> (last: Int64, forgotten: Int64) {
        let row = try connection.first("SELECT last_number, forgotten FROM event_cursor WHERE name = 'log'")
        guard let row else {
            throw MartletError(.dataLoss, "The stream of events has lost its cursor; restore the database.")
        }
        return (try row.int("last_number"), try row.int("forgotten"))
    }

    private static func event(_ row: Row) throws -> StoredEvent {
        StoredEvent(
            cursor: try row.int("number"),
            id: try row.text("id"),
            record: EventRecord(
                type: try row.text("type"),
                subject: try row.text("subject"),
                data: try row.json("data").objectValue ?? [:],
                at: try row.timestamp("at")
            )
        )
    }
}

/// Some events of the stream, and where to go on.
package struct EventPage: Sendable, Equatable {
    /// The events, the oldest first.
    package let events: [StoredEvent]
    /// What to ask after next: also past events that were not wanted.
    package let next: Int64
    /// The place of the newest event.
    package let last: Int64
    /// The place of the newest event that is no longer kept; 0 while all are.
    package let forgotten: Int64
    /// Whether events between what was asked for and the oldest that is kept are gone.
    package let isMissing: Bool
}

/// How much of the stream is kept.
package struct EventRetention: Sendable, Equatable {
    /// How long events are kept.
    package var age: Duration
    /// How many are kept.
    package var rows: Int

    /// Keeps so much, by default `EventsLimits.keptDays` days and `EventsLimits.keptEvents` events.
    package init(
        age: Duration = .seconds(EventsLimits.keptDays * 86_400),
        rows: Int = EventsLimits.keptEvents
    ) {
        self.age = age
        self.rows = rows
    }
}
