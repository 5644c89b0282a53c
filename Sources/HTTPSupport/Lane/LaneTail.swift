import Core
package import NIOCore
package import NIOHTTP1

/// Stands behind the router's HTTP/1 decoder: tells the lane where responses end, refuses what no request may be, and
/// keeps the rules of persistent connections (RFC 9112, section 9.3).
package final class LaneTail: ChannelDuplexHandler {
    /// Parts of requests from the decoder.
    package typealias InboundIn = HTTPServerRequestPart
    /// Parts of requests for the router.
    package typealias InboundOut = HTTPServerRequestPart
    /// Parts of responses from the router.
    package typealias OutboundIn = HTTPServerResponsePart
    /// Parts of responses for the encoder.
    package typealias OutboundOut = HTTPServerResponsePart

    /// A request whose response has not ended.
    private struct Pending {
        let keepsAlive: Bool
        let isOld: Bool
    }

    /// Called when the end of a response is written.
    var onResponseEnd: () -> Void = {}
    /// Whether the server stops.
    var isDraining = false
    /// Parts of requests seen so far.
    private(set) var parts = 0
    /// Whether a request's body is still to come.
    private(set) var isReading = false
    private var pending: [Pending] = []
    /// Whether the head of a response is written and its end is not.
    private var hasBegun = false
    private var refusal: (status: HTTPResponseStatus, message: String)?

    /// A handler that has seen nothing yet.
    package init() {}

    /// Whether a response is owed.
    var isAnswering: Bool { !pending.isEmpty }

    /// Refuses what no request may be and keeps count of what is owed.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parts &+= 1
        guard refusal == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let refusal = LaneRules.refusal(of: head) {
                self.refusal = refusal
                if pending.isEmpty { refuse(context) }
                return
            }
            isReading = true
            pending.append(Pending(keepsAlive: head.isKeepAlive, isOld: head.version == .http1_0))
        case .end: isReading = false
        case .body: break
        }
        context.fireChannelRead(data)
    }

    /// A body that breaks the rules is the client's fault: whoever reads it hears of the error first, so that the part
    /// which came is not taken for the whole, and then the client does.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(error)
        guard error is HTTPParserError, isReading, pending.count == 1, !hasBegun, refusal == nil else { return }
        refusal = (.badRequest, "The request body is not framed as its head says.")
        refuse(context)
    }

    /// Marks responses that end the connection and tells where each one ends.
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            hasBegun = head.status.code >= 200
            // An interim response is not the answer.
            if head.status.code >= 200, closesAfterResponse {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            } else if pending.first?.isOld == true {
                head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            } else {
                context.write(data, promise: promise)
            }
        case .body: context.write(data, promise: promise)
        case .end:
            hasBegun = false
            let closes = closesAfterResponse && !isReading
            if !pending.isEmpty { pending.removeFirst() }
            onResponseEnd()
            guard closes || (refusal != nil && pending.isEmpty) else { return context.write(data, promise: promise) }
            context.writeAndFlush(data, promise: promise)
            if refusal != nil { refuse(context) } else { context.close(promise: nil) }
        }
    }

    /// Whether the connection ends with the response that is being written.
    private var closesAfterResponse: Bool {
        guard let first = pending.first else { return false }
        return !first.keepsAlive || (isDraining && pending.count == 1)
    }

    /// Answers a request that no route may see, and closes.
    private func refuse(_ context: ChannelHandlerContext) {
        guard let refusal else { return }
        let error: JSONValue = [
            "code": .string(MartletError.Code.invalidArgument.rawValue), "message": .string(refusal.message),
        ]
        let body = (["error": error] as JSONValue).serialized()
        var head = HTTPResponseHead(version: .http1_1, status: refusal.status)
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: String(body.count))
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}

/// What no request may be, whatever it asks for.
enum LaneRules {
    /// Why a request is refused; nil when it may pass.
    static func refusal(of head: HTTPRequestHead) -> (status: HTTPResponseStatus, message: String)? {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            return (.httpVersionNotSupported, "This server speaks HTTP/1.1 and HTTP/1.0.")
        }
        let hosts = head.headers["Host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version == .http1_0) else {
            return (.badRequest, "A request must have exactly one Host field; there are \(hosts.count).")
        }
        guard head.method != .CONNECT, head.uri.hasPrefix("/") || (head.method == .OPTIONS && head.uri == "*") else {
            return (.badRequest, "This server is no proxy: the request target must be a path.")
        }
        return nil
    }
}
