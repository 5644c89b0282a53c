import Core
import Dispatch
import Synchronization

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

    /// The addresses of a host, at least one; an address is its own.
    ///
    /// - Throws: `unavailable`.
    package func addresses(of host: String) async throws -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        let found = try await find(host)
        guard !found.isEmpty else { throw Self.unknown(host) }
        return found
    }

    /// Asks the system, addresses of version 4 first.
    package static let system = HostResolver { host in
        guard takePlace() else {
            throw MartletError(
                .unavailable,
                "Too many lookups of hosts are under way; the resolver of this machine seems not to answer."
            )
        }
        // The system's lookup cannot be ended early: who stops waiting for it leaves its thread to it.
        let (answers, answer) = AsyncThrowingStream.makeStream(of: [IPAddress].self)
        queue.async {
            do { answer.yield(try lookUp(host)) } catch { answer.finish(throwing: error) }
            answer.finish()
            underWay.withLock { $0 -= 1 }
        }
        for try await found in answers { return found }
        throw CancellationError()
    }

    private static let underWay = Mutex(0)
    private static let queue = DispatchQueue(label: "martlet.lookup", attributes: .concurrent)

    private static func takePlace() -> Bool {
        underWay.withLock { count in
            guard count < EgressLimits.lookupsAtOnce else { return false }
            count += 1
            return true
        }
    }

    private static func unknown(_ host: String) -> MartletError {
        MartletError(.unavailable, "Cannot resolve the host '\(host.prefix(200))'.")
    }

    private static func lookUp(_ host: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw unknown(host) }
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
