import Core
import NIOCore
import NIOHTTP2
import NIOPosix

/// Where requests go, and whether by HTTP/1.1 or by gRPC.
struct WireTarget: Sendable, Equatable {
    let host: String
    let port: Int
    let isGRPC: Bool
    /// Who asks, and for which workspace.
    var access = ClientAccess()

    /// Host and port as headers name them.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Connects on an event loop.
    ///
    /// The handlers are there before the connection is, since a server of HTTP/2 speaks first.
    func connect(on loop: any EventLoop) -> EventLoopFuture<(any Channel, NIOLoopBound<any WireHandler>)> {
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if isGRPC {
                        try pipeline.addHandler(
                            NIOHTTP2Handler(mode: .client, connectionConfiguration: GRPCWire.configuration)
                        )
                        try pipeline.addHandler(GRPCWire(authority: authority, access: access))
                    } else {
                        try pipeline.addHandler(HTTPWire(authority: authority, access: access))
                    }
                }
            }
            .connect(host: host, port: port)
            // The promise is kept just before the handlers hear that the connection is there; HTTP/2 begins with that.
            .flatMap { channel in loop.submit { channel } }
            .flatMapThrowing { channel in
                let pipeline = channel.pipeline.syncOperations
                let handler: any WireHandler =
                    isGRPC ? try pipeline.handler(type: GRPCWire.self) : try pipeline.handler(type: HTTPWire.self)
                return (channel, NIOLoopBound(handler, eventLoop: loop))
            }
    }
}

/// A connection for one request after the other, which is made again when it was lost.
actor WireClient {
    private let target: WireTarget
    private let timeout: Duration
    private let loop = MultiThreadedEventLoopGroup.singleton.any()
    private var open: (channel: any Channel, handler: NIOLoopBound<any WireHandler>)?

    /// A client of a server; nothing is connected before the first request.
    init(_ target: WireTarget, timeout: Duration) {
        self.target = target
        self.timeout = timeout
    }

    /// Sends a request.
    ///
    /// - Throws: `unavailable` when the server does not answer, `deadlineExceeded` when it takes too long.
    func send(_ request: WireRequest) async throws -> WireAnswer {
        let connection = try await connection()
        let promise = loop.makePromise(of: WireAnswer.self)
        let patience = TimeAmount.milliseconds(timeout.wholeMilliseconds)
        loop.execute { [loop] in
            let timer = loop.scheduleTask(in: patience) {
                promise.fail(WireFailure.timeout)
            }
            connection.handler.value.send(request) { result in
                timer.cancel()
                promise.completeWith(result.mapError { $0 as any Error })
            }
        }
        do {
            return try await promise.futureResult.get()
        } catch {
            connection.channel.close(promise: nil)
            open = nil
            guard error as? WireFailure == .timeout else { throw unreachable(error) }
            throw MartletError(.deadlineExceeded, "The server at \(target.authority) did not answer in time.")
        }
    }

    /// Ends the connection.
    func close() async {
        guard let open else { return }
        self.open = nil
        do { try await open.channel.close() } catch { /* It was closed already. */  }
    }

    private func connection() async throws -> (channel: any Channel, handler: NIOLoopBound<any WireHandler>) {
        if let open, open.channel.isActive { return open }
        do {
            let made = try await target.connect(on: loop).get()
            open = made
            return made
        } catch {
            throw unreachable(error)
        }
    }

    private func unreachable(_ error: any Error) -> MartletError {
        MartletError(
            .unavailable,
            target.isGRPC
                ? "No gRPC server answers at \(target.authority); name another with --grpc HOST:PORT."
                : "No server answers at \(target.authority). Start one with `martlet up`, or name another with --server.",
            cause: error
        )
    }
}
