import HTTPSupport
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A server with TLS, and clients that speak it.
@Suite struct TLSChannelTests {
    private func serving(
        _ files: CertificateFiles,
        _ body: @escaping @Sendable (TLSCertificates, Int) async throws -> Void
    ) async throws {
        defer { files.remove() }
        let certificates = try files.load()
        let router = Router()
        router.get("/") { _, _ in "routed" }
        let application = Application(
            router: router,
            server: LaneChannel.builder(EchoRoutes(), ConnectionRules(tls: certificates))
        )
        try await application.test(.live) { client in
            try await body(certificates, try #require(client.port))
        }
    }

    private let fast = "POST /fast HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\nhi"
    private let slow = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    @Test func laneAndRouterAnswerOverTLS() async throws {
        let (fast, slow) = (fast, slow)
        try await serving(try CertificateFiles()) { _, port in
            let client = try await TLSClient.connect(port, trusting: TestCertificates.first)
            for _ in 0..<3 {
                #expect(try await client.ask(fast, until: "hi").hasPrefix("HTTP/1.1 200"))
                #expect(try await client.ask(slow, until: "routed").hasPrefix("HTTP/1.1 200"))
            }
            try await client.close()
        }
    }

    @Test func aNewCertificateIsForNewConnectionsAndDropsNone() async throws {
        let fast = fast
        let files = try CertificateFiles()
        try await serving(files) { certificates, port in
            let before = try await TLSClient.connect(port, trusting: TestCertificates.first)
            #expect(try await before.ask(fast, until: "hi").hasPrefix("HTTP/1.1 200"))
            try files.write(TestCertificates.second, TestCertificates.secondKey)
            certificates.reload()
            let after = try await TLSClient.connect(port, trusting: TestCertificates.second)
            #expect(try await after.ask(fast, until: "hi").hasPrefix("HTTP/1.1 200"))
            #expect(try await before.ask(fast, until: "hi").hasPrefix("HTTP/1.1 200"))
            await #expect(throws: (any Error).self) {
                let stranger = try await TLSClient.connect(port, trusting: TestCertificates.first)
                _ = try await stranger.ask(fast, until: "hi")
            }
            try await before.close()
            try await after.close()
        }
    }

    @Test func oldVersionsAreRefused() async throws {
        let fast = fast
        try await serving(try CertificateFiles()) { _, port in
            await #expect(throws: (any Error).self) {
                let old = try await TLSClient.connect(port, trusting: TestCertificates.first, newest: .tlsv11)
                _ = try await old.ask(fast, until: "hi")
            }
            let good = try await TLSClient.connect(port, trusting: TestCertificates.first, newest: .tlsv12)
            #expect(try await good.ask(fast, until: "hi").hasPrefix("HTTP/1.1 200"))
            try await good.close()
        }
    }
}

/// A connection over TLS on which a test says exactly what goes out.
struct TLSClient: Sendable {
    private let channel: any Channel
    private let answers: NIOLoopBound<Answers>

    static func connect(_ port: Int, trusting root: String, newest: TLSVersion? = nil) async throws -> TLSClient {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(root.utf8)))
        configuration.maximumTLSVersion = newest
        let context = try NIOSSLContext(configuration: configuration)
        let made = Mutex<NIOLoopBound<Answers>?>(nil)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let answers = Answers()
                    made.withLock { $0 = NIOLoopBound(answers, eventLoop: channel.eventLoop) }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(try NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try pipeline.addHandler(answers)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return TLSClient(channel: channel, answers: try #require(made.withLock { $0 }))
    }

    /// Sends text and waits for an answer that ends with `end`.
    func ask(_ text: String, until end: String) async throws -> String {
        let promise = channel.eventLoop.makePromise(of: String.self)
        channel.eventLoop.execute { [answers] in answers.value.wait(for: end, promise) }
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        return try await promise.futureResult.get()
    }

    func close() async throws { try await channel.close() }

    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var text = ""
        private var waiting: (end: String, promise: EventLoopPromise<String>)?
        private var failure: (any Error)?

        func wait(for end: String, _ promise: EventLoopPromise<String>) {
            if let failure { return promise.fail(failure) }
            waiting = (end, promise)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard let waiting, text.hasSuffix(waiting.end) else { return }
            let answer = text
            text = ""
            self.waiting = nil
            waiting.promise.succeed(answer)
        }

        func channelInactive(context: ChannelHandlerContext) { fail(ChannelError.eof) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            fail(error)
            context.close(promise: nil)
        }

        private func fail(_ error: any Error) {
            failure = failure ?? error
            waiting?.promise.fail(error)
            waiting = nil
        }
    }
}
