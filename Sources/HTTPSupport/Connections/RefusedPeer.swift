import Core
package import NIOCore

/// Stands alone on a connection of somebody who may not connect: says so to the first bytes that come, and ends it.
package final class RefusedPeer: ChannelInboundHandler {
    /// Bytes from the socket.
    package typealias InboundIn = ByteBuffer
    /// Bytes to the socket.
    package typealias OutboundOut = ByteBuffer

    private var isAnswered = false

    /// A handler that has seen nothing.
    package init() {}

    /// Reads the first bytes; a client that sends none is cut.
    package func channelActive(context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(LaneLimits.headSeconds))) {
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    /// Answers and closes.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        isAnswered = true
        let error: JSONValue = [
            "code": .string(MartletError.Code.permissionDenied.rawValue),
            "message": "This server accepts connections from its declared proxy only.",
        ]
        let body = (["error": error] as JSONValue).serialized()
        var answer = ByteBuffer(string: "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n")
        answer.writeString("Content-Length: \(body.count)\r\nConnection: close\r\n\r\n")
        answer.writeBytes(body)
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(promise: nil)
    }

    /// The connection is of no use.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
