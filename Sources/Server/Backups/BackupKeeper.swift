import Backups
import Core
import HTTPSupport
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// Backups of a running server: those that are asked for over the API, and the shipped logs.
struct BackupKeeper: Sendable {
    /// The databases and files of the whole server at this moment.
    typealias Sources = @Sendable () async throws -> [BackupSource]

    private let service: BackupService
    private let shipping: LogShipping?

    /// A keeper for the server with these settings.
    ///
    /// - Parameters:
    ///   - settings: the server's.
    ///   - clock: tells the time.
    ///   - logger: hears of failures.
    ///   - sources: everything there is, opened if need be.
    ///   - open: the databases that are open.
    /// - Throws: `failedPrecondition` when logs shall be shipped and the database has none.
    init(
        settings: ServerSettings,
        clock: Clock,
        logger: Logger,
        sources: @escaping Sources,
        open: @escaping @Sendable () -> [BackupSource]
    ) throws {
        service = BackupService(clock: clock) { wish, onProgress in
            let isBucket = wish.destination.hasPrefix("s3://")
            let directory = settings.backups.directory ?? "\(settings.data)/backups"
            var work = BackupWork(destination: isBucket ? wish.destination : "\(directory)/\(wish.destination)")
            work.withKeys = wish.withKeys
            return try await work.run(try await sources(), settings, clock, onProgress)
        }
        guard let archive = settings.backups.archive else {
            shipping = nil
            return
        }
        guard settings.postgresURL == nil else {
            throw MartletError(
                .failedPrecondition,
                "--wal-archive ships the log of SQLite; PostgreSQL archives its own (archive_command). Leave it out."
            )
        }
        shipping = LogShipping(
            place: try BackupWiring.place(archive, settings: settings, mustExist: false),
            scratch: settings.data,
            clock: clock,
            logger: logger,
            open: open
        )
    }

    /// The routes about backups.
    var routes: BackupRoutes { BackupRoutes(service: service) }

    /// What runs beside the server; it is to be started before what writes, so that it ends after that.
    var services: [any Service] {
        [BackgroundService { [service] in await service.run() }] + (shipping.map { [$0] } ?? [])
    }
}

/// Ships the logs of all databases that are open, until the server stops.
struct LogShipping: Service {
    let place: BackupPlace
    let scratch: String
    let clock: Clock
    let logger: Logger
    let open: @Sendable () -> [BackupSource]

    func run() async throws {
        let isStopping = StopSign()
        try await place.learnObjects()
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                var shippers: [String: LogShipper] = [:]
                while !isStopping.isSet {
                    let sources = open()
                    for (name, shipper) in shippers where !sources.contains(where: { $0.name == name }) {
                        shipper.stop()
                        shippers[name] = nil
                    }
                    for source in sources where shippers[source.name] == nil {
                        guard let shipper = shipper(source) else { continue }
                        shippers[source.name] = shipper
                        group.addTask { await shipper.run() }
                    }
                    do { try await clock.sleep(for: BackupsLimits.shipPause) } catch { break }
                }
                for shipper in shippers.values { shipper.stop() }
            }
        } onGracefulShutdown: {
            isStopping.set()
        }
    }

    private func shipper(_ source: BackupSource) -> LogShipper? {
        do {
            return try LogShipper(source: source, place: place, scratch: scratch, clock: clock, logger: logger)
        } catch {
            logger.error("A log cannot be shipped.", metadata: ["database": "\(source.name)", "error": "\(error)"])
            return nil
        }
    }
}

/// Whether it is time to end.
private final class StopSign: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .relaxed) }

    func set() { state.store(true, ordering: .relaxed) }
}
