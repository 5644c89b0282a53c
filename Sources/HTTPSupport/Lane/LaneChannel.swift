package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1

/// Hummingbird's HTTP/1 connection with the lane in front of it, on the same port.
package struct LaneChannel: ServerChildChannel {
    /// What Hummingbird's HTTP/1 channel handles.
    package typealias Value = HTTP1Channel.Value

    private let base: HTTP1Channel
    private let routes: any LaneRoutes
    private let rules: ConnectionRules

    /// Puts `routes` in front of `responder`, for connections under `rules`.
    package init(
        responder: @escaping HTTPChannelHandler.Responder,
        routes: any LaneRoutes,
        rules: ConnectionRules = ConnectionRules()
    ) {
        var configuration = HTTP1Channel.Configuration()
        configuration.httpDecoder = .init(
            maxHeaderFieldSize: LaneLimits.slowHeadBytes,
            maxHeaderListSize: LaneLimits.slowHeadBytes,
            maxHeaderFieldCount: LaneLimits.slowHeadFields
        )
        base = HTTP1Channel(responder: responder, configuration: configuration)
        self.routes = routes
        self.rules = rules
    }

    /// A server whose connections have the lane.
    package static func builder(
        _ routes: any LaneRoutes,
        _ rules: ConnectionRules = ConnectionRules()
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in LaneChannel(responder: responder, routes: routes, rules: rules) }
    }

    /// Adds TLS, the lane, Hummingbird's handlers and the tail to a new connection.
    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let (routes, rules) = (routes, rules)
        let peer = channel.remoteAddress?.ipAddress
        guard rules.admits(peer) else {
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(RefusedPeer())
            }.flatMap {
                base.setup(channel: channel, logger: logger)
            }
        }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls = rules.tls { try TLSGreeting.add(tls, isHTTP2: false, to: pipeline) }
            try pipeline.addHandler(LaneHandler(routes: rules.hasLane(peer) ? routes : NoLane()))
        }.flatMap {
            base.setup(channel: channel, logger: logger)
        }.flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(LaneTail(), position: .after(decoder))
            return value
        }
    }

    /// Serves a connection until it closes.
    package func handle(value: Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
