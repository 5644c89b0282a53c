package import Core
package import HTTPSupport
import NIOCore
import NIOHTTP2
import NIOPosix
import Synchronization

/// Open Inference V2 over gRPC, with health checks and server reflection, on a port of its own.
package final class GRPCServer: Sendable {
    /// What is known of a client before it is asked who it is, from the address of the connection's other end, the name
    /// that the client used for the server, and what proxies say; throws when the call goes no further.
    package typealias ClientRule =
        @Sendable (_ peer: String?, _ authority: String, _ forwarded: ForwardedFields) throws(MartletError) ->
        ClientFacts

    /// How a server is set up.
    package struct Configuration: Sendable {
        /// Address to listen on.
        package var host: String
        /// Port to listen on; 0 takes a free one.
        package var port: Int
        /// Longest message, in bytes.
        package var messageLimit: Int
        /// Speaks TLS with these certificates; nil for HTTP/2 without it.
        package var tls: TLSCertificates?
        /// Whether a peer may connect, by its address.
        package var admits: @Sendable (_ peer: String?) -> Bool = { _ in true }
        /// What is known of a client before it is asked who it is.
        package var client: ClientRule = { peer, authority, _ in
            ClientFacts(address: peer, isSecure: false, authority: authority)
        }
        /// Whether this server answers for models now; one of several servers on a database does.
        package var isOpen: @Sendable () -> Bool
        /// Whether every model of the server answers, for its health.
        package var isReady: @Sendable () -> Bool

        /// A configuration; `allows` says by which names (`:authority`) the server may be called.
        package init(
            host: String,
            port: Int,
            messageLimit: Int = ServingLimits.grpcMessageBytes,
            allows: (@Sendable (_ authority: String) -> Bool)? = nil,
            isOpen: @escaping @Sendable () -> Bool = { true },
            isReady: @escaping @Sendable () -> Bool = { true }
        ) {
            self.host = host
            self.port = port
            self.messageLimit = messageLimit
            self.isOpen = isOpen
            self.isReady = isReady
            guard let allows else { return }
            client = { peer, authority, _ throws(MartletError) in
                guard allows(authority) else {
                    throw MartletError(
                        .permissionDenied,
                        "The host '\(authority.prefix(200))' is not served here."
                    )
                }
                return ClientFacts(address: peer, isSecure: false, authority: authority)
            }
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
    /// - Parameters:
    ///   - configuration: how the server is set up.
    ///   - gate: finds out who calls, and which models they call.
    ///   - reporter: says what became of calls.
    ///   - serverVersion: what the server says it is.
    ///   - clock: the time.
    /// - Returns: the server, until `shutDown`.
    /// - Throws: `unavailable` when the address is taken, `internal` when a method has no permission.
    package static func listen(
        _ configuration: Configuration,
        gate: GRPCGate,
        reporter: RequestReporter,
        serverVersion: String,
        clock: Clock
    ) async throws -> GRPCServer {
        let methods = try methods(configuration, serverVersion, clock)
        try GRPCPermissions.validate(methods: methods.keys)
        let services = GRPCServices(
            methods: methods,
            messageLimit: configuration.messageLimit,
            client: configuration.client,
            gate: gate,
            reporter: reporter
        )
        let (tls, admits) = (configuration.tls, configuration.admits)
        let connections = GRPCConnections()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard admits(channel.remoteAddress?.ipAddress) else {
                        throw MartletError(.permissionDenied, "The peer may not connect.")
                    }
                    if let tls { try TLSGreeting.add(tls, isHTTP2: true, to: channel.pipeline.syncOperations) }
                    try configure(channel, services, connections)
                }
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
        try pipeline.addHandler(GRPCConnection(services, peer: channel.remoteAddress?.ipAddress))
    }

    private static func methods(
        _ configuration: Configuration,
        _ serverVersion: String,
        _ clock: Clock
    ) throws -> [String: GRPCMethod] {
        let (isOpen, isReady) = (configuration.isOpen, configuration.isReady)
        let reflection = try ReflectionMethods()
        let health = HealthMethods(
            services: [InferenceMethods.service, HealthMethods.service],
            isReady: { isOpen() && isReady() },
            clock: clock
        )
        var methods: [String: GRPCMethod] = [:]
        func add(_ service: String, _ named: [String: GRPCMethod]) {
            for (name, method) in named { methods["/\(service)/\(name)"] = method }
        }
        func addOfLeader(_ named: [String: GRPCMethod]) {
            add(InferenceMethods.service, named.mapValues { $0.refused(unless: isOpen) })
        }
        addOfLeader(InferenceMethods().methods)
        let server = ServerMethods(serverVersion: serverVersion, isReady: isReady)
        add(InferenceMethods.service, server.methods)
        addOfLeader(server.modelMethods)
        addOfLeader(RepositoryMethods().methods)
        add(InferenceMethods.service, SettingMethods().methods)
        add(HealthMethods.service, health.methods)
        for service in ReflectionMethods.services { add(service, reflection.methods) }
        return methods
    }

    /// Listens for a server without accounts, whose callers all call the same models.
    ///
    /// - Throws: `unavailable` when the address is taken.
    package static func listen(
        _ configuration: Configuration,
        plane: DataPlane,
        repository: ModelRepository,
        serverVersion: String,
        clock: Clock
    ) async throws -> GRPCServer {
        var configuration = configuration
        configuration.isReady = { [deployments = plane.deployments] in
            deployments.all.allSatisfy { $0.routing != nil }
        }
        return try await listen(
            configuration,
            gate: GRPCGate(everybody: GRPCTenant(plane: plane, repository: repository, principal: .localUser)),
            reporter: plane.reporter,
            serverVersion: serverVersion,
            clock: clock
        )
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
