import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Finds the addresses of a host; tests answer by themselves.
package struct HostResolver: Sendable {
    private let find: @Sendable (String) async throws -> [IPAddress]

    /// Makes a resolver of its function, which throws `unavailable` for a host that is not known.
    package init(_ find: @escaping @Sendable (String) async throws -> [IPAddress]) {
        self.find = find
    }

    /// The addresses of a host, at least one.
    ///
    /// - Throws: `unavailable`.
    package func addresses(of host: String) async throws -> [IPAddress] {
        let found = try await find(host)
        guard !found.isEmpty else {
            throw MartletError(.unavailable, "Cannot resolve the webhook's host '\(host.prefix(200))'.")
        }
        return found
    }

    /// Asks the system, addresses of version 4 first.
    package static let system = HostResolver { host in try await BlockingWork.run { try lookUp(host) } }

    private static func lookUp(_ host: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else {
            throw MartletError(.unavailable, "Cannot resolve the webhook's host '\(host.prefix(200))'.")
        }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = address(entry.pointee), !found.contains(address) { found.append(address) }
            next = entry.pointee.ai_next
        }
        return found.filter(\.isVersion4) + found.filter { !$0.isVersion4 }
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let pointer = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET:
            var address = pointer.loadUnaligned(as: sockaddr_in.self).sin_addr
            return withUnsafeBytes(of: &address) { IPAddress(bytes: Array($0)) }
        case AF_INET6:
            var address = pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: &address) { IPAddress(bytes: Array($0)) }
        default: return nil
        }
    }
}
