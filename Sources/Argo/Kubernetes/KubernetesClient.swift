import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks an API server, again and again while that may help.
///
/// Which server it is, the operator says; it is no address that comes from users or data, so egress rules, which are about
/// those, do not apply. Redirects are not followed and proxies of the environment are not used.
final class KubernetesClient: Sendable {
    let access: KubernetesAccess
    private let http: HTTPClient
    private let clock: Clock

    /// A client of one API server.
    ///
    /// - Throws: `failedPrecondition` for certificates or keys that cannot be read.
    init(_ access: KubernetesAccess, clock: Clock) throws(MartletError) {
        self.access = access
        self.clock = clock
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(ArgoLimits.watchSeconds + 60), write: .seconds(30)),
            decompression: .disabled
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        do {
            configuration.tlsConfiguration = try Self.tls(access)
        } catch {
            throw MartletError(.failedPrecondition, "A certificate or key for the API server is no PEM.", cause: error)
        }
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // The client keeps itself alive until its connections are closed.
        http.shutdown { _ in }
    }

    private static func tls(_ access: KubernetesAccess) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authority = access.authority {
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        }
        if case .certificate(let chain, let key) = access.identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        }
        return tls
    }

    // MARK: - One answer

    /// Asks once more after failures that pass, and gives the answer as JSON.
    ///
    /// - Throws: `KubernetesFailure`, `CancellationError`.
    func object(
        _ method: HTTPMethod,
        _ path: String,
        body: JSONValue? = nil,
        contentType: String = "application/json"
    ) async throws -> JSONValue {
        let bytes = try await retrying {
            let response = try await self.once(method, path, body: body, contentType: contentType)
            return try await Self.collect(response, limit: ArgoLimits.answerBytes)
        }
        do {
            return try JSONValue.parse(bytes, limits: JSONLimits(bytes: ArgoLimits.answerBytes))
        } catch {
            throw KubernetesFailure(status: 502, message: "The answer to \(method.rawValue) is no JSON.")
        }
    }

    /// Text, of which the first bytes are taken.
    ///
    /// - Throws: `KubernetesFailure`, `CancellationError`.
    func text(_ path: String, limit: Int) async throws -> String {
        try await retrying {
            let response = try await self.once(.GET, path)
            var bytes: [UInt8] = []
            for try await buffer in response.body {
                bytes += buffer.readableBytesView.prefix(limit - bytes.count)
                if bytes.count >= limit { break }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// A watch: each line that comes, until the server or the way to it ends it.
    ///
    /// - Throws: `KubernetesFailure` for an answer that is none, what `take` throws, `CancellationError`.
    func watch(_ path: String, take: (JSONValue) async throws -> Bool) async throws {
        let response = try await once(.GET, path)
        var line: [UInt8] = []
        do {
            for try await buffer in response.body {
                for byte in buffer.readableBytesView {
                    guard byte == UInt8(ascii: "\n") else {
                        line.append(byte)
                        guard line.count <= ArgoLimits.eventBytes else {
                            throw MartletError(
                                .payloadTooLarge,
                                "An event of the watch is larger than \(ArgoLimits.eventBytes) bytes."
                            )
                        }
                        continue
                    }
                    let event = try? JSONValue.parse(line, limits: JSONLimits(bytes: ArgoLimits.eventBytes))
                    line = []
                    guard let event else {
                        throw KubernetesFailure(status: nil, message: "a line of the watch is no JSON")
                    }
                    if try await take(event) { return }
                }
            }
        } catch let error as HTTPClientError {
            throw KubernetesFailure(status: nil, message: "the watch broke off (\(error.description))")
        } catch let error as IOError {
            throw KubernetesFailure(status: nil, message: "the watch broke off (\(error.description))")
        } catch let error as HTTPParserError {
            throw KubernetesFailure(status: nil, message: "the watch broke off (\(error))")
        }
    }

    // MARK: - Asking

    private func once(
        _ method: HTTPMethod,
        _ path: String,
        body: JSONValue? = nil,
        contentType: String = "application/json"
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: access.server + path)
        request.method = method
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "martlet/\(ProductVersion.text)")
        switch access.identity {
        case .token(let token): request.headers.add(name: "authorization", value: "Bearer \(token)")
        case .tokenFile(let path):
            let text = try KubernetesAccess.text(of: path, "the token of the service account")
            let token = text.split(whereSeparator: \.isWhitespace).first ?? ""
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        case .anonymous, .certificate: break
        }
        if let body {
            request.headers.add(name: "content-type", value: contentType)
            request.body = .bytes(ByteBuffer(bytes: body.serialized()))
        }
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: .seconds(ArgoLimits.watchSeconds + 120))
        } catch {
            try Task.checkCancellation()
            throw KubernetesFailure(status: nil, message: "\(error)")
        }
        guard (200..<300).contains(response.status.code) else { throw try await Self.failure(response) }
        return response
    }

    private static func failure(_ response: HTTPClientResponse) async throws -> KubernetesFailure {
        let bytes = (try? await collect(response, limit: 64 * 1024)) ?? []
        let said =
            (try? JSONValue.parse(bytes))?["message"]?.stringValue ?? String(decoding: bytes.prefix(200), as: UTF8.self)
        return KubernetesFailure(
            status: Int(response.status.code),
            message: String(said.prefix(500)),
            retryAfter: response.headers.first(name: "retry-after").flatMap { Int64($0) }
        )
    }

    private static func collect(_ response: HTTPClientResponse, limit: Int) async throws -> [UInt8] {
        do {
            let body = try await response.body.collect(upTo: limit)
            return Array(body.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw MartletError(.payloadTooLarge, "The API server answers more than \(limit) bytes.")
        } catch {
            try Task.checkCancellation()
            throw KubernetesFailure(status: nil, message: "the answer broke off (\(error))")
        }
    }

    /// Asks until an answer comes, a failure does not pass, or there were `ArgoLimits.failures` of them.
    func retrying<Answer>(_ ask: () async throws -> Answer) async throws -> Answer {
        var failures = 0
        while true {
            do {
                return try await ask()
            } catch let failure as KubernetesFailure where failure.isPassing {
                failures += 1
                guard failures < ArgoLimits.failures else { throw failure }
                try await pause(failures, failure)
            }
        }
    }

    /// Waits as long as the server asks, or longer with each failure.
    func pause(_ failures: Int, _ failure: KubernetesFailure) async throws {
        let doubled = Int64(100) << Int64(min(failures - 1, 9))
        let asked = failure.retryAfter.map { min(max($0, 0), ArgoLimits.longestPause) * 1000 }
        try await clock.sleep(for: .milliseconds(min(asked ?? doubled, ArgoLimits.longestPause * 1000)))
    }
}
