import NIOCore

/// HTTP/1.1 with keep-alive, no more of it than an answer with a length or in chunks needs.
final class HTTPWire: WireHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let authority: String
    private let access: String
    private var context: ChannelHandlerContext?
    private var buffer = ByteBuffer()
    private var done: ((Result<WireAnswer, WireFailure>) -> Void)?

    init(authority: String, access: ClientAccess) {
        self.authority = authority
        self.access = access.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(_ request: WireRequest, _ done: @escaping (Result<WireAnswer, WireFailure>) -> Void) {
        guard let context, self.done == nil else { return done(.failure(.closed)) }
        self.done = done
        var head = "\(request.verb) \(request.path) HTTP/1.1\r\nhost: \(authority)\r\n"
        head += access
        for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
        head += "content-length: \(request.body.count)\r\n\r\n"
        var bytes = context.channel.allocator.buffer(capacity: head.utf8.count + request.body.count)
        bytes.writeString(head)
        bytes.writeBytes(request.body)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer.writeImmutableBuffer(unwrapInboundIn(data))
        do throws(WireFailure) {
            guard let (answer, length) = try HTTPAnswerReader.read(buffer.readableBytesView) else { return }
            buffer.moveReaderIndex(forwardBy: length)
            buffer.discardReadBytes()
            finish(.success(answer))
        } catch {
            finish(.failure(error))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.closed))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func finish(_ result: Result<WireAnswer, WireFailure>) {
        guard let done else { return }
        self.done = nil
        done(result)
    }
}

/// Reads HTTP/1.1 answers (RFC 9112).
package enum HTTPAnswerReader {
    /// The answer at the beginning of the bytes and how many are its own; nil until it has come whole.
    package static func read(bytes: [UInt8]) throws(WireFailure) -> (WireAnswer, Int)? {
        try read(ByteBuffer(bytes: bytes).readableBytesView)
    }

    /// The answer at the beginning of the bytes and how many are its own; nil until it has come whole.
    static func read(_ bytes: ByteBufferView) throws(WireFailure) -> (WireAnswer, Int)? {
        guard let end = headEnd(bytes) else {
            guard bytes.count <= CommandLimits.answerHeadBytes else { throw .malformed }
            return nil
        }
        let head = String(decoding: bytes[bytes.startIndex..<end], as: UTF8.self)
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
        guard let first = lines.popFirst(), first.hasPrefix("HTTP/1."), let status = Int(first.dropFirst(9).prefix(3))
        else { throw .malformed }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let start = end + 4
        let body: [UInt8]
        let next: Int
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            guard let (content, after) = try chunks(bytes, from: start) else { return nil }
            (body, next) = (content, after)
        } else {
            guard let length = Int(headers["content-length"] ?? "0"), (0...CommandLimits.answerBytes).contains(length)
            else {
                throw .malformed
            }
            guard bytes.endIndex - start >= length else { return nil }
            (body, next) = (Array(bytes[start..<start + length]), start + length)
        }
        let answer = WireAnswer(
            status: status,
            failure: (200..<300).contains(status) ? nil : "HTTP \(status)",
            headers: headers,
            body: body
        )
        return (answer, next - bytes.startIndex)
    }

    /// Where the empty line begins.
    private static func headEnd(_ bytes: ByteBufferView) -> Int? {
        guard bytes.count >= 4 else { return nil }
        var position = bytes.startIndex
        while position <= bytes.endIndex - 4 {
            if bytes[position] == 0x0D, bytes[position + 1] == 0x0A, bytes[position + 2] == 0x0D,
                bytes[position + 3] == 0x0A
            {
                return position
            }
            position += 1
        }
        return nil
    }

    private static func chunks(_ bytes: ByteBufferView, from start: Int) throws(WireFailure) -> ([UInt8], Int)? {
        var body: [UInt8] = []
        var position = start
        while true {
            guard let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
            let text = String(decoding: bytes[position..<end], as: UTF8.self).prefix { $0.isHexDigit }
            guard let length = Int(text, radix: 16), length <= CommandLimits.answerBytes else { throw .malformed }
            position = end + 1
            guard bytes.endIndex - position >= length + 2 else { return nil }
            body.append(contentsOf: bytes[position..<position + length])
            position += length + 2
            if length == 0 { return (body, position) }
        }
    }
}
