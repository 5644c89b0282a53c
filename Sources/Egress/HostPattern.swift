package import Core

/// A host by its name, or all hosts below one.
package struct HostPattern: Sendable, Hashable, CustomStringConvertible {
    private let name: String
    private let isWildcard: Bool

    /// Reads `api.example.com`, an address, or `*.example.com`, which is every name below `example.com` but not that one.
    ///
    /// - Throws: `invalidArgument` saying how it is written.
    package init(_ text: String) throws(MartletError) {
        let lowered = text.lowercased()
        isWildcard = lowered.hasPrefix("*.")
        name = isWildcard ? String(lowered.dropFirst(2)) : lowered
        let isAddress = !isWildcard && IPAddress(name) != nil
        let isName =
            name.utf8.count <= 253 && !name.isEmpty && !name.hasPrefix(".")
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
        guard isAddress || isName else {
            throw MartletError(
                .invalidArgument,
                "'\(text.prefix(100))' is no host; write a name such as api.example.com, or *.example.com for all below."
            )
        }
    }

    /// Whether a host, in lower case and without brackets, is meant.
    package func matches(_ host: some StringProtocol) -> Bool {
        // A dot at the end says only that the name is complete.
        let host = host.hasSuffix(".") ? String(host.dropLast()) : String(host)
        guard isWildcard else { return host == name }
        return host.hasSuffix("." + name) && host.count > name.count + 1
    }

    /// As it is written.
    package var description: String { isWildcard ? "*.\(name)" : name }
}
