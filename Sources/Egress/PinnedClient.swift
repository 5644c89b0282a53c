import AsyncHTTPClient
import NIOCore
import Synchronization

/// A client that connects to one address of one host and to nothing else.
///
/// The name is not looked up a second time, so it cannot be answered differently after the check. The certificate is
/// still that of the name.
package final class PinnedClient: Sendable {
    let client: HTTPClient

    init(_ pin: Pin) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.decompression = .disabled
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(Int64(EgressLimits.connectSeconds))
        configuration.timeout.read = .seconds(Int64(EgressLimits.idleSeconds))
        configuration.timeout.write = .seconds(Int64(EgressLimits.idleSeconds))
        if !pin.isIPv6Literal { configuration.dnsOverride = [pin.host: pin.address.description] }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // The last user is gone: connections that are still open are closed behind its back.
        client.shutdown { _ in }
    }

    /// A host with the address that was checked.
    struct Pin: Hashable {
        let host: String
        let isIPv6Literal: Bool
        let address: IPAddress
    }
}

/// Clients whose connections are kept open, the most recently used ones.
final class PinnedClients: Sendable {
    private let kept = Mutex<[(pin: PinnedClient.Pin, client: PinnedClient)]>([])

    /// The client of a host's address, made when there is none.
    func client(_ pin: PinnedClient.Pin) -> PinnedClient {
        let (client, dropped) = kept.withLock { kept -> (PinnedClient, PinnedClient?) in
            if let index = kept.firstIndex(where: { $0.pin == pin }) {
                let entry = kept.remove(at: index)
                kept.append(entry)
                return (entry.client, nil)
            }
            let client = PinnedClient(pin)
            kept.append((pin, client))
            return (client, kept.count > EgressLimits.keptHosts ? kept.removeFirst().client : nil)
        }
        // Who is still using it holds it; it is ended outside the lock.
        _ = consume dropped
        return client
    }

    /// Hosts to which connections are kept.
    var count: Int { kept.withLock { $0.count } }
}
