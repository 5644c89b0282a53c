package import NIOCore
import NIOSSL
import NIOTLS

/// Stands before and behind the TLS handler while a connection begins: a handshake must end in time, and a client that
/// speaks plain HTTP is told so.
package final class TLSGreeting: ChannelInboundHandler, RemovableChannelHandler {
    /// Bytes from the socket.
    package typealias InboundIn = ByteBuffer
    /// Bytes for the TLS handler.
    package typealias InboundOut = ByteBuffer
    /// Bytes to the socket.
    package typealias OutboundOut = ByteBuffer

    private let tellsPlain: Bool
    private var timer: Scheduled<Void>?
    private var hasBegun = false

    /// A handler before the TLS handler; `tellsPlain` says whether clients in plain HTTP get an answer.
    package init(tellsPlain: Bool) {
        self.tellsPlain = tellsPlain
    }

    /// Adds TLS with the present certificate, and its rules, to a new connection.
    package static func add(
        _ certificates: TLSCertificates,
        isHTTP2: Bool,
        to pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        let identity = certificates.identity
        let greeting = TLSGreeting(tellsPlain: !isHTTP2)
        try pipeline.addHandler(greeting)
        try pipeline.addHandler(NIOSSLServerHandler(context: isHTTP2 ? identity.http2 : identity.http))
        try pipeline.addHandler(TLSGreetingEnd(greeting))
    }

    /// Begins to count.
    package func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(TLSLimits.handshakeSeconds))) {
            context.close(promise: nil)
        }
    }

    /// Stops counting.
    package func handlerRemoved(context: ChannelHandlerContext) { finished() }

    /// The handshake is over, well or not.
    func finished() {
        timer?.cancel()
        timer = nil
    }

    /// Looks at the first byte: 22 is a handshake, a letter the method of a request in plain HTTP.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasBegun, let first = unwrapInboundIn(data).readableBytesView.first else {
            context.fireChannelRead(data)
            return
        }
        hasBegun = true
        guard tellsPlain, first != 0x16, first >= 0x41, first <= 0x5A else {
            context.fireChannelRead(data)
            return
        }
        let body = "This port speaks HTTPS: use https:// in the address.\n"
        var answer = ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n")
        answer.writeString("Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(promise: nil)
    }
}

/// Stands behind the TLS handler and hears how the handshake went.
package final class TLSGreetingEnd: ChannelInboundHandler {
    /// Plain bytes.
    package typealias InboundIn = ByteBuffer

    private let greeting: TLSGreeting

    /// Tells `greeting` of the end of the handshake.
    package init(_ greeting: TLSGreeting) {
        self.greeting = greeting
    }

    /// Passes events on, and hears of the handshake's end.
    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { greeting.finished() }
        context.fireUserInboundEventTriggered(event)
    }

    /// A connection whose TLS failed is of no use; whose fault it was is known to the client.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOSSLError || error is BoringSSLError {
            context.close(promise: nil)
            return
        }
        context.fireErrorCaught(error)
    }
}
