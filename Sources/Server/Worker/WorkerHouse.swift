import Core
import Foundation
import HTTPSupport
package import Logging
import Pipelines
import Secrets
import Storage
import Synchronization
import UnixSignals

/// `martlet worker`: takes tasks of a queue from the database that it shares with the servers, and runs them on this host.
package enum WorkerHouse {
    /// Works until it is told to stop; see `PipelineWorker.run`.
    ///
    /// - Parameters:
    ///   - settings: database, artifacts, data directory and sandbox, as for a server.
    ///   - options: what the worker serves.
    ///   - environment: this process's environment.
    ///   - logger: takes what operators should know.
    ///   - onReady: told the worker's name when it begins.
    /// - Throws: `invalidArgument` without PostgreSQL, `failedPrecondition` when no server has readied the database.
    package static func run(
        settings: ServerSettings,
        options: WorkerOptions,
        environment: [String: String],
        logger: Logger,
        onReady: (_ name: String) -> Void
    ) async throws {
        var settings = settings
        if let workspace = options.workspace, workspace != Principal.defaultWorkspace {
            settings = try Site.settings(of: workspace, settings)
        }
        guard settings.postgresURL != nil else {
            throw MartletError(
                .invalidArgument,
                "A worker needs the database that the server uses, which must be PostgreSQL: --database postgres://USER@HOST/DATABASE."
            )
        }
        let database = try await DatabaseWiring.open(settings)
        let clock = Clock.system
        let offers = OfferStore(database: database, clock: clock)
        do {
            try await ready(offers)
            let name = "\(options.name ?? hostName)-\(Identifier.random().prefix(6))"
            let place = try WorkerPlace.take(below: settings.data, name: name)
            defer { place.leave() }
            let configuration = try await configuration(settings, options, environment, name, place.path, database)
            let worker = PipelineWorker(offers: offers, configuration: configuration, clock: clock, logger: logger)
            onReady(name)
            await work(worker, logger)
        } catch {
            try? await database.close()
            throw error
        }
        try await database.close()
    }

    private static func work(_ worker: PipelineWorker, _ logger: Logger) async {
        await withTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    let running = worker.running
                    logger.notice("The worker was asked to stop; \(running) attempts run. Ask again to give them back.")
                    worker.stop()
                }
            }
            group.addTask { await worker.run() }
            // The first to end is the worker: signals come without end.
            await group.next()
            group.cancelAll()
        }
    }

    /// Throws when no server of this version has readied the database.
    private static func ready(_ offers: OfferStore) async throws {
        do throws(MartletError) {
            _ = try await offers.offer(Offer.Key(run: "", task: "", attempt: 0))
        } catch  where error.code != .unavailable {
            throw MartletError(
                .failedPrecondition,
                "The database has no pipelines of this version; start 'martlet up' of the same version on it first.",
                cause: error
            )
        }
    }

    private static var hostName: String {
        let name = ProcessInfo.processInfo.hostName
        return String(name.prefix(40))
    }

    private static func configuration(
        _ settings: ServerSettings,
        _ options: WorkerOptions,
        _ environment: [String: String],
        _ name: String,
        _ directory: String,
        _ database: Database
    ) async throws -> WorkerConfiguration {
        let searchPath = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let sandbox = SandboxWiring.policy(settings)
        let token = environment["MLFLOW_TRACKING_TOKEN"] ?? environment["MARTLET_TOKEN"]
        let pass: @Sendable (String) -> TaskPass? = { _ in
            token.map { TaskPass(environment: ["MLFLOW_TRACKING_TOKEN": $0]) {} }
        }
        let own = options.trackingURI
        var configuration = WorkerConfiguration(
            name: name,
            queues: options.queues,
            slots: options.slots,
            workDirectory: try SandboxWiring.workDirectory(settings, directory),
            secrets: { try await WorkerSecrets.values(of: $0, settings: settings, database: database) },
            executor: { action, offered in
                let trackingURI = own ?? offered
                if case .container = action {
                    return ContainerExecutor(
                        trackingURI: trackingURI,
                        searchPath: searchPath,
                        hasNetwork: sandbox.tasksHaveNetwork,
                        pass: pass
                    )
                }
                return CommandExecutor(trackingURI: trackingURI, searchPath: searchPath, sandbox: sandbox, pass: pass)
            }
        )
        configuration.pipelines = options.pipelines
        configuration.drain = options.drain
        // Artifacts on this host's disk are of use to no other host.
        if settings.artifacts != nil {
            configuration.staging = ArtifactStaging(store: try ArtifactWiring.store(settings: settings))
        }
        return configuration
    }
}

/// Secrets of tasks at a worker, which has the key only if it was given it.
private enum WorkerSecrets {
    static func values(
        of names: [String],
        settings: ServerSettings,
        database: Database
    ) async throws -> [String: String] {
        do {
            let store = try await SecretWiring.store(settings: settings, database: database, clock: .system)
            return try await store.values(of: names)
        } catch {
            throw MartletError(
                .failedPrecondition,
                "The worker cannot read the secrets \(names.sorted().joined(separator: ", ")): \(MartletError.wrapping(error).message) "
                    + "It needs the server's key: MARTLET_SECRET_KEY or --secret-key-command.",
                cause: error
            )
        }
    }
}
