import Core
import Events
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Events: the stream", .overEveryDatabase)
struct EventLogTests {
    @Test("Events have places from 1 without holes, also when a write between them fails")
    func places() async throws {
        let fixture = try await EventFixture()
        try await fixture.happen()
        let (log, now) = (fixture.log, fixture.clock.now)
        await #expect(throws: MartletError.self) {
            try await fixture.database.write { connection in
                try log.append(connection, EventRecord(type: "lost", subject: "s", data: [:], at: now))
                throw MartletError(.internal, "undone")
            }
        }
        try await fixture.happen("martlet.loop.opened", "loops/1", ["loop": "1"])
        let page = try await fixture.log.page(after: 0)
        #expect(page.events.map(\.cursor) == [1, 2])
        #expect(page.events.map(\.record.type) == ["martlet.alias.moved", "martlet.loop.opened"])
        #expect(page.next == 2 && page.last == 2 && page.forgotten == 0 && !page.isMissing)
        #expect(page.events[1].record.data == ["loop": "1"])
        #expect(try await fixture.log.event(page.events[0].id) == page.events[0])
        #expect(try await fixture.log.page(after: nil).events.isEmpty)
        await #expect(throws: MartletError.self) { try await fixture.log.event("none") }
    }

    @Test("Pages go on where the one before ended, also past what was not wanted")
    func pages() async throws {
        let fixture = try await EventFixture()
        for number in 0..<10 {
            try await fixture.happen(number % 2 == 0 ? "martlet.loop.step" : "martlet.alias.moved", "loops/\(number)")
        }
        let wanted = try EventFilter(types: "martlet.loop.*", subject: nil)
        let first = try await fixture.log.page(after: 0, filter: wanted, limit: 3)
        #expect(first.events.map(\.cursor) == [1, 3, 5] && first.next == 5)
        let second = try await fixture.log.page(after: first.next, filter: wanted, limit: 3)
        #expect(second.events.map(\.cursor) == [7, 9] && second.next == 10)
        let alone = try await fixture.log.page(after: 0, filter: try EventFilter(types: nil, subject: "loops/4"))
        #expect(alone.events.map(\.cursor) == [5])
        let none = try await fixture.log.page(after: 0, filter: try EventFilter(types: "martlet.loop", subject: nil))
        #expect(none.events.isEmpty && none.next == 10)
        let backwards = try await fixture.log.newest(before: 8, filter: wanted, limit: 2)
        #expect(backwards.map(\.cursor) == [7, 5])
        #expect(try await fixture.log.newest(limit: 1).map(\.cursor) == [10])
        let error = await #expect(throws: MartletError.self) { try await fixture.log.page(after: 11) }
        #expect(error?.code == .failedPrecondition)
    }

    @Test("A filter in SQL and one in memory say the same")
    func filters() async throws {
        let fixture = try await EventFixture()
        let types = ["martlet.loop.step", "martlet.loop", "martlet.loopy", "Martlet.loop.step", "a%b"]
        let subjects = ["loops/1", "loops/12", "loops", "loops/é/1", "loops/_"]
        for type in types { for subject in subjects { try await fixture.happen(type, subject) } }
        let all = try await fixture.log.page(after: 0, limit: 100).events
        for filter in [
            try EventFilter(types: "martlet.loop.*", subject: nil),
            try EventFilter(types: "martlet.loop", subject: nil),
            try EventFilter(types: "martlet.loop,a%b", subject: "loops/*"), try EventFilter(types: "a_b", subject: nil),
            try EventFilter(types: nil, subject: "loops/é/*"), try EventFilter(types: "", subject: ""), EventFilter.all,
        ] {
            let found = try await fixture.log.page(after: 0, filter: filter, limit: 100).events
            #expect(found == all.filter { filter.matches($0.record) })
        }
        for text in ["*", "a.*.b", ",", ".*x", String(repeating: "a", count: EventsLimits.typeCharacters + 1)] {
            #expect(throws: MartletError.self, "\(text)") { try EventFilter(types: text, subject: nil) }
        }
        let most = Array(repeating: "a", count: EventsLimits.typePatterns).joined(separator: ",")
        #expect(try EventFilter(types: most, subject: nil).types.count == EventsLimits.typePatterns)
        #expect(throws: MartletError.self) { try EventFilter(types: most + ",a", subject: nil) }
        let longest = String(repeating: "a", count: EventsLimits.subjectCharacters)
        #expect(try EventFilter(types: nil, subject: longest).subject?.text == longest)
        #expect(throws: MartletError.self) { try EventFilter(types: nil, subject: longest + "a") }
    }

    @Test("What is too large or too long is cut, and the change that it tells of is made all the same")
    func bounds() async throws {
        let fixture = try await EventFixture()
        let room = EventsLimits.dataBytes - #"{"a":""}"#.utf8.count
        let fits = try await fixture.happen("t", "s", ["a": .string(String(repeating: "x", count: room))])
        #expect(fits.record.data["a"] != nil)
        let large = try await fixture.happen("t", "s", ["a": .string(String(repeating: "x", count: room + 1))])
        #expect(large.record.data == ["omitted_bytes": .int(EventsLimits.dataBytes + 1)])
        let long = try await fixture.happen(
            String(repeating: "t", count: EventsLimits.typeCharacters + 1),
            String(repeating: "s", count: EventsLimits.subjectCharacters + 1)
        )
        #expect(long.record.type.count == EventsLimits.typeCharacters)
        #expect(long.record.subject.count == EventsLimits.subjectCharacters)
        #expect(try await fixture.log.page(after: 0).events == [fits, large, long])
    }

    @Test("Old events and too many are forgotten; readers learn that something is missing, and places go on")
    func forgetting() async throws {
        let fixture = try await EventFixture()
        for _ in 0..<5 { try await fixture.happen() }
        fixture.clock.advance(by: .seconds(100))
        for _ in 0..<5 { try await fixture.happen() }
        #expect(try await fixture.log.forget(EventRetention(age: .seconds(1000), rows: 100)) == 0)
        #expect(try await fixture.log.forget(EventRetention(age: .seconds(50), rows: 100)) == 5)
        var page = try await fixture.log.page(after: 3)
        #expect(page.events.map(\.cursor) == [6, 7, 8, 9, 10] && page.isMissing && page.forgotten == 5)
        #expect(try await fixture.log.page(after: 5).isMissing == false)
        #expect(try await fixture.log.forget(EventRetention(age: .seconds(1000), rows: 2)) == 3)
        fixture.clock.advance(by: .seconds(2000))
        #expect(try await fixture.log.forget(EventRetention(age: .seconds(1), rows: 2)) == 2)
        page = try await fixture.log.page(after: 0)
        #expect(page.events.isEmpty && page.isMissing && page.next == 10)
        #expect(try await fixture.happen().cursor == 11)
        #expect(EventRetention().rows == EventsLimits.keptEvents)
        #expect(EventRetention().age == .seconds(EventsLimits.keptDays * 86_400))
    }

    @Test("A clock that went backwards does not make young events go with old ones")
    func clockBackwards() async throws {
        let fixture = try await EventFixture()
        let (log, now) = (fixture.log, fixture.clock.now)
        for offset in [0, 500, -500, 100] as [Int64] {
            try await fixture.database.write { connection in
                let at = now + .seconds(offset)
                try log.append(connection, EventRecord(type: "t", subject: "s", data: [:], at: at))
            }
        }
        #expect(try await fixture.log.forget(EventRetention(age: .seconds(-50), rows: 100)) == 1)
        #expect(try await fixture.log.page(after: 0).events.map(\.cursor) == [2, 3, 4])
    }

    @Test("Many writers, some of which fail, and a reader that looks all the time: it sees every event once, in order")
    func late() async throws {
        let fixture = try await EventFixture()
        let (log, now) = (fixture.log, fixture.clock.now)
        let writers = 8
        let each = 25
        let seen = try await withThrowingTaskGroup(of: [Int64]?.self) { group in
            let done = Done()
            for writer in 0..<writers {
                group.addTask { [database = fixture.database] in
                    for number in 0..<each {
                        _ = try? await database.write { connection in
                            try log.append(
                                connection,
                                EventRecord(type: "t", subject: "\(writer)/\(number)", data: [:], at: now)
                            )
                            if number % 5 == 4 { throw MartletError(.internal, "undone") }
                        }
                    }
                    done.add()
                    return nil
                }
            }
            group.addTask {
                var (seen, after): ([Int64], Int64) = ([], 0)
                while true {
                    let wasDone = done.count == writers
                    let page = try await log.page(after: after, limit: 7)
                    seen += page.events.map(\.cursor)
                    after = page.next
                    if wasDone, page.events.isEmpty { return seen }
                }
            }
            return try await group.reduce(into: [Int64]()) { $0 += $1 ?? [] }
        }
        #expect(seen == Array(1...Int64(writers * each * 4 / 5)))
    }

    @Test("Forgetting takes a bounded part at a time")
    func forgettingSlowly() async throws {
        let fixture = try await EventFixture()
        let (log, now) = (fixture.log, fixture.clock.now)
        let count = EventsLimits.forgottenAtOnce + 10
        try await fixture.database.write { connection in
            for _ in 0..<count {
                try log.append(connection, EventRecord(type: "t", subject: "s", data: [:], at: now))
            }
        }
        let retention = EventRetention(age: .seconds(1000), rows: 1)
        #expect(try await log.forget(retention) == EventsLimits.forgottenAtOnce)
        #expect(try await log.forget(retention) == 9)
        #expect(try await log.forget(retention) == 0)
    }
}

@Suite("Events: several servers")
struct EventServersTests {
    @Test("Two servers on one PostgreSQL database write one stream, and a reader of either sees all of it in order")
    func together() async throws {
        guard let url = try? TestDatabase.postgresURL(), !url.isEmpty else { return }
        let fresh = try await TestDatabase.freshSchema()
        let servers = try (0..<2).map { _ in try Database.open(postgres: fresh.url) }
        try await servers[0].migrate(EventLog.migrations)
        let logs = servers.map { EventLog(database: $0, workspace: "default") }
        let each = 50
        let seen = try await withThrowingTaskGroup(of: [Int64]?.self) { group in
            let done = Done()
            for (database, log) in zip(servers, logs) {
                group.addTask {
                    for _ in 0..<each {
                        try await database.write { connection in
                            try log.append(
                                connection,
                                EventRecord(type: "t", subject: "s", data: [:], at: Timestamp(milliseconds: 0))
                            )
                        }
                    }
                    done.add()
                    return nil
                }
            }
            group.addTask {
                var (seen, after): ([Int64], Int64) = ([], 0)
                while true {
                    let wasDone = done.count == 2
                    let page = try await logs[1].page(after: after, limit: 5)
                    seen += page.events.map(\.cursor)
                    after = page.next
                    if wasDone, page.events.isEmpty { return seen }
                }
            }
            return try await group.reduce(into: [Int64]()) { $0 += $1 ?? [] }
        }
        #expect(seen == Array(1...Int64(2 * each)))
        for database in servers { try await database.close() }
        try await TestDatabase.administer("DROP SCHEMA \(fresh.schema) CASCADE")
    }
}

/// How many have done their work.
private final class Done: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    func add() { state.withLock { $0 += 1 } }
}
