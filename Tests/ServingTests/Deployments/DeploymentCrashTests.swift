import Core
import Ledger
import Rollouts
import Serving
import Storage
import Synchronization
import TestSupport
import Testing

/// A server's life: so many steps (commits, questions to the registry, alias moves), then nothing works any more.
private final class Life: Sendable {
    private let left: Mutex<Int>

    init(steps: Int) { left = Mutex(steps) }

    /// Whether the server is dead; nothing that it does afterwards counts.
    var isOver: Bool { left.withLock { $0 <= 0 } }

    func step() throws {
        let lives = left.withLock { left in
            left -= 1
            return left > 0
        }
        if !lives { throw MartletError(.unavailable, "The server was killed.") }
    }

    /// The registry as this server reaches it: it may die before a question or a move, and right after one.
    func source(_ base: ModelSource) -> ModelSource {
        ModelSource(
            resolve: { model, alias in
                try self.step()
                return try await base.resolve(model, alias)
            },
            models: base.models,
            load: { model, version, settings in
                try self.step()
                return try await base.load(model, version, settings)
            },
            moveAlias: { model, alias, version in
                try self.step()
                try await base.moveAlias(model, alias, version)
                try self.step()
            }
        )
    }
}

@Suite("Deployments: a server killed at any moment does each thing once")
struct DeploymentCrashTests {
    /// What happens to version 2, and what must have come of it.
    private enum Story: CaseIterable {
        case wrong, good, undone, watchedAndWrong, aborted, movedBack, damaged
    }

    /// A deployment whose servers die one after the other.
    private final class World {
        let registry = TestRegistry()
        let database: Database
        let rollout: RolloutSpec
        var random: SeededGenerator
        var life = Life(steps: .max)
        var server: ServingHarness
        var deaths = 0
        /// Whether the present server lives on.
        var isLast = false

        init(_ rollout: RolloutSpec, seed: UInt64) async throws {
            random = SeededGenerator(seed: seed)
            self.rollout = rollout
            database = try Database.inMemory()
            try await database.migrate(LedgerStore.migrations + DeploymentStore.migrations)
            server = try await ServingHarness(registry: registry, database: database)
            registry.register(1, LinearRuntime(featureCount: 2))
            try await server.apply(rollout)
            try await boot()
        }

        /// Starts servers until one has come up; each has a short life, but for the last one.
        private func boot() async throws {
            while true {
                life = Life(steps: isLast || deaths > 12 ? .max : Int.random(in: 1...14, using: &random))
                let life = life
                server = try await ServingHarness(
                    registry: registry,
                    database: database,
                    at: server.time.now,
                    source: life.source(registry.source),
                    outbox: { _, _, _ in try life.step() }
                )
                do {
                    try await server.controller.start()
                } catch {
                    guard life.isOver else { throw error }
                }
                guard life.isOver else { return }
                deaths += 1
            }
        }

        /// A second of the server's work, with labelled requests if it answers; a dead server is replaced.
        func second(label: Bool = true) async throws {
            if label, server.table.all.first?.routing != nil {
                for index in 0..<12 {
                    let value: Float = index % 2 == 0 ? 2 : -2
                    let id = Identifier.random()
                    try await server.predict(id, [value, 0])
                    _ = try await server.ledger.feedback(id, label: .string(value > 0 ? "benign" : "malignant"))
                }
            }
            server.time.advance(by: .seconds(1))
            await server.controller.reconcileAll()
            await server.controller.look()
            if life.isOver {
                deaths += 1
                try await boot()
            }
        }

        /// Gives an order until it has come true, as a person would who sees that it did not.
        func order(_ command: RolloutCommand, until isDone: (DeploymentStatus) -> Bool) async throws {
            for _ in 0..<100 {
                if isDone(try await server.status()) { return }
                _ = try? await server.controller.command(command, "cancer", by: "eva")
                try await second(label: false)
            }
            throw MartletError(.internal, "'\(command.rawValue)' never came true")
        }

        func wait(_ what: String, until isDone: (DeploymentStatus) -> Bool) async throws {
            for _ in 0..<200 {
                if isDone(try await server.status()) { return }
                try await second()
            }
            throw MartletError(.internal, "waited in vain for \(what)")
        }

        /// Lets everything that was begun come to its end.
        func rest() async throws {
            for _ in 0..<4 { try await second(label: false) }
            isLast = true
            try await boot()
            for _ in 0..<2 { try await second(label: false) }
        }
    }

    private static func quick(window: Duration) -> RolloutSpec {
        var spec = RolloutSpec.quick
        spec.steps = [50, 100]
        spec.minimumSamples = 3
        spec.checks.quality?.minimumLabels = 8
        spec.rollbackWindow = window
        return spec
    }

    @Test("Every story, hundreds of times, with servers that die at any step of theirs")
    func everyStory() async throws {
        var deaths = 0
        for seed in 0..<UInt64(Self.runs) {
            for story in Story.allCases {
                deaths += try await tell(story, seed: seed)
            }
        }
        #expect(deaths > Self.runs * Story.allCases.count, "too few servers died to show anything")
    }

    /// Runs of each of the seven stories.
    private static let runs = 20

    /// Lives through a story and returns how many servers died in it.
    private func tell(_ story: Story, seed: UInt64) async throws -> Int {
        let window: Duration = story == .watchedAndWrong ? .seconds(3600) : seed % 2 == 0 ? .zero : .seconds(3)
        var rollout = Self.quick(window: window)
        if story == .watchedAndWrong { (rollout.strategy, rollout.steps) = (.allAtOnce, []) }
        let world = try await World(rollout, seed: seed)
        let isWrong = story == .wrong || story == .watchedAndWrong
        if story == .damaged {
            world.registry.register(2, failing: MartletError(.dataLoss, "The file 'model.json' is damaged."))
        } else {
            world.registry.register(2, LinearRuntime(featureCount: 2, slope: isWrong ? -1 : 1))
        }
        switch story {
        case .wrong, .damaged: try await world.wait("the rejection") { $0.rejections[2] != nil }
        case .watchedAndWrong: try await world.wait("the return") { $0.rejections[2] != nil && $0.stable == 1 }
        case .good: try await world.wait("the promotion") { $0.stable == 2 && $0.rollout?.machine.isActive == false }
        case .undone:
            try await world.wait("the promotion") { $0.stable == 2 }
            try await world.order(.rollback) { $0.stable == 1 }
        case .aborted:
            try await world.wait("the trial") { $0.candidate == 2 }
            try await world.order(.abort) { $0.rejections[2] != nil }
        case .movedBack:
            try await world.wait("the trial") { $0.candidate == 2 }
            world.registry.alias = 1
            try await world.wait("its end") { $0.candidate == nil }
        }
        try await world.rest()
        try await check(story, world, "story \(story), seed \(seed)")
        return world.deaths
    }

    private func check(_ story: Story, _ world: World, _ what: Comment) async throws {
        let store = world.server.store
        let notes = try await store.events("cancer", limit: 200).map(\.note)
        func count(_ text: String) -> Int { notes.count { $0.contains(text) } }
        let isRejected = ![.good, .movedBack].contains(story)
        let isPromoted = [.good, .undone, .watchedAndWrong].contains(story)
        #expect(try await world.server.status().stable == (story == .good ? 2 : 1), what)
        #expect(world.registry.alias == (story == .good ? 2 : 1), what)
        #expect(world.registry.state.withLock { $0.moves } == (isRejected ? [1] : []), what)
        #expect(count("moved back to version 1") == (isRejected ? 1 : story == .movedBack ? 1 : 0), what)
        #expect(try await store.rejections("cancer").keys.sorted() == (isRejected ? [2] : []), what)
        #expect(try await store.aliasMoves("cancer").isEmpty, what)
        #expect(count("is the stable version") == (isPromoted ? 1 : 0), what)
        let versions = try await store.revisions("cancer", limit: 9).map(\.version)
        #expect(versions == (story == .good ? [2, 1] : isPromoted ? [1, 2, 1] : [1]), what)
        #expect(try await store.rollouts("cancer", limit: 9).count == 1, what)
        let ends = count("rolled back: ") + count("returned from") + count("aborted: ")
        #expect(ends == (story == .good ? 0 : 1), what)
    }
}
