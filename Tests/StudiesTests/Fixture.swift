import Core
import Sampling
import Storage
import Studies
import TestSupport
import Testing

/// A store over a database of the kind that the test is meant for.
struct Fixture {
    let database: Database
    let time = ManualClock()
    let store: StudyStore

    init() async throws {
        database = try await TestDatabase.current.open()
        try await database.migrate(StudyStore.migrations, now: time.now)
        store = StudyStore(database: database, clock: time.clock)
    }

    /// A second server on the same database.
    var other: StudyStore { StudyStore(database: database, clock: time.clock) }

    static func spec(_ text: String) throws -> StudySpec {
        try StudySpec(JSONFields(try JSONValue.parse(text)))
    }

    static let plain = #"""
        {"space": {"x": {"type": "float", "low": -5, "high": 5}, "n": {"type": "int", "low": 1, "high": 9},
                   "kind": {"type": "categorical", "choices": ["a", 2, true, null]}}}
        """#

    /// Makes `count` trials whose value is x².
    func run(_ name: String, _ count: Int) async throws {
        for _ in 0..<count {
            let (record, _) = try await store.ask(name)
            let x = record.trial.values[0]
            _ = try await store.tell(name, record.trial.number, .complete([x * x]))
        }
    }
}
