#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What addresses are told apart by when log-ins are counted.
package enum LoginAddress {
    /// An IPv4 address as it is, of an IPv6 address the network: whoever has one of its addresses has all of them.
    package static func key(_ address: String?) -> String {
        guard let address else { return "?" }
        let text = address.split(separator: "%").first.map(String.init) ?? address
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        if isMapped { return bytes.suffix(4).map(String.init).joined(separator: ".") }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
    }
}
