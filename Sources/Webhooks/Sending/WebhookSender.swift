import AsyncHTTPClient
package import Core
import NIOCore
import NIOHTTP1
import NIOPosix

/// Makes one request to a receiver, to an address that was checked, and reads a bounded answer.
package struct WebhookSender: Sendable {
    /// What came of a request.
    package struct Reply: Sendable, Equatable {
        /// The status of the answer.
        package let status: Int
        /// The beginning of its body.
        package let body: String
        /// How long the receiver asks to wait.
        package let retryAfter: Duration?
    }

    let guarding: WebhookGuard
    let clock: Clock

    /// A sender under a policy; tests give their own resolver.
    package init(policy: WebhookPolicy, resolver: HostResolver = .system, clock: Clock = .system) {
        guarding = WebhookGuard(policy: policy, resolver: resolver)
        self.clock = clock
    }

    /// Sends a body to a webhook's URL, signed if there is a secret.
    ///
    /// - Throws: `invalidArgument` if the address may not be talked to, `unavailable` or `deadlineExceeded` if no answer
    ///   came.
    package func send(url text: String, delivery: String, body: String, secret: String?) async throws -> Reply {
        let url = try WebhookURL(text, policy: guarding.policy)
        let addresses = try await guarding.addresses(of: url)
        let headers = WebhookMessage.headers(delivery: delivery, now: clock.now, body: body, secret: secret)
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.headers.add(name: "User-Agent", value: "martlet/\(ProductVersion.text)")
        request.body = .bytes(Array(body.utf8))
        var failure: any Error = MartletError(.unavailable, "The webhook's host has no address.")
        for address in addresses {
            do {
                return try await Self.execute(request, host: url.host, at: address, isLiteral: url.isIPv6Literal)
            } catch let error where Self.isConnectionFailure(error) {
                failure = error
            }
        }
        throw failure
    }

    /// A request over a connection to exactly this address.
    ///
    /// The name is not looked up a second time, so it cannot be answered differently after the check. The certificate is
    /// still that of the name.
    private static func execute(
        _ request: HTTPClientRequest,
        host: String,
        at address: IPAddress,
        isLiteral: Bool
    ) async throws -> Reply {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.decompression = .disabled
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        if !isLiteral { configuration.dnsOverride = [host: address.description] }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let timeout = TimeAmount.seconds(Int64(WebhooksLimits.requestSeconds))
            let response = try await client.execute(request, deadline: .now() + timeout)
            var bytes: [UInt8] = []
            for try await chunk in response.body {
                bytes += chunk.readableBytesView.prefix(WebhooksLimits.responseBytes - bytes.count)
                if bytes.count >= WebhooksLimits.responseBytes { break }
            }
            let reply = Reply(
                status: Int(response.status.code),
                body: String(decoding: bytes, as: UTF8.self),
                retryAfter: response.headers.first(name: "Retry-After").flatMap { Int64($0) }.map {
                    .seconds(max(0, $0))
                }
            )
            try await client.shutdown()
            return reply
        } catch {
            try await client.shutdown()
            throw explained(error)
        }
    }

    private static func isConnectionFailure(_ error: any Error) -> Bool {
        (error as? MartletError)?.code == .unavailable
    }

    /// What a person reads; never a path or a stack.
    private static func explained(_ error: any Error) -> any Error {
        if error is CancellationError || error as? HTTPClientError == .cancelled { return CancellationError() }
        let isUnconnected =
            error is NIOConnectionError || error is IOError || error is ChannelError
            || error as? HTTPClientError == .connectTimeout
        if isUnconnected { return MartletError(.unavailable, "The receiver cannot be connected to.", cause: error) }
        let timeouts: [HTTPClientError] = [.deadlineExceeded, .readTimeout, .writeTimeout]
        let reason: String
        if let error = error as? HTTPClientError, timeouts.contains(error) {
            reason = "The receiver did not answer within \(WebhooksLimits.requestSeconds) seconds."
        } else if error as? HTTPClientError == .remoteConnectionClosed {
            reason = "The receiver closed the connection without an answer."
        } else {
            reason = "The exchange with the receiver failed."
        }
        return MartletError(.deadlineExceeded, reason, cause: error)
    }
}
