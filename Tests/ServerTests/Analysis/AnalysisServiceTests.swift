import Core
import Rollouts
import Server
import Storage
import Synchronization
import TestSupport
import Testing

/// The shell: it answers at once, measures beside, and keeps its counts over a restart.
@Suite("Analysis: service", .overEveryDatabase)
struct AnalysisServiceTests {
    private final class Meter: Sendable {
        let taken = Mutex<[MeasurementKind]>([])
        let answer = Mutex<@Sendable () async throws -> ExternalMeasurement>({
            ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), value: 0.01)
        })

        func set(_ body: @escaping @Sendable () async throws -> ExternalMeasurement) {
            answer.withLock { $0 = body }
        }

        var taker: MeasurementTaker {
            { [self] kind, _, memory in
                taken.withLock { $0.append(kind) }
                var memory = memory
                memory["looks"] = .integer((memory["looks"]?.integerValue ?? 0) + 1)
                return (try await answer.withLock { $0 }(), memory)
            }
        }
    }

    private struct Fixture {
        let clock = ManualClock(now: MeasurementSeriesTests.start)
        let meter = Meter()
        let database: Database

        init() async throws {
            database = try await TestDatabase.current.open()
            try await database.migrate(AnalysisStore.migrations, now: clock.now)
        }

        func service() -> AnalysisService {
            AnalysisService(database: database, clock: clock.clock, take: meter.taker)
        }

        func question(_ checks: RolloutChecks? = nil) -> RolloutQuestion {
            let standard = RolloutChecks(prometheus: [MeasurementSeriesTests.check(count: 3)])
            return RolloutMeasurementsTests.question(checks ?? standard, now: clock.now)
        }
    }

    @Test("A question is answered with what is known, and begins what is measured")
    func asked() async throws {
        let fixture = try await Fixture()
        let service = fixture.service()
        #expect(await service.measurements(fixture.question()).isEmpty)
        await service.measureDue()
        let known = await service.measurements(fixture.question())
        #expect(known["prometheus/errors"]?.tally?.passed == 1)
        #expect(known["prometheus/errors"]?.value == 0.01)
        #expect(await service.measurements(fixture.question(RolloutChecks())).isEmpty)
    }

    @Test("A restart loses no count, and an error counts with its words")
    func restart() async throws {
        let fixture = try await Fixture()
        for round in 1...2 {
            // A service of its own each time, as after a restart.
            let service = fixture.service()
            _ = await service.measurements(fixture.question())
            await service.measureDue()
            let known = await service.measurements(fixture.question())
            #expect(known["prometheus/errors"]?.tally?.passed == round)
            fixture.clock.advance(by: .seconds(10))
        }
        fixture.meter.set { throw MartletError(.unavailable, "The Prometheus server cannot be connected to.") }
        let service = fixture.service()
        #expect(await service.measurements(fixture.question())["prometheus/errors"]?.tally?.passed == 2)
        await service.measureDue()
        let told = await service.measurements(fixture.question())["prometheus/errors"]
        #expect(told?.isError == true)
        #expect(told?.message == "The Prometheus server cannot be connected to.")
        #expect(told?.tally?.errorsInARow == 1)
        #expect(told?.tally?.passed == 2)
        let listed = try await service.list("cancer", limit: 10)
        #expect(listed.count == 1)
        #expect(listed.first?["name"] == "prometheus/errors")
        #expect(listed.first?["latest"]?["is_error"] == true)
        #expect(try await service.list("lung", limit: 10).isEmpty)
    }

    @Test("Without its stored counts nothing is said")
    func unreadable() async throws {
        let fixture = try await Fixture()
        let service = fixture.service()
        _ = await service.measurements(fixture.question())
        await service.measureDue()
        try await fixture.database.write { connection in
            try connection.execute("UPDATE rollout_measurements SET series = '{}'")
        }
        let next = fixture.service()
        #expect(await next.measurements(fixture.question()).isEmpty)
        await next.measureDue()
        #expect(fixture.meter.taken.withLock { $0.count } == 1)
    }

    @Test("No more are under way at once than the limit")
    func bounded() async throws {
        let fixture = try await Fixture()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (arrived, signal) = AsyncStream.makeStream(of: Void.self)
        fixture.meter.set {
            signal.yield()
            for await _ in gate {}
            return ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), value: 0)
        }
        var checks = RolloutChecks()
        for index in 0..<(AnalysisLimits.concurrent + 2) {
            var check = MeasurementSeriesTests.check()
            check.external.name = "c\(index)"
            checks.prometheus.append(check)
        }
        let service = fixture.service()
        _ = await service.measurements(fixture.question(checks))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await service.measureDue() }
            var count = 0
            for await _ in arrived {
                count += 1
                if count == AnalysisLimits.concurrent { break }
            }
            await service.measureDue()
            #expect(fixture.meter.taken.withLock { $0.count } == AnalysisLimits.concurrent)
            open.finish()
        }
        await service.measureDue()
        #expect(fixture.meter.taken.withLock { $0.count } == AnalysisLimits.concurrent + 2)
    }

    @Test("A message is cut at its limit")
    func message() async throws {
        let fixture = try await Fixture()
        fixture.meter.set {
            throw MartletError(.unavailable, String(repeating: "x", count: AnalysisLimits.messageCharacters + 1))
        }
        let service = fixture.service()
        _ = await service.measurements(fixture.question())
        await service.measureDue()
        let told = await service.measurements(fixture.question())["prometheus/errors"]
        #expect(told?.message.count == AnalysisLimits.messageCharacters)
    }

    @Test("What is older than the limit is forgotten when something is stored")
    func kept() async throws {
        let fixture = try await Fixture()
        for days in [0, AnalysisLimits.keptDays, 1] {
            fixture.clock.advance(by: .seconds(days * 86_400))
            let service = fixture.service()
            var question = fixture.question()
            question.rollout = "r\(fixture.clock.now.milliseconds)"
            _ = await service.measurements(question)
            await service.measureDue()
            #expect(try await service.list("cancer", limit: 10).count == (days == 0 ? 1 : 2))
        }
    }

    @Test("What is due is measured at the next tick")
    func ticks() async throws {
        let fixture = try await Fixture()
        let service = fixture.service()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            while fixture.meter.taken.withLock(\.isEmpty) {
                _ = await service.measurements(fixture.question())
                fixture.clock.advance(by: .milliseconds(AnalysisLimits.tickMilliseconds))
                try? await Task.sleep(for: .milliseconds(1))
            }
            group.cancelAll()
        }
        #expect(fixture.meter.taken.withLock { $0.count } >= 1)
    }
}
