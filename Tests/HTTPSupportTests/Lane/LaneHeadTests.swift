import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

import HTTPSupport

@Suite struct LaneHeadTests {
    private func read(_ text: String) -> LaneHead.Reading {
        Array(text.utf8).withUnsafeBufferPointer { LaneHead.read($0) }
    }

    private static let plain =
        "POST /predict?x=1 HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: a b\r\ncontent-length:  12 \r\n"
        + "CONTENT-TYPE: application/json\r\nX-Request-Id: abc\r\nConnection: Keep-Alive\r\n\r\n"

    @Test func aPlainHeadIsUnderstood() throws {
        guard case .head(let head) = read(Self.plain) else {
            Issue.record("not understood")
            return
        }
        let text = { (place: LaneHead.Place?) in
            place.map { String(decoding: Array(Self.plain.utf8)[$0], as: UTF8.self) }
        }
        #expect(head.isPost && head.isPlain)
        #expect(text(head.target) == "/predict?x=1")
        #expect(head.bodyLength == 12)
        #expect(head.length == Self.plain.utf8.count)
        #expect(text(head.host) == "127.0.0.1:5000")
        #expect(text(head.contentType) == "application/json")
        #expect(text(head.requestID) == "abc")
    }

    @Test func everyPrefixIsIncomplete() {
        for count in 0..<Self.plain.utf8.count {
            #expect(read(String(decoding: Self.plain.utf8.prefix(count), as: UTF8.self)) == .incomplete, "\(count)")
        }
    }

    @Test func otherMethodsAndFieldsAreFramedButNotPlain() {
        guard case .head(let head) = read("GET / HTTP/1.1\r\nHost: a\r\nCookie: b\r\n\r\n") else {
            Issue.record("not understood")
            return
        }
        #expect(!head.isPost && !head.isPlain && head.bodyLength == 0)
    }

    @Test(
        arguments: [
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", "GET /\r\n",
            "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "get / HTTP/1.1\r\nHost: a\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.1\r\n",
            "GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", "\u{16}\u{3}\u{1}\u{2}\u{0}",
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \u{E9}\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12345678901\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        ]
    )
    func whateverIsNotPlainIsLeftToTheRouter(text: String) {
        #expect(read(text) == .unusual)
    }

    @Test func tooManyFieldsAreLeftToTheRouter() {
        let field = "Accept: a\r\n"
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        let most = String(repeating: field, count: LaneLimits.headFields - 1)
        guard case .head = read(start + most + "\r\n") else {
            Issue.record("at the limit")
            return
        }
        #expect(read(start + most + field + "\r\n") == .unusual)
    }

    /// The router's decoder and the lane must agree where a request ends, or one client's bytes become another's request.
    @Test func whatIsUnderstoodEndsWhereTheRoutersDecoderSaysItEnds() throws {
        var random = SeededNumbers(seed: 11)
        var understood = 0
        for _ in 0..<4000 {
            let bytes = LaneStreams.request(&random)
            guard case .head(let head) = bytes.withUnsafeBufferPointer({ LaneHead.read($0) }) else { continue }
            let end = head.length + head.bodyLength
            guard end <= bytes.count else { continue }
            understood += 1
            let channel = EmbeddedChannel()
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            try channel.writeInbound(ByteBuffer(bytes: bytes[..<(end - 1)]))
            var ends = 0
            var uri: String?
            func drain() throws {
                while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                    if case .head(let found) = part { uri = found.uri }
                    if case .end = part { ends += 1 }
                }
            }
            try drain()
            #expect(ends == 0)
            try channel.writeInbound(ByteBuffer(bytes: bytes[(end - 1)..<end]))
            try drain()
            #expect(ends == 1, "\(String(decoding: bytes, as: UTF8.self))")
            #expect(uri == String(decoding: bytes[head.target], as: UTF8.self))
            _ = try? channel.finish()
        }
        #expect(understood > 500)
    }
}
