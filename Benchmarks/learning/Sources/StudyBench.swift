import Core
import Sampling
import Storage
import Studies

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a trial costs when it is stored: ask and tell of five numbers, each durable before the next begins.
enum StudyBench {
    /// Prints the median time per trial in milliseconds by how many trials there were, and the disk's own share.
    static func run() async throws {
        var template = Array("/tmp/martlet-studies-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MartletError(.unavailable, "There is no temporary folder.") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { remove(folder) }
        let database = try Database.open(path: folder + "/studies.db")
        try await database.migrate(StudyStore.migrations, now: Clock.system.now)
        let store = StudyStore(database: database, clock: .system)
        var figures = JSONObject()
        figures["commit_ms"] = .number(try await commit(database))
        for sampler in ["random", "tpe"] {
            figures[sampler] = try await measure(store, sampler)
        }
        try await database.close()
        print(JSONValue.object(figures).description)
    }

    /// What one durable write of one row costs.
    private static func commit(_ database: Database) async throws -> Double {
        try await database.write { try $0.execute("CREATE TABLE probe (n BIGINT NOT NULL)") }
        var times: [Double] = []
        let clock = ContinuousClock()
        for _ in 0..<200 {
            let start = clock.now
            try await database.write { try $0.execute("INSERT INTO probe VALUES (1)") }
            times.append((clock.now - start) / .milliseconds(1))
        }
        return MemoryBench.median(times[...])
    }

    private static func measure(_ store: StudyStore, _ sampler: String) async throws -> JSONValue {
        let numbers = (0..<5).map { ("x\($0)", ParameterDistribution.float(low: 0, high: 1)) }
        let kind = SamplerSpec.Kind(rawValue: sampler) ?? .tpe
        let spec = StudySpec(space: try SearchSpace(numbers), sampler: SamplerSpec(kind))
        _ = try await store.create(sampler, spec, owner: "bench")
        var times: [Double] = []
        let clock = ContinuousClock()
        for _ in 0..<1000 {
            let start = clock.now
            let trial = try await store.ask(sampler).trial.trial
            let value = trial.values.reduce(0) { $0 + $1 * $1 }
            _ = try await store.tell(sampler, trial.number, .complete([value]))
            times.append((clock.now - start) / .milliseconds(1))
        }
        return [
            "trials_10_100": .number(MemoryBench.median(times[10..<100])),
            "trials_90_100": .number(MemoryBench.median(times[90..<100])),
            "trials_900_1000": .number(MemoryBench.median(times[900..<1000])),
        ]
    }

    private static func remove(_ folder: String) {
        for suffix in ["", "-wal", "-shm"] { unlink(folder + "/studies.db" + suffix) }
        rmdir(folder)
    }
}
