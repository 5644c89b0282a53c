#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An address of the internet protocol, and what it reaches.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// What a request to an address reaches.
    package enum Reach: Sendable, Equatable {
        /// The public internet.
        case global
        /// This machine, a private network, or what is reserved.
        case inner
        /// The link: where clouds hand out the credentials of a machine to whoever asks.
        case metadata
    }

    /// 4 or 16 bytes, in network order.
    package let bytes: [UInt8]

    /// Makes an address; nil unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads four decimal numbers or hexadecimal groups; nil for anything else, shortened and octal forms among it.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: withUnsafeBytes(of: &four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(bytes: withUnsafeBytes(of: &six) { Array($0) })
        } else {
            return nil
        }
    }

    /// Whether it is version 4.
    package var isVersion4: Bool { bytes.count == 4 }

    /// `192.0.2.1`, or eight hexadecimal groups.
    package var description: String {
        guard !isVersion4 else { return bytes.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }

    /// Whether the address belongs to the public internet, so that a request to it reaches nothing of this network.
    package var isPublic: Bool { reach == .global }

    /// What a request to the address reaches.
    ///
    /// Ranges of the IANA special-purpose registries (RFC 6890 and its successors), and the addresses at which clouds
    /// answer for a machine's credentials. Forms of version 6 that carry one of version 4 (mapped, NAT64, 6to4) are
    /// judged by what they carry.
    package var reach: Reach {
        let carried = carried ?? self
        if AddressRange.metadata.contains(where: { $0.contains(carried) }) { return .metadata }
        if carried.isVersion4 {
            return AddressRange.special4.contains { $0.contains(carried) } ? .inner : .global
        }
        let isGlobal = AddressRange.unicast6.contains(carried)
        return isGlobal && !AddressRange.special6.contains { $0.contains(carried) } ? .global : .inner
    }

    /// The address of version 4 in one of version 6.
    var carried: IPAddress? {
        guard !isVersion4 else { return nil }
        if AddressRange.mapped.contains(self) || AddressRange.nat64.contains(self) {
            return IPAddress(bytes: Array(bytes[12...]))
        }
        if AddressRange.sixToFour.contains(self) { return IPAddress(bytes: Array(bytes[2..<6])) }
        return nil
    }
}
