import AsyncHTTPClient
import Core
import Crypto
import NIOCore
import NIOHTTP1

/// One request to the store, as it can be sent any number of times.
struct S3Request: Sendable {
    let method: HTTPMethod
    /// The key, or nil for the bucket.
    let key: String?
    var query: [SignatureV4.Field] = []
    var headers: [SignatureV4.Field] = []
    var body = ByteBuffer()
    /// Statuses that the caller reads itself, beside 2xx.
    var expected: Set<Int> = []
    var seconds = S3Limits.requestSeconds
}

/// Sends signed requests, again and again while that may help.
final class S3Client: Sendable {
    let settings: S3Settings
    let credentials: S3CredentialSource
    private let http: HTTPClient
    private let clock: Clock

    init(settings: S3Settings, credentials: S3CredentialSource, clock: Clock) {
        self.settings = settings
        self.credentials = credentials
        self.clock = clock
        http = S3Client.makeHTTPClient()
    }

    deinit {
        // The client keeps itself alive until its connections are closed.
        http.shutdown { _ in }
    }

    /// A client that follows no redirects (they would need another signature) and never unpacks a body.
    static func makeHTTPClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: .seconds(S3Limits.connectSeconds),
                read: .seconds(S3Limits.idleSeconds),
                write: .seconds(S3Limits.idleSeconds)
            ),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = S3Limits.connections
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// The answer to a request, its body still to be read.
    ///
    /// - Throws: `S3Failure`, or what the last attempt threw.
    func send(_ request: S3Request) async throws -> HTTPClientResponse {
        try await retrying { try await self.once(request) }
    }

    /// The answer to a request with its whole body.
    ///
    /// - Throws: as `send`.
    func exchange(_ request: S3Request) async throws -> (headers: HTTPHeaders, status: Int, body: [UInt8]) {
        try await retrying {
            let response = try await self.once(request)
            // The answer to HEAD announces a length and has no body.
            let isHead = request.method == .HEAD
            let body = isHead ? [] : try await Self.collect(response, limit: S3Limits.answerBytes)
            return (response.headers, Int(response.status.code), body)
        }
    }

    /// The answer to a request as XML; an `Error` that comes with status 200 is thrown.
    ///
    /// - Throws: as `send`, `dataLoss` for a broken answer.
    func answer(_ request: S3Request) async throws -> S3Answer {
        try await retrying {
            let response = try await self.once(request)
            let answer = try S3Answer.parse(try await Self.collect(response, limit: S3Limits.answerBytes))
            guard answer.name != "Error" else { throw S3Failure(answer: answer) }
            return answer
        }
    }

    /// An address that whoever has it may use for so many seconds.
    func presigned(
        _ method: HTTPMethod,
        key: String,
        query: [SignatureV4.Field],
        seconds: Int = S3Limits.presignedSeconds
    ) async throws -> String {
        let signer = SignatureV4(credentials: try await credentials.current(clock), region: settings.region)
        let path = settings.path(key)
        let text = signer.presignedQuery(
            method: method.rawValue,
            path: path,
            query: query,
            host: settings.host,
            seconds: seconds,
            now: clock.now
        )
        return "\(settings.scheme)://\(settings.host)\(path)?\(text)"
    }

    /// Waits before attempt number `attempt` (from 1) after `error`.
    ///
    /// - Throws: `error` if another attempt would not help or there were enough.
    func pause(after error: any Error, attempt: Int) async throws {
        guard attempt < S3Limits.attempts else { throw error }
        var asked: Duration?
        switch error {
        case let failure as S3Failure:
            if failure.isExpired, attempt == 1 {
                await credentials.forget()
                return
            }
            guard failure.isTransient else { throw failure }
            asked = failure.retryAfter
        case is CancellationError: throw error
        case let error as MartletError where error.code != .unavailable: throw error
        default:
            // A connection that was refused, cut or stalled, or an answer that was cut.
            if Task.isCancelled { throw CancellationError() }
        }
        let ceiling = Swift.min(S3Limits.longestPauseMilliseconds, S3Limits.firstPauseMilliseconds << Int64(attempt))
        try await clock.sleep(for: asked ?? .milliseconds(Int64.random(in: ceiling / 4...ceiling)))
    }

    // MARK: - One attempt

    private func retrying<Value>(_ body: () async throws -> Value) async throws -> Value {
        var attempt = 1
        while true {
            do {
                return try await body()
            } catch {
                try await pause(after: error, attempt: attempt)
                attempt += 1
            }
        }
    }

    private func once(_ request: S3Request) async throws -> HTTPClientResponse {
        let outgoing = try await outgoing(request)
        let response = try await http.execute(outgoing, timeout: .seconds(request.seconds))
        let status = Int(response.status.code)
        if (200..<300).contains(status) || request.expected.contains(status) { return response }
        let isHead = request.method == .HEAD
        let body = isHead ? [] : (try? await Self.collect(response, limit: S3Limits.errorBytes)) ?? []
        throw S3Failure(status: status, headers: response.headers, body: body)
    }

    private func outgoing(_ request: S3Request) async throws -> HTTPClientRequest {
        let signer = SignatureV4(credentials: try await credentials.current(clock), region: settings.region)
        let path = settings.path(request.key)
        let signed = signer.headers(
            method: request.method.rawValue,
            path: path,
            query: request.query,
            headers: request.headers + [(name: "host", value: settings.host)],
            payloadHash: request.body.withUnsafeReadableBytes { Hexadecimal.text(SHA256.hash(data: $0)) },
            now: clock.now
        )
        let query = SignatureV4.encoded(request.query)
        var outgoing = HTTPClientRequest(
            url: "\(settings.scheme)://\(settings.host)\(path)" + (query.isEmpty ? "" : "?\(query)")
        )
        outgoing.method = request.method
        for field in signed { outgoing.headers.add(name: field.name, value: field.value) }
        if request.body.readableBytes > 0 || request.method == .PUT || request.method == .POST {
            outgoing.body = .bytes(request.body)
        }
        return outgoing
    }

    private static func collect(_ response: HTTPClientResponse, limit: Int) async throws -> [UInt8] {
        let announced = response.headers.first(name: "content-length").flatMap { Int($0) }
        let buffer = try await response.body.collect(upTo: limit)
        if let announced, announced != buffer.readableBytes {
            throw MartletError(.unavailable, "The object store's answer was cut.")
        }
        return Array(buffer.readableBytesView)
    }
}

extension S3Client {
    /// `error` as the rest of the product knows errors: what happened and what helps, no secrets, no addresses.
    func explained(_ error: any Error, _ path: ArtifactPath?) -> any Error {
        switch error {
        case let failure as S3Failure: failure.explained(path, settings)
        case is MartletError, is CancellationError: error
        case let error as HTTPClientError where error == .cancelled: CancellationError()
        default:
            MartletError(
                .unavailable,
                "The object store cannot be reached: check AWS_ENDPOINT_URL, the network and the store itself.",
                cause: error
            )
        }
    }

    /// Runs `body` and explains what it throws.
    func explaining<Value>(_ path: ArtifactPath?, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw explained(error, path)
        }
    }
}
