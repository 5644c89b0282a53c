import Core
import HTTPSupport
import NIOCore
import NIOHPACK
import NIOHTTP2

/// The calls of one connection, over HTTP/2 frames and without a channel for each: a small unary call is read, answered
/// and forgotten within one turn of the event loop.
final class GRPCConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let services: GRPCServices
    var streams: [HTTP2StreamID: GRPCStream] = [:]
    private(set) var context: ChannelHandlerContext?
    private var opened: [HTTP2StreamID] = []
    private var hasFrames = false
    private var isReading = false
    private var needsFlush = false
    private var tick: RepeatedTask?
    private let peer: String?
    /// What was last found out about the client, and the name it had used; only for calls that tell of no way.
    private var known: (authority: String, facts: ClientFacts)?

    init(_ services: GRPCServices, peer: String?) {
        self.services = services
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        let more = ServingLimits.grpcConnectionWindow - 65_535
        write(.windowUpdate(windowSizeIncrement: more), .rootStream)
        flush()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let pause = TimeAmount.seconds(ServingLimits.grpcPatienceSeconds)
        tick = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            bound.value.cutStalled()
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        tick?.cancel()
        for id in Array(streams.keys) { drop(id) }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        hasFrames = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            if let stream = streams[frame.streamID] {
                // Trailers, which say nothing to a server but that the client has sent all.
                if headers.endStream { ended(frame.streamID, stream) }
            } else {
                open(frame.streamID, headers.headers, isComplete: headers.endStream)
            }
        case .data(let data):
            guard let stream = streams[frame.streamID], case .byteBuffer(let bytes) = data.data else { return }
            received(frame.streamID, stream, bytes)
            if data.endStream, streams[frame.streamID] != nil { ended(frame.streamID, stream) }
        case .rstStream: drop(frame.streamID)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        for id in opened {
            if let stream = streams[id] { startTimer(id, stream) }
        }
        opened.removeAll(keepingCapacity: true)
        if needsFlush { flush() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent: windowChanged(event)
        case let event as StreamClosedEvent: drop(event.streamID)
        case is ChannelShouldQuiesceEvent: endStreams()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A fault of one stream has been answered with a reset; any other ends the connection, after the GOAWAY.
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }

    // MARK: Calls

    private func open(_ id: HTTP2StreamID, _ headers: HPACKHeaders, isComplete: Bool) {
        let now = Clock.monotonicNanoseconds
        do throws(GRPCHead.Refusal) {
            let head = try GRPCHead(headers, now: now)
            let facts = try facts(head)
            guard let method = services.methods[head.path] else {
                throw .status(GRPCStatus(.unimplemented, "There is no method '\(head.path.prefix(200))'."))
            }
            let (admission, tenant) = try admit(head, method, facts)
            let stream = GRPCStream(
                method: method,
                call: GRPCCall(
                    path: head.path,
                    deadline: head.deadline,
                    headers: headers,
                    requestID: head.requestID,
                    trace: method.isPrediction ? services.begin(head.traceparent, head.tracestate) : nil,
                    admission: admission,
                    tenant: tenant
                ),
                framing: GRPCFraming(coding: head.coding, limit: services.messageLimit),
                window: ServingLimits.grpcStreamWindow,
                now: now
            )
            streams[id] = stream
            if let deadline = head.deadline, deadline <= now { return end(id, with: Self.late) }
            opened.append(id)
            if case .streaming(let body) = method { start(id, stream, body) }
            if isComplete { ended(id, stream) }
        } catch {
            refuse(id, error, isComplete: isComplete)
        }
    }

    private func facts(_ head: GRPCHead) throws(GRPCHead.Refusal) -> ClientFacts {
        if let known, head.forwarded.isEmpty, known.authority == head.authority { return known.facts }
        do throws(MartletError) {
            let facts = try services.client(peer, head.authority, head.forwarded)
            if head.forwarded.isEmpty { known = (head.authority, facts) }
            return facts
        } catch {
            throw .status(GRPCStatus(error))
        }
    }

    /// Lets a caller in, or refuses the call before its message is read; a caller whom the gate must look into is let in
    /// when the call begins.
    private func admit(
        _ head: GRPCHead,
        _ method: GRPCMethod,
        _ facts: ClientFacts
    ) throws(GRPCHead.Refusal) -> (GRPCAdmission?, GRPCTenant?) {
        do throws(MartletError) {
            guard let admission = try services.admission(head, address: facts.address) else { return (nil, nil) }
            return (admission, try admission.now())
        } catch {
            if method.isPrediction { RefusalMetrics.record(.grpc, code: error.code.rawValue) }
            throw .status(GRPCStatus(error))
        }
    }

    private func received(_ id: HTTP2StreamID, _ stream: GRPCStream, _ bytes: ByteBuffer) {
        stream.framing.append(bytes)
        do {
            while let message = try stream.framing.next() {
                release(stream)
                if let messages = stream.messages {
                    stream.untaken += message.readableBytes
                    messages.yield(message)
                } else if stream.message == nil {
                    stream.message = message
                } else {
                    throw GRPCStatus(.invalidArgument, "The method takes one message, but more were sent.")
                }
            }
            guard !stream.framing.isEmpty else { return }
            stream.lastBytes = Clock.monotonicNanoseconds
            let missing = stream.framing.expected
            guard missing > ServingLimits.grpcStreamWindow, stream.reserved == 0 else { return }
            guard services.budget.reserve(missing) else {
                throw GRPCStatus(.resourceExhausted, "Too many large messages are under way; try again.")
            }
            stream.reserved = missing
        } catch {
            end(id, with: GRPCStatus(error))
        }
    }

    /// The client has sent all: a unary call begins.
    private func ended(_ id: HTTP2StreamID, _ stream: GRPCStream) {
        stream.isComplete = true
        guard stream.framing.isEmpty else {
            return end(id, with: GRPCStatus(.invalidArgument, "The request ends within a message."))
        }
        if let messages = stream.messages {
            messages.finish()
            return
        }
        guard let message = stream.message else {
            return end(id, with: GRPCStatus(.invalidArgument, "The request has no message."))
        }
        stream.message = nil
        switch stream.method {
        case .immediate(let body, let otherwise):
            do {
                if let tenant = stream.call.tenant {
                    try stream.call.admission?.check(message, tenant)
                }
                let mayBeNow = stream.call.tenant != nil || stream.call.admission == nil
                if mayBeNow, let answer = try body(message, stream.call, GRPCFraming.answer()) {
                    return finish(id, stream, .success(answer))
                }
                start(id, stream, message, otherwise)
            } catch {
                finish(id, stream, .failure(error))
            }
        case .unary(let body): start(id, stream, message, body)
        case .streaming: break
        }
    }

    private func start(
        _ id: HTTP2StreamID,
        _ stream: GRPCStream,
        _ message: ByteBuffer,
        _ body: @escaping GRPCMethod.Unary
    ) {
        guard let context else { return }
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let call = stream.call
        stream.task = Task {
            let result: Result<ByteBuffer, any Error>
            do {
                let call = try await call.admitted(with: message)
                result = .success(try await body(message, call, GRPCFraming.answer()))
            } catch {
                result = .failure(error)
            }
            loop.execute {
                guard let stream = bound.value.streams[id] else { return }
                bound.value.finish(id, stream, result)
            }
        }
    }

    private func start(_ id: HTTP2StreamID, _ stream: GRPCStream, _ body: @escaping GRPCMethod.Streaming) {
        guard let context else { return }
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let call = stream.call
        let (base, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
        stream.messages = continuation
        let messages = GRPCMessages(base: base) { bytes in
            loop.execute { bound.value.taken(id, bytes) }
        }
        let answers = GRPCAnswers { message in
            let written = loop.makePromise(of: Void.self)
            loop.execute { bound.value.send(id, message, written) }
            try await written.futureResult.get()
        }
        stream.task = Task {
            var status = GRPCStatus(.ok, "")
            do { try await body(messages, try await call.admitted(with: nil), answers) } catch {
                status = GRPCStatus(error)
            }
            let ended = status
            loop.execute { bound.value.end(id, with: ended) }
        }
    }

    private func startTimer(_ id: HTTP2StreamID, _ stream: GRPCStream) {
        guard let deadline = stream.call.deadline, let context, stream.timer == nil else { return }
        let now = Clock.monotonicNanoseconds
        let left = TimeAmount.nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        stream.timer = context.eventLoop.scheduleTask(in: left) { bound.value.end(id, with: Self.late) }
    }

    private static let late = GRPCStatus(.deadlineExceeded, "The deadline has passed.")

    /// The server stops: streaming calls get no more messages, and a watch, which would never end, ends.
    private func endStreams() {
        for (id, stream) in streams where stream.isStreaming {
            if stream.call.path.hasSuffix("/Watch") {
                end(id, with: GRPCStatus(.unavailable, "The server is stopping."))
            } else {
                stream.messages?.finish()
            }
        }
    }

    /// Cuts calls whose bytes have stopped coming, and a connection that never spoke.
    private func cutStalled() {
        guard hasFrames else {
            context?.close(promise: nil)
            return
        }
        let now = Clock.monotonicNanoseconds
        let patience = UInt64(ServingLimits.grpcPatienceSeconds) * 1_000_000_000
        for (id, stream) in streams
        where !stream.isComplete && !stream.isStreaming && now &- stream.lastBytes > patience {
            end(id, with: GRPCStatus(.deadlineExceeded, "The request's bytes have stopped coming."))
        }
    }
}

// MARK: - Writing

extension GRPCConnection {
    /// Ends a unary call with its answer.
    private func finish(_ id: HTTP2StreamID, _ stream: GRPCStream, _ result: Result<ByteBuffer, any Error>) {
        switch result {
        case .failure(let error): end(id, with: GRPCStatus(error))
        case .success(var answer):
            GRPCFraming.seal(&answer)
            writeHead(id, stream)
            write(.data(.init(data: .byteBuffer(answer))), id)
            end(id, with: GRPCStatus(.ok, ""))
        }
    }

    /// Sends one answer of a streaming call.
    private func send(_ id: HTTP2StreamID, _ message: ByteBuffer, _ written: EventLoopPromise<Void>) {
        guard let stream = streams[id], let context else { return written.fail(CancellationError()) }
        writeHead(id, stream)
        var answer = GRPCFraming.answer(capacity: GRPCFraming.prefix + message.readableBytes)
        answer.writeImmutableBuffer(message)
        GRPCFraming.seal(&answer)
        let frame = HTTP2Frame(streamID: id, payload: .data(.init(data: .byteBuffer(answer))))
        context.write(wrapOutboundOut(frame), promise: written)
        flush()
    }

    private func writeHead(_ id: HTTP2StreamID, _ stream: GRPCStream) {
        guard !stream.hasHead else { return }
        stream.hasHead = true
        var headers = GRPCAnswerHeaders.head
        if let trace = stream.call.trace {
            headers.add(name: "traceparent", value: trace.context.parent)
        }
        write(.headers(.init(headers: headers)), id)
    }

    /// Ends a call with a status; one that has ended already stays as it is.
    private func end(_ id: HTTP2StreamID, with status: GRPCStatus) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        release(stream)
        stream.cancel()
        let trailers = GRPCAnswerHeaders.trailers(status, isAlone: !stream.hasHead)
        write(.headers(.init(headers: trailers, endStream: true)), id)
        // The client may stop sending: nobody listens any more.
        if !stream.isComplete { write(.rstStream(.noError), id) }
        if !isReading { flush() }
    }

    private func refuse(_ id: HTTP2StreamID, _ refusal: GRPCHead.Refusal, isComplete: Bool) {
        let headers: HPACKHeaders =
            switch refusal {
            case .http(let code): [":status": "\(code)"]
            case .status(let status): GRPCAnswerHeaders.trailers(status, isAlone: true)
            }
        write(.headers(.init(headers: headers, endStream: true)), id)
        if !isComplete { write(.rstStream(.noError), id) }
    }

    /// Forgets a call that the client has given up.
    private func drop(_ id: HTTP2StreamID) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        release(stream)
        stream.cancel()
    }

    private func release(_ stream: GRPCStream) {
        guard stream.reserved > 0 else { return }
        services.budget.release(stream.reserved)
        stream.reserved = 0
    }

    private func write(_ payload: HTTP2Frame.FramePayload, _ id: HTTP2StreamID) {
        needsFlush = true
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    }

    private func flush() {
        needsFlush = false
        context?.flush()
    }

    // MARK: Windows

    private func windowChanged(_ event: NIOHTTP2WindowUpdatedEvent) {
        guard let size = event.inboundWindowSize else { return }
        if event.streamID == .rootStream {
            let target = ServingLimits.grpcConnectionWindow
            guard size < target / 2 else { return }
            write(.windowUpdate(windowSizeIncrement: target - size), .rootStream)
        } else if let stream = streams[event.streamID] {
            stream.window = size
            widen(event.streamID, stream)
        }
    }

    private func taken(_ id: HTTP2StreamID, _ bytes: Int) {
        guard let stream = streams[id] else { return }
        stream.untaken -= bytes
        widen(id, stream)
        if !isReading, needsFlush { flush() }
    }

    /// Lets the client send more, unless a streaming method is behind with what it has.
    private func widen(_ id: HTTP2StreamID, _ stream: GRPCStream) {
        let target = ServingLimits.grpcStreamWindow
        guard stream.window < target / 2, !stream.isComplete, stream.untaken <= target else { return }
        write(.windowUpdate(windowSizeIncrement: target - stream.window), id)
        stream.window = target
    }
}
