package import Core
package import HTTPSupport

/// The addresses that share a beginning, written `ADDRESS/BITS` (RFC 4632); an address alone is a range of one.
package struct NetworkRange: Sendable, Hashable, CustomStringConvertible {
    private let first: PeerAddress
    private let mask: UInt128
    /// As it was written.
    package let description: String

    /// Reads a range.
    ///
    /// - Throws: `invalidArgument` for anything else, and for an address with bits beyond its range, which is a slip.
    package init(_ text: String) throws(MartletError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = PeerAddress(parts[0]) else { throw Self.broken(text) }
        let width = address.isVersion4 && !parts[0].contains(":") ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(parts[1]), number <= width
            else { throw Self.broken(text) }
            length = number
        }
        let free = width - length
        mask = free == 128 ? 0 : UInt128.max << UInt128(free)
        guard address.bits & ~mask == 0 || length == width else {
            throw MartletError(
                .invalidArgument,
                "The range '\(text.prefix(60))' has an address with bits beyond /\(length); write its first address."
            )
        }
        first = address
        description = text
    }

    private static func broken(_ text: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "'\(text.prefix(60))' is no range of addresses; write one such as 10.0.0.0/8, 192.168.1.4 or fd00::/8."
        )
    }

    /// Whether an address lies in the range.
    package func contains(_ address: PeerAddress) -> Bool {
        address.isVersion4 == first.isVersion4 && address.bits & mask == first.bits & mask
    }
}
