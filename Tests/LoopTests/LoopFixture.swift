import Core
import Logging
import Loop
import Storage
import TestSupport
import Testing

/// A database, a clock and a world; services come and go over them as processes do.
struct LoopFixture {
    static let definition: JSONValue = [
        "when": ["monitor": "cancer-drift"], "pipeline": "cancer-retraining", "parameters": ["trials": 3],
        "gate": ["metric": "accuracy"], "model": "cancer", "alias": "production", "cooldown": "60s", "budget": 3,
        "minimum_labelled": 10,
    ]

    let store: LoopStore
    let clock = ManualClock()
    let world: FakeWorld

    init(world: FakeWorld = FakeWorld()) async throws {
        let database = try await TestDatabase.current.open()
        try await database.migrate(LoopStore.migrations)
        store = LoopStore(database: database)
        self.world = world
        let trigger = try TriggerSpec(name: "cancer-retrain", definition: Self.definition)
        try await store.save([trigger], now: clock.now)
    }

    /// A process that has just started.
    func service() -> LoopService {
        LoopService(store: store, actions: world.actions, clock: clock.clock, logger: Logger(label: "test"))
    }

    /// A signal by hand.
    static let signal = LoopSignal(kind: .hand, message: "Fired by a test.")

    /// Looks again and again, one second apart, until every loop is closed.
    func settle(_ service: LoopService, looks: Int = 100) async throws {
        for _ in 0..<looks {
            await service.advance()
            if try await store.openLoops().isEmpty { return }
            clock.advance(by: .seconds(1))
        }
        Issue.record("The loop did not come to an outcome in \(looks) looks.")
    }
}
