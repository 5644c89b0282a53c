import HTTPSupport
import NIOCore
import NIOEmbedded
import Testing

@Suite struct TLSGreetingTests {
    private func connection() throws -> (EmbeddedChannel, EmbeddedEventLoop) {
        let files = try CertificateFiles()
        defer { files.remove() }
        let loop = EmbeddedEventLoop()
        let channel = EmbeddedChannel(loop: loop)
        try TLSGreeting.add(try files.load(), isHTTP2: false, to: channel.pipeline.syncOperations)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, loop)
    }

    @Test func aHandshakeMustEndInTime() throws {
        let (channel, loop) = try connection()
        loop.advanceTime(by: .seconds(Int64(TLSLimits.handshakeSeconds) - 1))
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test func plainHTTPIsToldToUseTLS() throws {
        let (channel, _) = try connection()
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        let answer = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        #expect(answer?.hasPrefix("HTTP/1.1 400") == true)
        #expect(answer?.contains("https://") == true)
        #expect(!channel.isActive)
    }

    @Test func whatIsNeitherEndsTheConnection() throws {
        let (channel, _) = try connection()
        _ = try? channel.writeInbound(ByteBuffer(bytes: [0x00, 0x01, 0x02, 0x03, 0x04, 0x05]))
        #expect(!channel.isActive)
    }

    @Test func somebodyWhoMayNotConnectIsToldSo() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(RefusedPeer())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n"))
        let answer = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
        #expect(answer?.hasPrefix("HTTP/1.1 403") == true)
        #expect(!channel.isActive)
    }
}
