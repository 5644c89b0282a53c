package import Core
package import HTTPSupport
package import Logging
package import Storage

/// Runs replays one after the other, off the request path, and keeps what they found.
///
/// The queue is the table: a server that ends under a replay finds it there again, and begins it once more.
package actor ReplayService {
    let store: ReplayStore
    let sources: ReplaySources
    /// The time.
    nonisolated let clock: Clock
    let logger: Logger
    private let nudges: AsyncStream<Void>
    private nonisolated let nudgeSignal: AsyncStream<Void>.Continuation
    /// The replay under way, and whether somebody has stopped it.
    private var underWay: (id: String, isStopped: Bool)?
    private var progressStoredAt = Timestamp(milliseconds: 0)

    /// Makes a service; nothing runs before `run`.
    ///
    /// - Parameters:
    ///   - database: where replays are kept, with `ReplayStore.migrations`.
    ///   - sources: the ledger, the registry and the deployments.
    ///   - clock: the time.
    ///   - logger: where failures are told.
    package init(
        database: Database,
        sources: ReplaySources,
        clock: Clock,
        logger: Logger = Logger(label: "martlet.replay")
    ) {
        store = ReplayStore(database: database)
        self.sources = sources
        self.clock = clock
        self.logger = logger
        (nudges, nudgeSignal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs what waits until the task is cancelled; what was under way when a server ended is begun once more.
    package func run() async {
        do {
            for record in try await store.running() { try await store.handle(.serverEnded, record.id, now: clock.now) }
        } catch {
            logger.error("Replays of a server before cannot be taken up: \(error)")
        }
        nudgeSignal.yield()
        await withDiscardingTaskGroup { group in
            group.addTask { [clock, nudgeSignal] in
                // A hint may be lost, a replay must not be.
                while (try? await clock.sleep(for: .seconds(1))) != nil { nudgeSignal.yield() }
            }
            for await _ in nudges {
                guard !Task.isCancelled else { break }
                await runAll()
            }
            group.cancelAll()
        }
    }

    /// Runs everything that waits, the oldest first; one call at a time.
    package func runAll() async {
        guard underWay == nil else { return }
        while !Task.isCancelled {
            do {
                guard let waiting = try await store.next(), underWay == nil else { return }
                underWay = (waiting.id, false)
                defer { underWay = nil }
                try await run(waiting.id)
            } catch {
                guard !Task.isCancelled else { return }
                logger.error("Replays cannot be read or stored; trying again: \(error)")
                return
            }
        }
    }

    private func run(_ id: String) async throws {
        let record = try await store.handle(.started, id, now: clock.now)
        guard record.state == .running else { return }
        let event: ReplayRecord.Event
        do {
            let found = try await ReplayRun(record.request, sources: sources).perform { rows, fraction in
                try await self.goesOn(id, rows: rows, fraction: fraction)
            }
            // One that somebody stopped is final in the table already.
            guard let found else { return }
            event = .finished(found.json, found.verdict)
        } catch {
            // A server that drains leaves it running in the table: it is begun once more.
            guard !Task.isCancelled else { return }
            event = .failed(MartletError.wrapping(error).message)
        }
        try await store.handle(event, id, now: clock.now)
    }

    /// Stores how far a replay is, now and then, and says whether it goes on.
    private func goesOn(_ id: String, rows: Int, fraction: Double) async throws -> Bool {
        guard !Task.isCancelled, underWay?.id == id, underWay?.isStopped == false else { return false }
        guard clock.now >= progressStoredAt + .seconds(1) || clock.now < progressStoredAt else { return true }
        progressStoredAt = clock.now
        return try await store.handle(.progressed(rows: rows, fraction: fraction), id, now: clock.now).state == .running
    }

    /// Looks up what was asked for and puts it into the queue.
    ///
    /// - Parameters:
    ///   - wish: what a client asks for.
    ///   - requestedBy: who asks.
    /// - Returns: the replay; the one that was there when `wish.key` is known.
    /// - Throws: `notFound` for an unknown deployment or candidate, `failedPrecondition` for a candidate of another model,
    ///   `resourceExhausted` when the queue is full.
    package func start(_ wish: ReplayWish, requestedBy: String) async throws -> ReplayRecord {
        let candidate = try await sources.resolve(wish.candidate)
        let request = ReplayRequest(wish, model: candidate.model, version: candidate.version)
        return try await start(request, key: wish.key, requestedBy: requestedBy)
    }

    /// Puts a replay into the queue.
    ///
    /// - Parameters:
    ///   - request: what is asked for.
    ///   - key: under which a second request finds the first.
    ///   - requestedBy: who asks.
    /// - Returns: the replay; the one that was there when `key` is known.
    /// - Throws: as the other `start`.
    package func start(_ request: ReplayRequest, key: String?, requestedBy: String) async throws -> ReplayRecord {
        _ = try await sources.serving(request.deployment)
        let record = ReplayRecord(
            id: Identifier.random(),
            request: request,
            requestedBy: requestedBy,
            key: key,
            createdAt: clock.now
        )
        let stored = try await store.enqueue(record)
        nudgeSignal.yield()
        return stored
    }

    /// Stops a replay that waits or runs; one that has ended stays as it is.
    ///
    /// - Returns: the replay as it is now.
    /// - Throws: `notFound`.
    package func cancel(_ id: String, by: String) async throws -> ReplayRecord {
        let record = try await store.handle(.cancelled(by: by), id, now: clock.now)
        if underWay?.id == id { underWay?.isStopped = true }
        return record
    }

    /// One replay with its report.
    ///
    /// - Throws: `notFound`.
    package func replay(_ id: String) async throws -> ReplayRecord { try await store.replay(id) }

    /// The replay that was asked for under a key; nil when there is none.
    package func replay(key: String) async throws -> ReplayRecord? { try await store.replay(key: key) }

    /// Replays, newest first, without their reports.
    ///
    /// - Parameters:
    ///   - deployment: only those of this deployment.
    ///   - limit: how many.
    ///   - pageToken: where the page before ended.
    /// - Returns: the page.
    /// - Throws: `invalidArgument` for a token that is none.
    package func replays(
        deployment: String? = nil,
        limit: Int = HTTPLimits.defaultPageSize,
        pageToken: String? = nil
    ) async throws -> Page<ReplayRecord> {
        var before: (Timestamp, String)?
        if let pageToken {
            guard let parts = try PageToken.decode(pageToken).arrayValue, parts.count == 2,
                let at = parts[0].integerValue, let id = parts[1].stringValue
            else { throw MartletError(.invalidArgument, "'page_token' is not one of this list.") }
            before = (Timestamp(milliseconds: at), id)
        }
        let found = try await store.replays(deployment: deployment, before: before, limit: limit + 1)
        let items = Array(found.prefix(limit))
        let next = items.last.map { PageToken.encode([.integer($0.createdAt.milliseconds), .string($0.id)]) }
        return Page(items: items, nextPageToken: found.count > limit ? next : nil)
    }
}
