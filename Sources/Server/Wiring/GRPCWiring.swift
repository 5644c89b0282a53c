import Access
import Core
import HTTPSupport
import Logging
import ServiceLifecycle
import Serving

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
        let (door, binding, estate) = (grounds.door, grounds.access.binding, grounds.estate)
        var configuration = GRPCServer.Configuration(
            host: settings.host,
            port: port,
            messageLimit: settings.inference.grpcMessageBytes,
            isOpen: { [main = estate.main.front] in main.isOpen() },
            isReady: { estate.all.allSatisfy { $0.open.house.table.all.allSatisfy { $0.routing != nil } } }
        )
        configuration.tls = grounds.certificates
        configuration.admits = { binding.admits(peer: $0) }
        configuration.client = { peer, authority, forwarded throws(MartletError) in
            try door.client(peer: peer, authority: authority, forwarded: forwarded)
        }
        return try await GRPCServer.listen(
            configuration,
            gate: gate,
            reporter: house.dataPlane.reporter,
            serverVersion: ProductVersion.text,
            clock: house.clock
        )
    }

    /// The gate of HTTP, for calls.
    private var gate: GRPCGate {
        let (gatekeeper, estate) = (grounds.access.gatekeeper, grounds.estate)
        return GRPCGate(
            now: { credentials throws(MartletError) in
                let principal: Principal
                switch gatekeeper.admitNow(Self.caller(credentials)) {
                case .later: return nil
                case .refused(let error): throw error
                case .admitted(let known): principal = known
                }
                guard let open = estate.open(principal.workspace) else { return nil }
                try gatekeeper.spend(principal)
                return Self.tenant(open, principal)
            },
            later: { credentials throws(MartletError) in
                let principal = try await gatekeeper.admit(Self.caller(credentials))
                try gatekeeper.spend(principal)
                do {
                    return Self.tenant(try await estate.house(of: principal.workspace), principal)
                } catch {
                    throw MartletError.wrapping(error)
                }
            }
        )
    }

    private static func caller(_ credentials: GRPCCredentials) -> Caller {
        Caller(
            authorization: credentials.authorization,
            workspace: credentials.workspace,
            address: credentials.address
        )
    }

    private static func tenant(_ open: Estate.Open, _ principal: Principal) -> GRPCTenant {
        GRPCTenant(
            plane: open.front.plane,
            repository: ModelRepository(controller: open.house.deployments, table: open.house.table),
            principal: principal,
            isOpen: open.front.isOpen()
        )
    }
}
