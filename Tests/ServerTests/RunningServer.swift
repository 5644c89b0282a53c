import AsyncHTTPClient
import Core
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Server

/// A whole server on a free port with a directory of its own, for the time of a test's body.
enum RunningServer {
    struct Answer: Sendable {
        let status: UInt
        let headers: HTTPHeaders
        let body: String

        var json: JSONValue? {
            try? JSONValue.parse(body)
        }
    }

    struct Client: Sendable {
        let address: String

        func send(
            _ method: String,
            _ path: String,
            _ body: String? = nil,
            headers: [(String, String)] = [("content-type", "application/json")]
        ) async throws -> Answer {
            var request = HTTPClientRequest(url: address + path)
            request.method = .RAW(value: method)
            for (name, value) in headers { request.headers.add(name: name, value: value) }
            if let body { request.body = .bytes(Array(body.utf8)) }
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            let buffer = try await response.body.collect(upTo: 32 * 1024 * 1024)
            return Answer(
                status: response.status.code,
                headers: response.headers,
                body: String(decoding: buffer.readableBytesView, as: UTF8.self)
            )
        }

        func apply(_ yaml: String) async throws -> Answer {
            try await send("POST", "/api/martlet/v1/apply", (["manifest": .string(yaml)] as JSONValue).description)
        }
    }

    static func temporaryDirectory() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
    }

    /// Starts a server, runs `body` as its client and stops it.
    static func with(
        data: String = temporaryDirectory(),
        files: [String: String] = [:],
        _ body: @escaping @Sendable (Client) async throws -> Void
    ) async throws {
        let place = data + "-files"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)")) }
        var settings = ServerSettings()
        settings.port = 0
        settings.data = data
        settings.files = place
        let server = MartletServer(settings: settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await server.run(companion: { address in try await body(Client(address: address)) })
    }
}
