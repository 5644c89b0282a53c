import Core
import Foundation
import Logging
import Pipelines
import Storage

/// A service over a database file and a work directory of its own.
struct BenchServer: Sendable {
    let service: PipelineService
    let directory: String

    /// Opens the database and declares one pipeline `p`.
    init(_ pipeline: JSONValue, steps: [BuiltinStep], parallel: Int) async throws {
        let root = ProcessInfo.processInfo.environment["BENCH_DIRECTORY"] ?? FileManager.default.temporaryDirectory.path
        directory = "\(root)/martlet-bench-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let database = try Database.open(path: directory + "/martlet.db")
        try await database.migrate(PipelineStore.migrations)
        let store = PipelineStore(database: database, clock: .system)
        let configuration = PipelineConfiguration(workDirectory: directory + "/tasks", parallelTasks: parallel)
        service = PipelineService(
            store: store,
            steps: steps,
            configuration: configuration,
            clock: .system,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
        try await service.apply(try PipelineSpec.parseSection(["p": pipeline], steps: steps), directory: directory)
    }

    /// Runs `body` while the service works, and removes everything.
    func serving<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            let result = try await body()
            group.cancelAll()
            return result
        }
    }
}

/// What a run of figures says.
enum Figures {
    /// The middle and the ends of measured times, in milliseconds.
    static func of(_ times: [Double]) -> JSONValue {
        let sorted = times.sorted()
        func at(_ share: Double) -> JSONValue {
            guard !sorted.isEmpty else { return .null }
            return .number(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
        }
        return ["p50": at(0.5), "p99": at(0.99), "max": at(1), "count": .int(sorted.count)]
    }

    /// Bytes that the process has in memory; 0 where the system does not say.
    static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let words = text.split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
    }

    /// Milliseconds of processor time that the process has used.
    static func processorMilliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
    }
}
