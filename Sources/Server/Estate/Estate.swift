import Core
import HTTPSupport
import Logging
import ServiceLifecycle
import Synchronization

/// Every workspace of a server: one house each, opened when it is first needed and run until the server stops.
///
/// The streams of wishes are bounded by the number of workspaces that the accounts' database may hold.
final class Estate: Sendable {
    /// A house that is open.
    struct Open: Sendable {
        let house: House
        let front: HouseFront
    }

    /// Builds the house of a workspace.
    typealias Builder = @Sendable (_ workspace: String) async throws -> Open

    private struct State {
        var open: [String: Open] = [:]
        var groups: [String: ServiceGroup] = [:]
        var waiting: [String: [CheckedContinuation<Open, any Error>]] = [:]
        var isStopping = false
    }

    /// The house of the workspace `default`, which every server has.
    let main: Open
    private let state: Mutex<State>
    private let build: Builder
    private let logger: Logger
    private let wishes: AsyncStream<String>
    private let wish: AsyncStream<String>.Continuation
    private let leavers: AsyncStream<ServiceGroup>
    private let leave: AsyncStream<ServiceGroup>.Continuation

    /// An estate of one house; `build` makes the others.
    init(main: Open, logger: Logger, build: @escaping Builder) {
        self.main = main
        self.logger = logger
        self.build = build
        state = Mutex(State(open: [Principal.defaultWorkspace: main]))
        (wishes, wish) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        (leavers, leave) = AsyncStream.makeStream(of: ServiceGroup.self, bufferingPolicy: .unbounded)
    }

    /// The house of a workspace if it is open; answers at once.
    func open(_ workspace: String) -> Open? {
        state.withLock { $0.open[workspace] }
    }

    /// Every open house by its workspace.
    var all: [(workspace: String, open: Open)] {
        state.withLock { state in state.open.map { ($0.key, $0.value) } }.sorted { $0.workspace < $1.workspace }
    }

    /// The house of a workspace that is known to exist, opened if need be.
    ///
    /// - Throws: what went wrong when its database or artifacts were opened, `unavailable` while the server stops.
    func house(of workspace: String) async throws -> Open {
        if let open = open(workspace) { return open }
        return try await withCheckedThrowingContinuation { continuation in
            enum Next { case wait, ask, take(Open), refuse }
            let next = state.withLock { state -> Next in
                if let open = state.open[workspace] { return .take(open) }
                if state.isStopping { return .refuse }
                state.waiting[workspace, default: []].append(continuation)
                return state.waiting[workspace]?.count == 1 ? .ask : .wait
            }
            switch next {
            case .wait: break
            case .ask: wish.yield(workspace)
            case .take(let open): continuation.resume(returning: open)
            case .refuse: continuation.resume(throwing: Self.stopping)
            }
        }
    }

    private static let stopping = MartletError(.unavailable, "The server is stopping; try again.")

    /// Opens what is wished for, one after the other, and runs every house until the server stops.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.serve(Principal.defaultWorkspace, self.main) }
            group.addTask {
                for await leaving in self.leavers.cancelOnGracefulShutdown() { await leaving.triggerGracefulShutdown() }
            }
            for await workspace in wishes.cancelOnGracefulShutdown() {
                guard let open = await opened(workspace) else { continue }
                group.addTask { try await self.serve(workspace, open) }
            }
            stop()
        }
    }

    /// Has a workspace's house opened soon.
    func ask(for workspace: String) {
        let isFirst = state.withLock { state in
            guard state.waiting[workspace] == nil else { return false }
            state.waiting[workspace] = []
            return true
        }
        if isFirst { wish.yield(workspace) }
    }

    /// Opens a house and tells those who wait; nil when it is open already or cannot be opened.
    private func opened(_ workspace: String) async -> Open? {
        guard open(workspace) == nil else { return nil }
        let result: Result<Open, any Error>
        do {
            result = .success(try await build(workspace))
        } catch {
            logger.error("The workspace '\(workspace)' cannot be opened.", metadata: ["error": "\(error)"])
            result = .failure(error)
        }
        let waiting = state.withLock { state in
            if case .success(let open) = result { state.open[workspace] = open }
            return state.waiting.removeValue(forKey: workspace) ?? []
        }
        for continuation in waiting { continuation.resume(with: result) }
        return try? result.get()
    }

    /// Runs the services of a house; when they end, the house is closed.
    private func serve(_ workspace: String, _ open: Open) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: open.house.services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                logger: logger
            )
        )
        state.withLock { $0.groups[workspace] = group }
        defer {
            state.withLock { state in
                state.groups[workspace] = nil
                if workspace != Principal.defaultWorkspace { state.open[workspace] = nil }
            }
        }
        do {
            try await group.run()
        } catch {
            if workspace != Principal.defaultWorkspace { await open.house.close() }
            throw error
        }
        if workspace != Principal.defaultWorkspace { await open.house.close() }
    }

    /// Ends the services of a workspace that was deleted and closes its database.
    func close(_ workspace: String) {
        guard workspace != Principal.defaultWorkspace else { return }
        let group = state.withLock { state in
            state.open[workspace] = nil
            return state.groups[workspace]
        }
        if let group { leave.yield(group) }
    }

    private func stop() {
        let waiting = state.withLock { state in
            state.isStopping = true
            defer { state.waiting = [:] }
            return state.waiting.values.flatMap(\.self)
        }
        for continuation in waiting { continuation.resume(throwing: Self.stopping) }
    }
}

/// The estate as a part of the server's life.
struct EstateService: Service {
    let estate: Estate

    func run() async throws {
        try await estate.run()
    }
}
