import Core
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Synchronization

/// What a gRPC call was answered.
struct GRPCReply: Sendable {
    var headers = HPACKHeaders()
    var trailers = HPACKHeaders()
    var messages: [ByteBuffer] = []
    /// Why the stream ended without trailers.
    var reset: HTTP2ErrorCode?

    /// The status; nil when the stream ended without one.
    var status: Int? { (trailers.first(name: "grpc-status") ?? headers.first(name: "grpc-status")).flatMap { Int($0) } }
    /// The status' message.
    var text: String { trailers.first(name: "grpc-message") ?? headers.first(name: "grpc-message") ?? "" }
}

/// A gRPC client over bare HTTP/2 frames, which can also send what no real client would.
final class GRPCCaller: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<Handler>

    private init(_ channel: any Channel, _ handler: NIOLoopBound<Handler>) {
        self.channel = channel
        self.handler = handler
    }

    static func connect(_ port: Int) async throws -> GRPCCaller {
        let made = Mutex<NIOLoopBound<Handler>?>(nil)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = Handler()
                    made.withLock { $0 = NIOLoopBound(handler, eventLoop: channel.eventLoop) }
                    try channel.pipeline.syncOperations.addHandler(NIOHTTP2Handler(mode: .client))
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        guard let handler = made.withLock({ $0 }) else { throw MartletError(.internal, "There is no channel.") }
        return GRPCCaller(channel, handler)
    }

    /// A message with its flag and length before it.
    static func framed(_ message: [UInt8], flag: UInt8 = 0, length: Int? = nil) -> [UInt8] {
        var buffer = ByteBuffer(bytes: [flag])
        buffer.writeInteger(UInt32(length ?? message.count))
        buffer.writeBytes(message)
        return Array(buffer.readableBytesView)
    }

    /// Makes a call with bytes as they are given.
    func call(
        _ path: String,
        _ body: [UInt8],
        headers more: [(String, String)] = [],
        ends: Bool = true,
        resets: Bool = false
    ) async throws -> GRPCReply {
        let asked = Self.head(path, more)
        let promise = channel.eventLoop.makePromise(of: GRPCReply.self)
        channel.eventLoop.execute { [handler] in
            handler.value.begin(asked, ByteBuffer(bytes: body), ends: ends, resets: resets, promise)
        }
        // What this client itself refuses to write is answered by nobody.
        let patience = channel.eventLoop.scheduleTask(in: .seconds(20)) { promise.fail(ChannelError.eof) }
        defer { patience.cancel() }
        return try await promise.futureResult.get()
    }

    /// Begins so many calls and resets each at once.
    func resetCalls(_ count: Int, _ path: String, _ body: [UInt8]) async throws {
        let asked = Self.head(path, [])
        try await channel.eventLoop.submit { [handler, channel] in
            for _ in 0..<count {
                let promise = channel.eventLoop.makePromise(of: GRPCReply.self)
                handler.value.begin(asked, ByteBuffer(bytes: body), ends: false, resets: true, promise)
            }
        }.get()
    }

    private static func head(_ path: String, _ more: [(String, String)]) -> HPACKHeaders {
        var fields = [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "127.0.0.1"),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]
        for (name, value) in more {
            if let place = fields.firstIndex(where: { $0.0 == name }) {
                fields[place].1 = value
            } else {
                fields.append((name, value))
            }
        }
        return HPACKHeaders(fields)
    }

    /// Makes a unary call with one message.
    func unary(_ path: String, _ message: [UInt8], headers: [(String, String)] = []) async throws -> GRPCReply {
        try await call(path, Self.framed(message), headers: headers)
    }

    func close() async throws { try await channel.close() }

    /// When the server has closed the connection.
    func closed() async throws { try await channel.closeFuture.get() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame
        typealias OutboundOut = HTTP2Frame

        private var context: ChannelHandlerContext?
        private var next = 1
        private struct Waiting {
            var reply = GRPCReply()
            var bytes = ByteBuffer()
            var hasHead = false
            let promise: EventLoopPromise<GRPCReply>
        }

        private var waiting: [HTTP2StreamID: Waiting] = [:]

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func begin(
            _ headers: HPACKHeaders,
            _ body: ByteBuffer,
            ends: Bool,
            resets: Bool,
            _ promise: EventLoopPromise<GRPCReply>
        ) {
            guard let context else { return promise.fail(ChannelError.alreadyClosed) }
            let id = HTTP2StreamID(next)
            next += 2
            waiting[id] = Waiting(promise: promise)
            func write(_ payload: HTTP2Frame.FramePayload) {
                context.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
            }
            write(.headers(.init(headers: headers)))
            if body.readableBytes > 0 || ends { write(.data(.init(data: .byteBuffer(body), endStream: ends))) }
            if resets {
                write(.rstStream(.cancel))
                waiting.removeValue(forKey: id)
                promise.succeed(GRPCReply())
            }
            context.flush()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            guard var call = waiting[frame.streamID] else { return }
            var isOver = false
            switch frame.payload {
            case .headers(let part):
                if !call.hasHead {
                    call.reply.headers = part.headers
                    call.hasHead = true
                } else {
                    call.reply.trailers = part.headers
                }
                isOver = part.endStream
            case .data(let part):
                if case .byteBuffer(let bytes) = part.data { call.bytes.writeImmutableBuffer(bytes) }
                isOver = part.endStream
            case .rstStream(let code):
                call.reply.reset = code
                isOver = true
            default: return
            }
            while let length = call.bytes.getInteger(at: call.bytes.readerIndex + 1, as: UInt32.self),
                call.bytes.readableBytes >= 5 + Int(length)
            {
                call.bytes.moveReaderIndex(forwardBy: 5)
                if let message = call.bytes.readSlice(length: Int(length)) { call.reply.messages.append(message) }
            }
            waiting[frame.streamID] = isOver ? nil : call
            if isOver { call.promise.succeed(call.reply) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            for call in waiting.values { call.promise.fail(ChannelError.eof) }
            waiting.removeAll()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if error is NIOHTTP2Errors.StreamError { return }
            context.close(promise: nil)
        }
    }
}
