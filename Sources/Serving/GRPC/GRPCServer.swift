package import Core
import NIOCore
import NIOHTTP2
import NIOPosix
import Synchronization

/// Open Inference V2 over gRPC, with health checks and server reflection, on a port of its own.
package final class GRPCServer: Sendable {
    /// How a server is set up.
    package struct Configuration: Sendable {
        /// Address to listen on.
        package var host: String
        /// Port to listen on; 0 takes a free one.
        package var port: Int
        /// Longest message, in bytes.
        package var messageLimit: Int
        /// Whether the server may be called by a name (`:authority`).
        package var allows: @Sendable (_ authority: String) -> Bool
        /// Whether this server answers for models now; one of several servers on a database does.
        package var isOpen: @Sendable () -> Bool

        /// A configuration.
        package init(
            host: String,
            port: Int,
            messageLimit: Int = ServingLimits.grpcMessageBytes,
            allows: @escaping @Sendable (_ authority: String) -> Bool = { _ in true },
            isOpen: @escaping @Sendable () -> Bool = { true }
        ) {
            self.host = host
            self.port = port
            self.messageLimit = messageLimit
            self.allows = allows
            self.isOpen = isOpen
        }
    }

    /// Where it listens.
    package let port: Int
    private let listener: any Channel
    private let connections: GRPCConnections

    private init(port: Int, listener: any Channel, connections: GRPCConnections) {
        self.port = port
        self.listener = listener
        self.connections = connections
    }

    /// Listens; calls are answered from now on.
    ///
    /// - Throws: `unavailable` when the address is taken.
    package static func listen(
        _ configuration: Configuration,
        plane: DataPlane,
        repository: ModelRepository,
        serverVersion: String,
        clock: Clock
    ) async throws -> GRPCServer {
        let services = GRPCServices(
            methods: try methods(plane, repository, serverVersion, clock, configuration.isOpen),
            messageLimit: configuration.messageLimit,
            allows: configuration.allows,
            reporter: plane.reporter
        )
        let connections = GRPCConnections()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try configure(channel, services, connections) }
            }
        do {
            let listener = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
            return GRPCServer(
                port: listener.localAddress?.port ?? configuration.port,
                listener: listener,
                connections: connections
            )
        } catch {
            throw MartletError(
                .unavailable,
                "The gRPC port \(configuration.port) cannot be listened on; choose another with --grpc-port, or 0 for none.",
                cause: error
            )
        }
    }

    private static func configure(
        _ channel: any Channel,
        _ services: GRPCServices,
        _ connections: GRPCConnections
    ) throws {
        guard connections.add(channel) else {
            throw MartletError(.resourceExhausted, "There are too many gRPC connections.")
        }
        var http2 = NIOHTTP2Handler.ConnectionConfiguration()
        http2.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: ServingLimits.grpcStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: ServingLimits.grpcHeaderBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: ServingLimits.grpcStreamWindow),
        ]
        http2.controlFrameRateLimit.maximumCount = ServingLimits.grpcControlFrames
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = ServingLimits.grpcResets
        let keepalive = NIOHTTP2ServerConnectionManagementHandler.Configuration(
            maxIdleTime: nil,
            maxAge: nil,
            maxGraceTime: .seconds(ServingLimits.grpcDrainSeconds),
            keepalive: .init(
                pingInterval: .seconds(ServingLimits.grpcKeepaliveSeconds),
                ackTimeout: .seconds(ServingLimits.grpcPatienceSeconds)
            )
        )
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            NIOHTTP2Handler(mode: .server, connectionConfiguration: http2, streamConfiguration: stream)
        )
        try pipeline.addHandler(
            NIOHTTP2ServerConnectionManagementHandler(eventLoop: channel.eventLoop, configuration: keepalive)
        )
        try pipeline.addHandler(GRPCConnection(services))
    }

    private static func methods(
        _ plane: DataPlane,
        _ repository: ModelRepository,
        _ serverVersion: String,
        _ clock: Clock,
        _ isOpen: @escaping @Sendable () -> Bool
    ) throws -> [String: GRPCMethod] {
        let inference = InferenceMethods(plane: plane)
        let reflection = try ReflectionMethods()
        let health = HealthMethods(
            deployments: plane.deployments,
            services: [InferenceMethods.service, HealthMethods.service],
            isOpen: isOpen,
            clock: clock
        )
        var methods: [String: GRPCMethod] = [:]
        func add(_ service: String, _ named: [String: GRPCMethod]) {
            for (name, method) in named { methods["/\(service)/\(name)"] = method }
        }
        func addOfLeader(_ named: [String: GRPCMethod]) {
            add(InferenceMethods.service, named.mapValues { $0.refused(unless: isOpen) })
        }
        addOfLeader(inference.methods)
        let server = ServerMethods(inference: inference, serverVersion: serverVersion)
        add(InferenceMethods.service, server.methods)
        addOfLeader(server.modelMethods)
        addOfLeader(RepositoryMethods(repository: repository).methods)
        add(InferenceMethods.service, SettingMethods().methods)
        add(HealthMethods.service, health.methods)
        for service in ReflectionMethods.services { add(service, reflection.methods) }
        return methods
    }

    /// Stops listening, lets calls under way finish, and closes every connection.
    package func shutDown() async {
        do { try await listener.close() } catch { /* It was closed already. */  }
        await connections.drain()
    }
}

/// The open connections of a server.
private final class GRPCConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// Keeps a connection until it closes; false when there are too many.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isKept = channels.withLock { channels in
            guard channels.count < ServingLimits.grpcConnections else { return false }
            channels[id] = channel
            return true
        }
        if isKept {
            channel.closeFuture.whenComplete { _ in self.channels.withLock { _ = $0.removeValue(forKey: id) } }
        }
        return isKept
    }

    /// Tells every client to go away and waits until the connections are closed.
    func drain() async {
        let open = channels.withLock { Array($0.values) }
        for channel in open { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        for channel in open {
            do { try await channel.closeFuture.get() } catch { /* It is closed, however that came. */  }
        }
    }
}
