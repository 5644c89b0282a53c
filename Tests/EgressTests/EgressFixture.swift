import Core
import Egress
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

/// A server on loopback, and hosts that are what the test says.
final class EgressFixture: Sendable {
    private let asked = Mutex<[String]>([])
    private let heads = Mutex<[HTTPRequest]>([])
    private let isOver = Mutex(false)

    /// Hosts that were looked up.
    var lookups: [String] { asked.withLock { $0 } }
    /// Requests that arrived.
    var requests: [HTTPRequest] { heads.withLock { $0 } }

    /// Waits until the test's work is done: a server that does not answer.
    func held() async throws {
        while !isOver.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// Answers for hosts; others are not known.
    func resolver(_ hosts: [String: [String]]) -> HostResolver {
        HostResolver { host in
            self.asked.withLock { $0.append(host) }
            guard let found = hosts[host] else {
                throw MartletError(.unavailable, "Cannot resolve the host '\(host)'.")
            }
            return found.compactMap { IPAddress($0) }
        }
    }

    /// Runs a server; `answer` gets the request and says status, headers and body.
    func serving(
        _ answer: @escaping @Sendable (HTTPRequest) async throws -> (Int, HTTPFields, ResponseBody),
        _ work: @Sendable (Int) async throws -> Void
    ) async throws {
        let router = Router()
        for method in [HTTPRequest.Method.get, .post] {
            router.on("**", method: method) { request, _ in
                self.heads.withLock { $0.append(request.head) }
                _ = try await request.body.collect(upTo: 1 << 20)
                let (status, headers, body) = try await answer(request.head)
                return Response(status: .init(code: status), headers: headers, body: body)
            }
        }
        let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await application.test(.live) { client in
            defer { isOver.withLock { $0 = true } }
            try await work(try #require(client.port))
        }
    }
}

/// The error that `work` throws.
func failure(_ work: () async throws -> some Any) async -> MartletError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? MartletError
    }
}
