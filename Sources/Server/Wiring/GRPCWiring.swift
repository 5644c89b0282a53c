import Access
import Core
import Logging
import ServiceLifecycle
import Serving
import Storage

/// The gRPC port beside the HTTP server.
struct GRPCService: Service {
    let grounds: Grounds

    private var house: House { grounds.estate.main.house }
    private var settings: ServerSettings { grounds.settings }

    func run() async throws {
        guard let port = try await port() else { return await stop() }
        let server: GRPCServer
        do {
            server = try await listen(port)
        } catch let error as MartletError where settings.inference.grpcPort == .automatic {
            house.logger.notice("No gRPC: \(error.message)")
            return await stop()
        }
        house.logger.notice("gRPC listens on \(settings.host):\(server.port)")
        await stop()
        await server.shutDown()
    }

    /// Waits until the server stops: a service that returns earlier would end it.
    private func stop() async {
        do { try await gracefulShutdown() } catch {}
    }

    /// The port to listen on, 0 for a free one; nil for none.
    private func port() async throws -> Int? {
        switch settings.inference.grpcPort {
        case .off: nil
        case .port(let port): port
        // A server on a free port of HTTP leaves nothing to count from.
        case .automatic: settings.port == 0 || settings.port == 65_535 ? 0 : settings.port + 1
        }
    }

    private func listen(_ port: Int) async throws -> GRPCServer {
        let names = BrowserGuard(allowing: settings.allowedHosts)
        return try await GRPCServer.listen(
            GRPCServer.Configuration(
                host: settings.host,
                port: port,
                messageLimit: settings.inference.grpcMessageBytes,
                allows: { names.allows(authority: $0) },
                isOpen: { [leadership = house.leadership] in leadership.isLeader }
            ),
            plane: house.dataPlane,
            repository: ModelRepository(controller: house.deployments, table: house.table),
            serverVersion: ProductVersion.text,
            clock: house.clock
        )
    }
}
