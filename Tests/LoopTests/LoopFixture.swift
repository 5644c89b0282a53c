import Core
import Logging
import Loop
import Storage
import TestSupport
import Testing

/// A database, a clock and a world; services come and go over them as processes do.
struct LoopFixture {
    static let definition: JSONObject = [
        "when": ["monitor": "cancer-drift"], "pipeline": "cancer-retraining", "parameters": ["trials": 3],
        "gate": ["metric": "accuracy"], "model": "cancer", "alias": "production", "cooldown": "60s", "budget": 3,
        "minimum_labelled": 10,
    ]

    let database: Database
    let store: LoopStore
    let clock: ManualClock
    let world: FakeWorld
    let trigger: TriggerSpec

    init(
        world: FakeWorld = FakeWorld(),
        with changes: JSONObject = [:],
        name: String = "cancer-retrain",
        over other: LoopFixture? = nil
    ) async throws {
        if let other {
            (database, clock) = (other.database, other.clock)
        } else {
            database = try await TestDatabase.current.open()
            clock = ManualClock()
            try await database.migrate(LoopStore.migrations)
            // Whoever hears of events writes them down in the same transaction.
            try await database.write { connection in
                try connection.execute("CREATE TABLE heard (loop_id TEXT NOT NULL, sequence BIGINT NOT NULL)")
            }
        }
        self.world = world
        store = LoopStore(database: database) { connection, loop, event in
            try world.storing()
            try connection.execute(
                "INSERT INTO heard (loop_id, sequence) VALUES (?, ?)",
                [.text(loop.id), .integer(event.sequence)]
            )
        }
        var definition = Self.definition
        for (key, value) in changes.pairs { definition[key] = value }
        trigger = try TriggerSpec(name: name, definition: .object(definition))
        try await store.save([trigger], now: clock.now)
    }

    /// A process that has just started.
    func service() -> LoopService {
        LoopService(
            store: store,
            actions: world.actions,
            clock: clock.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onEntry: { _, _ in world.stored() }
        )
    }

    /// A signal by hand.
    static let signal = LoopSignal(kind: .hand, message: "Fired by a test.", evidence: ["by": "ada"])

    /// Looks again and again, one second apart, until every loop is closed.
    func settle(_ service: LoopService, looks: Int = 100) async throws {
        for _ in 0..<looks {
            await service.advance()
            if try await store.openLoops().isEmpty { return }
            clock.advance(by: .seconds(1))
        }
        Issue.record("The loop did not come to an outcome in \(looks) looks.")
    }

    /// Looks again and again until the only open loop is in a state.
    func advance(_ service: LoopService, to state: LoopState) async throws {
        for _ in 0..<100 {
            if try await store.openLoops().first?.progress.state == state { return }
            await service.advance()
            clock.advance(by: .seconds(1))
        }
        Issue.record("The loop never was \(state.title).")
    }

    /// The sequence numbers that the outbox wrote down for a loop, in order.
    func heard(_ loop: String) async throws -> [Int64] {
        try await database.read { connection in
            try connection.query("SELECT sequence FROM heard WHERE loop_id = ? ORDER BY sequence", [.text(loop)])
                .map { try $0.int("sequence") }
        }
    }
}
