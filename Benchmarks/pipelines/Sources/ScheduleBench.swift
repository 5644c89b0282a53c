import Core
import Foundation
import Logging
import Pipelines
import Schedules
import Storage
import Synchronization

/// What a look at 200 schedules costs: the times alone, and a whole tick of the service over its database.
struct ScheduleBench: Sendable {
    /// How many schedules there are.
    static let schedules = 200
    private static let zones = [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC",
        "Pacific/Apia", "America/St_Johns",
    ]

    /// Measures both.
    ///
    /// - Returns: milliseconds a look, over `count` looks each.
    static func run(count: Int = 300) async throws -> JSONValue {
        [
            "schedules": .int(schedules), "look_ms": try look(count), "tick_ms": try await tick(count),
            "tick_firing_ms": try await tick(30, firing: true),
        ]
    }

    private static func line(_ number: Int) -> String {
        [
            "\(number % 60) \(number % 24) * * *", "*/\(number % 29 + 1) * * * *", "\(number % 60) 3 * * 1-5",
            "0 0 L * *",
        ][number % 4]
    }

    /// The times alone: what is due and what comes next, for every schedule.
    private static func look(_ count: Int) throws -> JSONValue {
        let tables = try (0..<schedules).map { number in
            Timetable.cron(try CronSchedule(line(number), zone: zones[number % zones.count]))
        }
        var now = Clock.system.now
        var settled = Array(repeating: now, count: schedules)
        var (times, due) = ([Double](), 0)
        for _ in 0..<count {
            let before = now
            now = now + .seconds(30)
            let start = Clock.monotonicNanoseconds
            for (place, table) in tables.enumerated() {
                let look = table.due(settled: settled[place], looked: before, now: now, rule: .last)
                settled[place] = look.settled
                due += look.due.count
            }
            times.append(Double(Clock.monotonicNanoseconds - start) / 1e6)
        }
        guard due > 0 else { throw MartletError(.internal, "Nothing was due.") }
        return Figures.of(times)
    }

    /// A tick of the service: rows are read from a database file, and with `firing` a tenth of the schedules start a run.
    private static func tick(_ count: Int, firing: Bool = false) async throws -> JSONValue {
        let root = ProcessInfo.processInfo.environment["BENCH_DIRECTORY"] ?? FileManager.default.temporaryDirectory.path
        let directory = "\(root)/martlet-bench-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let database = try Database.open(path: directory + "/martlet.db")
        try await database.migrate(PipelineStore.migrations + TriggerStore.migrations)
        // A clock that is moved by hand, from the beginning of a year on.
        let time = Mutex(Timestamp(milliseconds: 1_767_225_600_000))
        let clock = Clock(now: { time.withLock { $0 } }, sleep: { try await Task.sleep(for: $0) })
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let pipelines = PipelineService(
            store: PipelineStore(database: database, clock: clock),
            steps: [],
            configuration: PipelineConfiguration(workDirectory: directory + "/tasks"),
            clock: clock,
            logger: logger
        )
        try await pipelines.apply(
            try PipelineSpec.parseSection(.object(section(firing)), steps: []),
            directory: directory
        )
        let service = TriggerService(
            store: TriggerStore(database: database, clock: clock),
            pipelines: pipelines,
            actions: TriggerActions(
                events: { after in TriggerEventPage(events: [], next: after ?? 0, isMissing: false) },
                secrets: { _ in [:] }
            ),
            clock: clock,
            logger: logger
        )
        await service.tick()
        time.withLock { $0 = $0 + .seconds(3) }
        await service.tick()
        var times: [Double] = []
        for _ in 0..<count {
            time.withLock { $0 = $0 + (firing ? .seconds(60) : .milliseconds(100)) }
            let start = Clock.monotonicNanoseconds
            await service.tick()
            times.append(Double(Clock.monotonicNanoseconds - start) / 1e6)
        }
        try await database.close()
        return Figures.of(times)
    }

    /// Twenty pipelines with ten schedules each.
    private static func section(_ firing: Bool) -> JSONObject {
        var section = JSONObject()
        for pipeline in 0..<20 {
            var triggers = JSONObject()
            for trigger in 0..<10 {
                let number = pipeline * 10 + trigger
                let text = firing && trigger == 0 ? "* * * * *" : "\(number % 60) \(number % 24) 1 6 *"
                triggers["t\(trigger)"] = [
                    "cron": ["expression": .string(text), "timezone": .string(zones[number % zones.count])]
                ]
            }
            section["p\(pipeline)"] = ["tasks": ["only": ["run": ["true"]]], "triggers": .object(triggers)]
        }
        return section
    }
}
