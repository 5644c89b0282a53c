import NIOCore
import NIOHPACK
import NIOHTTP2

/// Unary gRPC calls, one after the other, over HTTP/2 frames.
final class GRPCWire: WireHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let window = 4 * 1024 * 1024

    private let authority: String
    private let access: ClientAccess
    private var context: ChannelHandlerContext?
    private var next = 1
    private var current: HTTP2StreamID?
    private var bytes = ByteBuffer()
    private var status = ""
    private var message = ""
    private var done: ((Result<WireAnswer, WireFailure>) -> Void)?

    init(authority: String, access: ClientAccess) {
        self.authority = authority
        self.access = access
    }

    /// The settings of the connection.
    static var configuration: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0), HTTP2Setting(parameter: .initialWindowSize, value: window),
        ]
        return configuration
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(_ request: WireRequest, _ done: @escaping (Result<WireAnswer, WireFailure>) -> Void) {
        guard let context, self.done == nil, next < Int(Int32.max) - 2 else { return done(.failure(.closed)) }
        self.done = done
        let id = HTTP2StreamID(next)
        next += 2
        current = id
        (status, message) = ("", "")
        bytes.clear()
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": request.path, ":authority": authority,
            "content-type": "application/grpc", "te": "trailers",
        ]
        for (name, value) in access.headers + request.headers { headers.add(name: name, value: value) }
        var body = context.channel.allocator.buffer(capacity: request.body.count + 5)
        body.writeInteger(UInt8(0))
        body.writeInteger(UInt32(clamping: request.body.count))
        body.writeBytes(request.body)
        let head = HTTP2Frame(streamID: id, payload: .headers(.init(headers: headers)))
        let data = HTTP2Frame(streamID: id, payload: .data(.init(data: .byteBuffer(body), endStream: true)))
        context.write(wrapOutboundOut(head), promise: nil)
        context.writeAndFlush(wrapOutboundOut(data), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard frame.streamID == current else { return }
        switch frame.payload {
        case .headers(let part):
            for (name, value, _) in part.headers {
                switch name {
                case "grpc-status": status = value
                case "grpc-message": message = value
                default: break
                }
            }
            if part.endStream { finish() }
        case .data(let part):
            if case .byteBuffer(let more) = part.data { bytes.writeImmutableBuffer(more) }
            if part.endStream { finish() }
        case .rstStream: end(.failure(.closed))
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? NIOHTTP2WindowUpdatedEvent, let size = event.inboundWindowSize,
            event.streamID == .rootStream || event.streamID == current, size < Self.window / 2
        {
            let update = HTTP2Frame(
                streamID: event.streamID,
                payload: .windowUpdate(windowSizeIncrement: Self.window - size)
            )
            context.writeAndFlush(wrapOutboundOut(update), promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(.closed))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func finish() {
        guard let code = Int(status) else { return end(.failure(.malformed)) }
        if bytes.readableBytes >= 5 { bytes.moveReaderIndex(forwardBy: 5) }
        end(
            .success(
                WireAnswer(
                    status: code == 0 ? 200 : 500,
                    failure: code == 0 ? nil : "gRPC \(code)",
                    message: Self.decoded(message),
                    headers: [:],
                    body: Array(bytes.readableBytesView)
                )
            )
        )
    }

    private func end(_ result: Result<WireAnswer, WireFailure>) {
        current = nil
        guard let done else { return }
        self.done = nil
        done(result)
    }

    /// `grpc-message` with its percent escapes undone.
    static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
