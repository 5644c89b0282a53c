import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Reads the server's stream of events and takes it up again when it breaks off.
struct EventStreamClient: Sendable {
    private let client: HTTPClient
    private let base: String
    private let access: ClientAccess

    /// A client of the server at an address.
    ///
    /// - Throws: `invalidArgument` when the address is none.
    init(address: String, access: ClientAccess) throws {
        base = address.hasSuffix("/") ? String(address.dropLast()) : address
        guard let url = URL(string: base), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
            throw MartletError(
                .invalidArgument,
                "'\(address)' is no server address; write it like http://127.0.0.1:5000."
            )
        }
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        configuration.timeout.read = .seconds(FollowLimits.silenceSeconds)
        if let certificates = access.certificates {
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(certificates)
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.access = access
    }

    /// Closes the connections.
    func close() async {
        try? await client.shutdown()
    }

    /// Follows until the follower is done, fails, or the task is cancelled.
    func follow(
        _ query: [(String, String?)],
        _ follower: inout EventFollower,
        clock: Clock,
        show: (EventFollower.Shown) -> Void
    ) async throws {
        while !follower.isDone {
            let ending = try await connection(query, &follower, show: show)
            if follower.isDone { return }
            switch follower.handle(ending) {
            case .again(let pause, let note):
                if let note { show(.note(note)) }
                try await clock.sleep(for: pause)
            case .fail(let code, let message): throw MartletError(code, message)
            }
        }
    }

    private func connection(
        _ query: [(String, String?)],
        _ follower: inout EventFollower,
        show: (EventFollower.Shown) -> Void
    ) async throws -> EventFollower.Ending {
        let pairs = (query + [("after", follower.place.map { String($0) })]).compactMap { name, value in
            value.map { "\(name)=\(ServerClient.segment($0))" }
        }
        let path = "/api/martlet/v1/events" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
        var request = HTTPClientRequest(url: base + path)
        for (name, value) in access.headers { request.headers.add(name: name, value: value) }
        request.headers.add(name: "accept", value: "text/event-stream")
        do {
            let response = try await client.execute(request, timeout: .seconds(30))
            guard response.status == .ok else { return try await Self.refusal(response) }
            follower.connected()
            var parser = EventStreamParser()
            for try await buffer in response.body {
                for frame in try parser.take(buffer.readableBytesView) {
                    if let shown = follower.take(frame) { show(shown) }
                    if follower.isDone { return .ended }
                }
            }
            return .ended
        } catch let error as MartletError {
            throw error
        } catch {
            try Task.checkCancellation()
            return .unreachable(
                "No server answers at \(base). Start one with `martlet up`, or name another with --server."
            )
        }
    }

    private static func refusal(_ response: HTTPClientResponse) async throws -> EventFollower.Ending {
        let body = try await response.body.collect(upTo: FollowLimits.frameBytes)
        let said = try? JSONValue.parse(Array(body.readableBytesView))["error"]?["message"]?.stringValue
        let message = said ?? "The server answered with status \(response.status.code)."
        if response.status.code == 429 || response.status.code >= 500 { return .unreachable(message) }
        let code = MartletError.Code.allCases.first { $0.httpStatus == Int(response.status.code) } ?? .internal
        return .refused(code, message)
    }
}
