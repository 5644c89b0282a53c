import AsyncHTTPClient
package import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// A Martlet server as the command line sees it: JSON over HTTP.
package struct ServerClient: Sendable {
    /// One request, and the status and bytes that came back.
    package typealias Exchange = @Sendable (_ request: Exchanged) async throws -> (status: Int, body: [UInt8])

    /// What is sent.
    package struct Exchanged: Sendable {
        /// The method, such as `GET`.
        package let method: String
        /// The path with its query.
        package let path: String
        /// The JSON that goes with it.
        package let body: JSONValue?
    }

    private let exchange: Exchange

    /// A client over any transport; tests answer by themselves.
    package init(exchange: @escaping Exchange) {
        self.exchange = exchange
    }

    /// A client of the server at an address such as `http://127.0.0.1:5000`.
    ///
    /// - Throws: `invalidArgument` when the address is none.
    package init(
        address: String,
        access: ClientAccess = ClientAccess(),
        timeout: Duration = CommandLimits.requestTimeout
    ) throws(MartletError) {
        let base = address.hasSuffix("/") ? String(address.dropLast()) : address
        guard let url = URL(string: base), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host?.isEmpty == false
        else {
            throw MartletError(
                .invalidArgument,
                "'\(address)' is no server address; write it like http://127.0.0.1:5000 (--server or MARTLET_SERVER)."
            )
        }
        let client = try Self.client(trusting: access.certificates)
        self.init { sent in
            var request = HTTPClientRequest(url: base + sent.path)
            request.method = .RAW(value: sent.method)
            for (name, value) in access.headers { request.headers.add(name: name, value: value) }
            if let body = sent.body {
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(body.serialized())
            }
            do {
                let timeout = TimeAmount.milliseconds(timeout.wholeMilliseconds)
                let response = try await client.execute(request, timeout: timeout)
                let body = try await response.body.collect(upTo: CoreLimits.jsonBytes)
                return (Int(response.status.code), Array(body.readableBytesView))
            } catch {
                throw Self.explained(error, base)
            }
        }
    }

    /// The client for servers whose certificates the system trusts; it lives as long as the process.
    private static let standard = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)

    /// One for each file of certificates; they live as long, too.
    private static let trusting = Mutex<[String: HTTPClient]>([:])

    private static func client(trusting certificates: String?) throws(MartletError) -> HTTPClient {
        guard let certificates else { return standard }
        guard FileManager.default.isReadableFile(atPath: certificates) else {
            throw MartletError(.notFound, "The certificates '\(certificates)' (MARTLET_CA_FILE) cannot be read.")
        }
        return trusting.withLock { clients in
            if let client = clients[certificates] { return client }
            var configuration = configuration
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(certificates)
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[certificates] = client
            return client
        }
    }

    /// A person who mistyped a port must not wait: a refused connection is not tried again.
    ///
    /// A redirect is not followed, because the token is meant for the server that was named.
    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        return configuration
    }

    /// Reads JSON.
    package func get(_ path: String, query: [(String, String?)] = []) async throws -> JSONValue {
        try await send("GET", path + Self.encoded(query))
    }

    /// Sends JSON and reads the JSON that comes back.
    package func send(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let (status, bytes) = try await exchange(Exchanged(method: method, path: path, body: body))
        let value = bytes.isEmpty ? JSONValue.object([:]) : try? JSONValue.parse(bytes, limits: .lenientNumbers)
        guard (200..<300).contains(status) else { throw Self.failure(status, value) }
        guard let value else {
            throw MartletError(.internal, "The answer to \(method) \(path) is no JSON; is this a Martlet server?")
        }
        return value
    }

    /// Reads a file's bytes; nil when there is no such file.
    package func file(_ path: String) async throws -> [UInt8]? {
        let (status, bytes) = try await exchange(Exchanged(method: "GET", path: path, body: nil))
        if status == 404 { return nil }
        guard (200..<300).contains(status) else { throw Self.failure(status, try? JSONValue.parse(bytes)) }
        return bytes
    }

    /// A path segment with everything escaped that is not plainly a name.
    package static func segment(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }

    private static let plain = CharacterSet(
        charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    )

    private static func encoded(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(segment($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// The server's own message in any of its protocols' shapes.
    private static func failure(_ status: Int, _ value: JSONValue?) -> MartletError {
        let code = MartletError.Code.allCases.first { $0.httpStatus == status } ?? .internal
        if (300..<400).contains(status) {
            return MartletError(
                .failedPrecondition,
                "The server sends elsewhere; does its address begin with https://?"
            )
        }
        let message =
            value?["error"]?["message"]?.stringValue ?? value?["message"]?.stringValue ?? value?["error"]?.stringValue
        return MartletError(code, message ?? "The server answered with status \(status).")
    }

    private static func explained(_ error: any Error, _ base: String) -> any Error {
        if error is CancellationError || error is MartletError { return error }
        if error is NIOTooManyBytesError {
            return MartletError(.payloadTooLarge, "The server's answer is too large; ask for less with --limit.")
        }
        if let failure = error as? HTTPClientError, failure == .deadlineExceeded || failure == .readTimeout {
            return MartletError(.deadlineExceeded, "The server at \(base) did not answer in time.", cause: error)
        }
        return MartletError(
            .unavailable,
            "No server answers at \(base). Start one with `martlet up`, or name another with --server or MARTLET_SERVER.",
            cause: error
        )
    }
}
