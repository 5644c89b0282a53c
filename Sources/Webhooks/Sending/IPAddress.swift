/// An address of the internet protocol, and whether it is one of the public internet.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, in network order.
    package let bytes: [UInt8]

    /// Makes an address; nil unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
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
    ///
    /// Ranges of the IANA special-purpose registries (RFC 6890 and its successors). Forms of version 6 that carry one of
    /// version 4 (mapped, NAT64, 6to4) are judged by what they carry.
    package var isPublic: Bool {
        guard !isVersion4 else { return !Self.special4.contains { contains($0) } }
        if let carried { return carried.isPublic }
        return contains(Range([0x20], 3)) && !Self.special6.contains { contains($0) }
    }

    /// The address of version 4 in one of version 6.
    private var carried: IPAddress? {
        if contains(Self.mapped) || contains(Self.nat64) { return IPAddress(bytes: Array(bytes[12...])) }
        if contains(Self.sixToFour) { return IPAddress(bytes: Array(bytes[2..<6])) }
        return nil
    }

    /// The addresses that begin with the first `length` bits of `start`.
    private struct Range {
        let start: [UInt8]
        let length: Int

        init(_ start: [UInt8], _ length: Int) {
            self.start = start
            self.length = length
        }
    }

    private func contains(_ range: Range) -> Bool {
        for bit in 0..<range.length {
            let mask = UInt8(128) >> UInt8(bit % 8)
            let wanted = bit / 8 < range.start.count ? range.start[bit / 8] : 0
            guard bytes[bit / 8] & mask == wanted & mask else { return false }
        }
        return true
    }

    private static let mapped = Range([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96)
    private static let nat64 = Range([0x00, 0x64, 0xff, 0x9b], 96)
    private static let sixToFour = Range([0x20, 0x02], 16)

    private static let special4 = [
        Range([0], 8),  // this network
        Range([10], 8),  // private
        Range([100, 64], 10),  // shared by a provider's customers
        Range([127], 8),  // loopback
        Range([169, 254], 16),  // link-local, where clouds keep credentials
        Range([172, 16], 12),  // private
        Range([192, 0, 0], 24),  // protocol assignments
        Range([192, 0, 2], 24),  // documentation
        Range([192, 88, 99], 24),  // 6to4 relays
        Range([192, 168], 16),  // private
        Range([198, 18], 15),  // benchmarks
        Range([198, 51, 100], 24),  // documentation
        Range([203, 0, 113], 24),  // documentation
        Range([224], 4),  // multicast
        Range([240], 4),  // reserved, broadcast
    ]

    private static let special6 = [
        Range([0x20, 0x01, 0x00], 23),  // protocol assignments, Teredo, ORCHID
        Range([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
        Range([0x3f, 0xff, 0x00], 20),  // documentation
    ]
}
