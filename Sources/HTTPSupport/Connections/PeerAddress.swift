#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// An address of the Internet, version 4 or 6; an address of version 4 in the form of version 6 is that of version 4.
package struct PeerAddress: Sendable, Hashable {
    /// The address as a number of 128 bits; one of version 4 is `::ffff:a.b.c.d`.
    package let bits: UInt128

    private static let mapped: UInt128 = 0xFFFF << 32

    /// Whether it is of version 4.
    package var isVersion4: Bool { bits >> 32 == 0xFFFF }

    /// Reads the usual text: four numbers with points, or groups with colons; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        var four = in_addr()
        var six = in6_addr()
        // A text with a zero byte would be read up to there only.
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        if inet_pton(AF_INET, text, &four) == 1 {
            bits = Self.mapped | UInt128(UInt32(bigEndian: four.s_addr))
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bits = withUnsafeBytes(of: &six) { Self.number($0) }
        } else {
            return nil
        }
    }

    /// Reads 4 or 16 bytes, as certificates hold them.
    package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        let raw = UnsafeRawBufferPointer(bytes)
        switch raw.count {
        case 4: bits = Self.mapped | Self.number(raw)
        case 16: bits = Self.number(raw)
        default: return nil
        }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Whether it is an address of this machine itself.
    package var isLoopback: Bool {
        isVersion4 ? (bits >> 24) & 0xFF == 127 : bits == 1
    }

    /// The usual text.
    package var text: String {
        if isVersion4 {
            return [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: bits >> UInt128($0))) }.joined(separator: ".")
        }
        var six = in6_addr()
        withUnsafeMutableBytes(of: &six) { bytes in
            for index in 0..<bytes.count {
                bytes[index] = UInt8(truncatingIfNeeded: bits >> UInt128(8 * (bytes.count - 1 - index)))
            }
        }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &six, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
