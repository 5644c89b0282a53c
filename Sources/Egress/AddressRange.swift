/// The addresses that begin with the same bits.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let start: [UInt8]
    private let isVersion4: Bool
    private let length: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        var length = address.bytes.count * 8
        if parts.count == 2 {
            let digits = parts[1]
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
                number <= length
            else { return nil }
            length = number
        }
        self.init(address.bytes, length, isVersion4: address.isVersion4)
    }

    private init(_ start: [UInt8], _ length: Int, isVersion4: Bool) {
        self.start = start
        self.length = length
        self.isVersion4 = isVersion4
    }

    private static func four(_ start: [UInt8], _ length: Int) -> AddressRange {
        AddressRange(start, length, isVersion4: true)
    }

    private static func six(_ start: [UInt8], _ length: Int) -> AddressRange {
        AddressRange(start, length, isVersion4: false)
    }

    /// Whether an address lies in the range; those of the other version never do.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.isVersion4 == isVersion4 else { return false }
        for bit in 0..<length {
            let mask = UInt8(128) >> UInt8(bit % 8)
            let wanted = bit / 8 < start.count ? start[bit / 8] : 0
            guard address.bytes[bit / 8] & mask == wanted & mask else { return false }
        }
        return true
    }

    /// `10.0.0.0/8`.
    package var description: String {
        let bytes = start + Array(repeating: 0, count: (isVersion4 ? 4 : 16) - start.count)
        return "\(IPAddress(bytes: bytes)?.description ?? "")/\(length)"
    }

    static let mapped = six([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96)
    static let nat64 = six([0x00, 0x64, 0xff, 0x9b], 96)
    static let sixToFour = six([0x20, 0x02], 16)
    /// What of version 6 is given to networks at all.
    static let unicast6 = six([0x20], 3)

    static let special4 = [
        four([0], 8),  // this network
        four([10], 8),  // private
        four([100, 64], 10),  // shared by a provider's customers
        four([127], 8),  // loopback
        four([172, 16], 12),  // private
        four([192, 0, 0], 24),  // protocol assignments
        four([192, 0, 2], 24),  // documentation
        four([192, 88, 99], 24),  // 6to4 relays
        four([192, 168], 16),  // private
        four([198, 18], 15),  // benchmarks
        four([198, 51, 100], 24),  // documentation
        four([203, 0, 113], 24),  // documentation
        four([224], 4),  // multicast
        four([240], 4),  // reserved, broadcast
    ]

    static let special6 = [
        six([0x20, 0x01, 0x00], 23),  // protocol assignments, Teredo, ORCHID
        six([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
        six([0x3f, 0xff, 0x00], 20),  // documentation
    ]

    static let metadata = [
        four([169, 254], 16),  // link-local: AWS, Azure, Google, Oracle and most others
        four([100, 100, 100, 200], 32),  // Alibaba
        four([168, 63, 129, 16], 32),  // Azure's host, in a public range
        four([192, 0, 0, 192], 32),  // Oracle, older
        six([0xfe, 0x80], 10),  // link-local
        six([0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54], 128),  // AWS
        six([0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54], 128),  // Google
    ]
}
