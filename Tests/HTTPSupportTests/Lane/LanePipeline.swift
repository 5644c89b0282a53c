import NIOCore
import NIOEmbedded
import NIOHTTP1

import HTTPSupport

/// Answers `POST /fast` with its body.
struct EchoRoutes: LaneRoutes {
    func isOurs(_ target: UnsafeBufferPointer<UInt8>) -> Bool { target.elementsEqual("/fast".utf8) }

    func serves(host: String) -> Bool { host == "127.0.0.1" }

    func answer(_ request: LaneRequest, _ reply: inout LaneReply) -> Bool {
        guard request.body.first != 0x21 else { return false }
        reply.write(requestID: "r", body: Array(request.body))
        return true
    }
}

/// Stands for the router: answers every request with its body, at once or when it is told to.
final class EchoRouter: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let isPrompt: Bool
    private var body = ByteBuffer()
    private var waiting: [ByteBuffer] = []
    private(set) var requests = 0

    init(isPrompt: Bool = true) { self.isPrompt = isPrompt }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: body = ByteBuffer()
        case .body(var bytes): body.writeBuffer(&bytes)
        case .end:
            requests += 1
            waiting.append(body)
            if isPrompt { respond(context) }
        }
    }

    func respond(_ context: ChannelHandlerContext) {
        guard !waiting.isEmpty else { return }
        let body = waiting.removeFirst()
        var head = HTTPResponseHead(version: .http1_1, status: .ok)
        for (name, value) in [
            ("Content-Type", "application/json"), ("Content-Length", "\(body.readableBytes)"),
            ("X-Content-Type-Options", "nosniff"), ("X-Request-Id", "r"), ("Date", "now"),
        ] { head.headers.add(name: name, value: value) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        var head = HTTPResponseHead(version: .http1_1, status: .badRequest)
        head.headers.add(name: "Content-Length", value: "0")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, waiting.isEmpty { context.close(promise: nil) }
    }
}

/// A connection without a socket: the router's pipeline, with or without the lane.
struct LanePipeline {
    let channel = EmbeddedChannel()
    let router: EchoRouter

    init(hasLane: Bool = true, isPrompt: Bool = true) throws {
        router = EchoRouter(isPrompt: isPrompt)
        let pipeline = channel.pipeline.syncOperations
        if hasLane { try pipeline.addHandler(LaneHandler(routes: EchoRoutes())) }
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        try pipeline.addHandler(LaneTail())
        try pipeline.addHandler(router)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// Sends bytes as one read; nothing happens when the connection is closed.
    func send(_ bytes: some Sequence<UInt8>) {
        guard channel.isActive else { return }
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func send(_ text: String) { send(text.utf8) }

    /// Everything that was sent to the client since the last call, without dates.
    func answers() -> String {
        var text = ""
        while let bytes = try? channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
        return text.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
            .joined(separator: "\r\n")
    }
}
