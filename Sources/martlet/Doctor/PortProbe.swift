import Foundation

/// Tries whether a server could listen at an address, and lets go at once.
package enum PortProbe {
    /// What came of it.
    package enum State: Equatable, Sendable {
        /// Nothing listens there.
        case free
        /// Something listens there.
        case taken
        /// The system does not let it be used, for this reason.
        case refused(String)
    }

    /// Binds to a port of an IPv4 or IPv6 address or a name such as `localhost`.
    package static func state(host: String, port: Int) -> State {
        guard (0...65_535).contains(port) else { return .refused("ports are 0 to 65535") }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = Int32(SOCK_STREAM)
        #endif
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            return .refused("the address is unknown")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { return .refused(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0
        else {
            return errno == EADDRINUSE ? .taken : .refused(String(cString: strerror(errno)))
        }
        return .free
    }
}
