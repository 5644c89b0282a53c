/// The part of a file that is asked for (RFC 9110, section 14.1.2).
package enum ArtifactRange: Hashable, Sendable {
    /// Everything from a byte on.
    case from(Int64)
    /// The bytes from the first to the last, both included.
    case bytes(first: Int64, last: Int64)
    /// So many bytes at the end.
    case suffix(Int64)

    /// Reads a `Range` header; nil for several ranges or another unit, which a server may ignore.
    package init?(header: String) {
        guard header.lowercased().hasPrefix("bytes=") else { return nil }
        let sides = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
        // A number too large for 64 bits lies past every file, as the largest one does.
        let numbers = sides.map { $0.isEmpty ? nil : Int64($0) ?? .max }
        switch (numbers[0], numbers[1]) {
        case (let first?, let last?):
            guard first <= last else { return nil }
            self = .bytes(first: first, last: last)
        case (let first?, nil): self = .from(first)
        case (nil, let count?): self = .suffix(count)
        case (nil, nil): return nil
        }
    }

    /// The header's value.
    package var header: String {
        switch self {
        case .from(let first): "bytes=\(first)-"
        case .bytes(let first, let last): "bytes=\(first)-\(last)"
        case .suffix(let count): "bytes=-\(count)"
        }
    }

    /// The bytes meant in a file of `size` bytes, or nil if there are none.
    package func resolved(in size: Int64) -> Range<Int64>? {
        switch self {
        case .from(let first): first < size ? first..<size : nil
        case .bytes(let first, let last): first < size ? first..<(last < size ? last + 1 : size) : nil
        case .suffix(let count): count > 0 && size > 0 ? (size - Swift.min(count, size))..<size : nil
        }
    }
}
