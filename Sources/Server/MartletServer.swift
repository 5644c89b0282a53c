import Access
package import Core
import Foundation
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
    ///   - onListening: Hears the address once requests are accepted.
    /// - Throws: `failedPrecondition` when the data directory is in use, `unavailable` when the port is.
    package func run(
        companion: (@Sendable (_ address: String) async throws -> Void)? = nil,
        onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }
    ) async throws {
        try LoopbackAccess.validate(host: settings.host)
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        if isDemo { try directory.beginDemo() } else { try directory.endDemo() }
        let house = try await House.build(
            settings: settings,
            directory: directory,
            single: single,
            clock: clock,
            logger: logger
        )
        let listening = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        let application = try house.application(settings: settings) { address in
            onListening(address)
            listening.continuation.yield(address)
        }
        var services = house.services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        services.append(.init(service: GRPCService(house: house, settings: settings)))
        services.append(
            .init(service: HTTPService(application: application, address: settings, readiness: house.readiness))
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
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }
}

/// The HTTP server as the last service to start and the first to stop.
private struct HTTPService: Service {
    let application: any ApplicationProtocol
    let address: ServerSettings
    let readiness: Readiness

    func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                readiness.unmet("the server is stopping")
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
