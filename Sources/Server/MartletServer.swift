import Access
package import Core
import Events
import Foundation
import HTTPSupport
import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The whole product as one process: `martlet up`, and the ground that `martlet demo` stands on.
package struct MartletServer: Sendable {
    private let settings: ServerSettings
    private let isDemo: Bool
    private let single: SingleModel?
    private let clock: Clock
    private let logger: Logger

    /// A server with these settings; nothing is opened before `run`.
    ///
    /// A demo's server starts with an empty directory; a server of a single model serves that and no other.
    package init(
        settings: ServerSettings,
        isDemo: Bool = false,
        single: SingleModel? = nil,
        clock: Clock = .system,
        logger: Logger
    ) {
        self.settings = settings
        self.isDemo = isDemo
        self.single = single
        self.clock = clock
        self.logger = logger
    }

    /// Serves until the process is told to stop, then drains: requests under way finish, queues are written.
    ///
    /// - Parameters:
    ///   - companion: Runs beside the server once it listens, given its address; when it returns, the server stops.
    ///   - onFirstToken: Is given the first administrator's token, once, when accounts are on and nobody can log in yet.
    ///   - onListening: Hears the address once requests are accepted.
    /// - Throws: `failedPrecondition` when the server would be open to others or the data directory is in use,
    ///   `unavailable` when the port is.
    package func run(
        companion: (@Sendable (_ address: String) async throws -> Void)? = nil,
        onFirstToken: @Sendable (_ secret: String) -> Void = { _ in },
        onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }
    ) async throws {
        let binding = try settings.binding.decide(host: settings.host)
        let certificates = try certificates()
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        if isDemo { try directory.beginDemo() } else { try directory.endDemo() }
        let access = try await AccessHouse.open(settings: settings, binding: binding, clock: clock, logger: logger)
        do {
            if let secret = try await access.firstToken() { onFirstToken(secret) }
            let grounds = try await Grounds.build(
                settings: settings,
                single: single,
                access: access,
                certificates: certificates,
                clock: clock,
                logger: logger
            )
            SandboxWiring.begin(settings, logger: logger)
            for notice in binding.notices(names: settings.allowedHosts + (certificates?.names ?? [])) {
                logger.notice("\(notice)")
            }
            do {
                try await serve(grounds, companion, onListening)
            } catch {
                await grounds.estate.main.house.close()
                throw error
            }
            await grounds.estate.main.house.close()
        } catch {
            await access.close()
            throw error
        }
        await access.close()
    }

    private func certificates() throws(MartletError) -> TLSCertificates? {
        guard let certificate = settings.binding.certificate, let key = settings.binding.key else { return nil }
        return try TLSCertificates.load(certificate: certificate, key: key, logger: logger)
    }

    private func serve(
        _ grounds: Grounds,
        _ companion: (@Sendable (_ address: String) async throws -> Void)?,
        _ onListening: @escaping @Sendable (_ address: String) -> Void
    ) async throws {
        let listening = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        let application = grounds.application { address in
            onListening(address)
            listening.continuation.yield(address)
        }
        var services = grounds.services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        services.append(.init(service: GRPCService(grounds: grounds)))
        services.append(
            .init(
                service: HTTPService(
                    application: application,
                    address: settings,
                    onStopping: { [estate = grounds.estate] in
                        estate.main.house.readiness.unmet("the server is stopping")
                        // A stream has no end of its own; it would hold up everything that stops after it.
                        for (_, open) in estate.all { open.house.feed.stop() }
                    }
                )
            )
        )
        if let companion {
            services.append(
                .init(
                    service: Companion(listening: listening.stream, body: companion),
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup
                )
            )
        }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(ServerLimits.drainSeconds)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// The HTTP server as the last service to start and the first to stop.
private struct HTTPService: Service {
    let application: any ApplicationProtocol
    let address: ServerSettings
    /// What is done as soon as the server is asked to stop.
    let onStopping: @Sendable () -> Void

    func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                onStopping()
            }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw MartletError(
                .unavailable,
                "Port \(address.port) on \(address.host) is in use; stop what listens there or choose another with --port.",
                cause: error
            )
        } catch let error as IOError where error.errnoCode == EACCES {
            throw MartletError(
                .permissionDenied,
                "Port \(address.port) may not be opened by this user; choose one above 1023 with --port.",
                cause: error
            )
        }
    }
}

/// What runs beside the server and ends it.
private struct Companion: Service {
    let listening: AsyncStream<String>
    let body: @Sendable (String) async throws -> Void

    func run() async throws {
        for await address in listening.cancelOnGracefulShutdown() {
            try await cancelWhenGracefulShutdown { try await body(address) }
            return
        }
    }
}
