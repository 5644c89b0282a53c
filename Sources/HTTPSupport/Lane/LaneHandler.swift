package import NIOCore

/// Stands in front of the router's pipeline on every connection and answers what `LaneRoutes` can answer at once.
///
/// It also cuts slow clients and lets connections end without a lost request when the server stops; both hold for the
/// router's requests too. Which bytes it may look at is `LaneMachine`'s business.
package final class LaneHandler: ChannelInboundHandler {
    /// Bytes from the socket.
    package typealias InboundIn = ByteBuffer
    /// Bytes for the router's decoder.
    package typealias InboundOut = ByteBuffer
    /// Bytes to the socket.
    package typealias OutboundOut = ByteBuffer

    private let routes: any LaneRoutes
    private var machine = LaneMachine()
    private var patience = LanePatience()
    /// Bytes of a request that is not whole yet.
    private var held: ByteBuffer?
    private var reply = LaneReply()
    /// The value of `Host` that was last found to be served.
    private var host: [UInt8] = []
    private var tail: LaneTail?
    private var hasPassed = false
    private var hasMoved = false
    private var hasHalfHead = false
    private var isDraining = false
    private var ticking: Scheduled<Void>?

    /// Puts `routes` in front of whatever comes behind it in the pipeline.
    package init(routes: any LaneRoutes) {
        self.routes = routes
    }

    /// Begins to count the client's patience.
    package func handlerAdded(context: ChannelHandlerContext) {
        scheduleTick(context)
    }

    /// Stops counting.
    package func handlerRemoved(context: ChannelHandlerContext) {
        ticking?.cancel()
        ticking = nil
    }

    // MARK: Bytes

    /// Answers a request, keeps its beginning, or passes its bytes to the router.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        hasMoved = true
        if var all = held {
            held = nil
            all.writeBuffer(&bytes)
            bytes = all
        }
        guard bytes.readableBytes > 0 else { return }
        let isWritable = context.channel.isWritable
        // A client that does not read its answers is the router's, which waits for it.
        if !isWritable { machine.leave() }
        let step = bytes.withUnsafeReadableBytes { raw -> LaneMachine.Step in
            let buffer = raw.bindMemory(to: UInt8.self)
            let step = machine.received(buffer) { routes.isOurs($0) }
            guard case .answer(let head) = step, !answers(LaneRequest(bytes: buffer, head: head)) else { return step }
            machine.declined()
            return .pass
        }
        switch step {
        case .wait: held = bytes
        case .answer:
            context.writeAndFlush(wrapOutboundOut(reply.buffer), promise: nil)
            if reply.closes { context.close(promise: nil) }
        case .pass: pass(bytes, context)
        }
    }

    private func answers(_ request: LaneRequest) -> Bool {
        guard let place = request.head.host else { return false }
        let name = request.value(place)
        if !name.elementsEqual(host) {
            guard routes.serves(host: request.text(place)) else { return false }
            host = Array(name)
        }
        return routes.answer(request, &reply)
    }

    private func pass(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        hasPassed = true
        let tail = tail(context)
        let parts = tail?.parts
        context.fireChannelRead(wrapInboundOut(bytes))
        hasHalfHead = parts == tail?.parts
        if isDraining, tail?.isAnswering == true { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Told on only when bytes were passed on.
    package func channelReadComplete(context: ChannelHandlerContext) {
        guard hasPassed else { return }
        hasPassed = false
        context.fireChannelReadComplete()
    }

    /// The handler behind the router's decoder, which tells where responses end.
    private func tail(_ context: ChannelHandlerContext) -> LaneTail? {
        if let tail { return tail }
        tail = try? context.pipeline.syncOperations.handler(type: LaneTail.self)
        tail?.isDraining = isDraining
        tail?.onResponseEnd = { [weak self] in self?.machine.responseEnded() }
        return tail
    }

    // MARK: Ends

    /// Hears that the server stops and that the client sends no more.
    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: drain(context)
        case ChannelEvent.inputClosed:
            release(context)
            context.fireUserInboundEventTriggered(event)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// Drops what is held.
    package func channelInactive(context: ChannelHandlerContext) {
        held = nil
        context.fireChannelInactive()
    }

    /// Gives the router what is held: no more will come.
    private func release(_ context: ChannelHandlerContext) {
        machine.leave()
        guard let bytes = held else { return }
        held = nil
        pass(bytes, context)
        channelReadComplete(context: context)
    }

    /// The server stops: the answer to the next request says that the connection ends, and a connection that rests is
    /// closed after a moment, so that a request on its way is not lost.
    private func drain(_ context: ChannelHandlerContext) {
        guard !isDraining else { return }
        isDraining = true
        reply.closes = true
        let tail = tail(context)
        tail?.isDraining = true
        if tail?.isAnswering == true {
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            return
        }
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(LaneLimits.drainMilliseconds)) {
            guard self.phase == .request else { return }
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    // MARK: Patience

    private func scheduleTick(_ context: ChannelHandlerContext) {
        ticking = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Int64(LaneLimits.tickSeconds))) {
            self.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        if patience.tick(phase, hasMoved: hasMoved) {
            context.close(promise: nil)
            return
        }
        hasMoved = false
        scheduleTick(context)
    }

    /// What the server waits for.
    private var phase: LanePatience.Phase {
        switch machine.state {
        case .idle:
            guard let held else { return .request }
            let reading = held.withUnsafeReadableBytes { LaneHead.read($0.bindMemory(to: UInt8.self)) }
            return reading == .incomplete ? .head : .body
        case .router(let remaining, let hasEnded):
            return remaining > 0 ? .body : hasEnded ? .request : .answer
        case .sticky:
            guard let tail else { return .request }
            if tail.isReading { return .body }
            if tail.isAnswering { return .answer }
            return hasHalfHead ? .head : .request
        }
    }
}
