import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1

/// The one way in which the server asks other servers for something.
///
/// An address is taken apart, held against the policy, looked up once, all that it resolves to is held against the policy
/// as well, and the connection goes to exactly the address that was checked. Redirects do not leave the origin, bodies and
/// waiting have limits, and errors say what was asked and never how this machine looks inside.
package final class EgressClient: Sendable {
    /// Where requests may go.
    package let policy: EgressPolicy
    private let resolver: HostResolver
    private let clients: PinnedClients

    /// A client under a policy; tests give their own resolver.
    package convenience init(policy: EgressPolicy, resolver: HostResolver = .system) {
        self.init(policy: policy, resolver: resolver, clients: PinnedClients())
    }

    private init(policy: EgressPolicy, resolver: HostResolver, clients: PinnedClients) {
        self.policy = policy
        self.resolver = resolver
        self.clients = clients
    }

    /// The same client, and its connections, under another policy.
    package func under(_ policy: EgressPolicy) -> EgressClient {
        EgressClient(policy: policy, resolver: resolver, clients: clients)
    }

    /// The same client, which may also ask the origin of an address that the operator names.
    package func declaring(_ url: EgressURL) -> EgressClient {
        under(policy.declaring(url))
    }

    /// Hosts to which connections are kept open.
    package var keptHosts: Int { clients.count }

    /// The checked addresses of a host: the only ones that may be connected to.
    ///
    /// - Throws: `permissionDenied` if the policy refuses the address or one of what it resolves to, `unavailable` if the
    ///   host is not known.
    package func addresses(of url: EgressURL, what: String) async throws -> [IPAddress] {
        if let refusal = policy.refusal(of: url) { throw refusal.error(what: what) }
        let found = try await TimeLimit.run(.seconds(EgressLimits.lookupSeconds)) { [resolver] in
            try await resolver.addresses(of: url.host)
        } exceeded: {
            MartletError(.unavailable, "The host '\(url.host.prefix(200))' could not be looked up in time.")
        }
        // One address that is not allowed refuses all: which of them is used must not depend on chance.
        for address in found {
            if let refusal = policy.refusal(of: address, for: url) { throw refusal.error(what: what) }
        }
        return Array(found.prefix(EgressLimits.addresses))
    }

    /// Sends a request and gives the answer as soon as its head is there.
    ///
    /// - Throws: `permissionDenied` for what the policy refuses, `unavailable` when nobody can be connected to,
    ///   `deadlineExceeded` when no answer comes.
    package func send(_ request: EgressRequest) async throws -> EgressAnswer {
        let end = ContinuousClock.now + request.timeLimit
        var request = request
        for _ in 0...EgressLimits.redirects {
            let answer = try await exchange(request, until: end)
            guard let next = try request.following(status: answer.status, location: answer.header("Location")) else {
                return answer
            }
            request = next
        }
        throw MartletError(
            .failedPrecondition,
            "\(request.what) redirects more than \(EgressLimits.redirects) times."
        )
    }

    /// Sends a request and reads the answer to its end, or to the limit; all within the time limit.
    ///
    /// - Throws: as `send`.
    package func fetch(_ request: EgressRequest) async throws -> EgressReply {
        var streamed = request
        streamed.answerLimit = nil
        let sent = streamed
        return try await TimeLimit.run(request.timeLimit) {
            let answer = try await self.send(sent)
            let limit = request.answerLimit ?? Int.max
            var bytes: [UInt8] = []
            var isCut = false
            for try await chunk in answer.body {
                let room = limit - bytes.count
                bytes += chunk.prefix(room)
                isCut = chunk.count > room
                if isCut { break }
            }
            return EgressReply(status: answer.status, headers: answer.headers, body: bytes, isCut: isCut)
        } exceeded: {
            EgressFailure.timeUp(request.what)
        }
    }

    private func exchange(
        _ request: EgressRequest,
        until end: ContinuousClock.Instant
    ) async throws -> EgressAnswer {
        let addresses = try await addresses(of: request.url, what: request.what)
        let prepared = Self.prepared(request)
        var failure: any Error = MartletError(.unavailable, "\(request.what) has no address.")
        for address in addresses {
            let left = end - ContinuousClock.now
            guard left > .zero else { throw EgressFailure.timeUp(request.what) }
            let url = request.url
            let pin = PinnedClient.Pin(host: url.host, isIPv6Literal: url.isIPv6Literal, address: address)
            let pinned = request.keepsConnection ? clients.client(pin) : PinnedClient(pin)
            do {
                let response = try await pinned.client.execute(prepared, timeout: .init(left))
                return EgressAnswer(response, limit: request.answerLimit, what: request.what, connection: pinned)
            } catch {
                failure = EgressFailure.explained(error, what: request.what)
                // Only what never reached anybody may be tried at the next address.
                guard (failure as? MartletError)?.code == .unavailable else { throw failure }
            }
        }
        throw failure
    }

    private static func prepared(_ request: EgressRequest) -> HTTPClientRequest {
        var prepared = HTTPClientRequest(url: request.url.text)
        prepared.method = .RAW(value: request.method)
        for header in request.headers { prepared.headers.add(name: header.name, value: header.value) }
        if !prepared.headers.contains(name: "User-Agent") {
            prepared.headers.add(name: "User-Agent", value: "martlet/\(ProductVersion.text)")
        }
        if let body = request.body { prepared.body = .bytes(body) }
        return prepared
    }
}
