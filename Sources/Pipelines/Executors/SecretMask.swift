import Foundation

/// Hides the values of secrets in what a command writes: `***` stands for each.
///
/// A value is found as it is, as each of its longer lines, in base64 of both alphabets at any of the three offsets that it
/// can have in a longer text, percent-encoded, and as a JSON string; and wherever the output is cut into chunks. A line end
/// within a value does not hide it either, once a few of its bytes have come.
package struct SecretMask: Sendable {
    /// What stands for a value.
    package static let text = "***"
    /// How many bytes of a value must have come for it to go on after a line end.
    private static let joinedBytes = 4

    /// All values as one tree of bytes, with the links by which a search goes on after a mismatch (Aho and Corasick).
    private struct Tree: Sendable {
        var next: [UInt64: Int32] = [:]
        var fallback: [Int32] = [0]
        var depth: [Int32] = [0]
        /// The longest value that ends here, in bytes; 0 for none.
        var found: [Int32] = [0]

        static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte) }
    }

    private let tree: Tree
    private var node: Int32 = 0
    /// What was read and may be part of a value, with whether it is.
    private var pending: [(byte: UInt8, isHidden: Bool)] = []
    /// Bytes of `pending` that are no line ends.
    private var pendingBytes = 0
    private var isWithinHidden = false

    /// A mask of values.
    package init(_ values: some Sequence<String>) {
        var tree = Tree()
        var patterns: Set<[UInt8]> = []
        for value in values { patterns.formUnion(Self.patterns(of: value)) }
        for pattern in patterns { Self.add(pattern, to: &tree) }
        Self.link(&tree)
        self.tree = tree
    }

    /// Whether there is nothing to hide.
    package var isEmpty: Bool { tree.depth.count == 1 }

    /// The text with every value hidden.
    package func masked(_ text: String) -> String {
        var mask = self
        var bytes = mask.take(text.utf8)
        bytes += mask.finish()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What of the output so far can be shown.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var shown: [UInt8] = []
        for byte in bytes { take(byte, &shown) }
        return shown
    }

    /// The rest, when nothing more comes.
    package mutating func finish() -> [UInt8] {
        var shown: [UInt8] = []
        node = 0
        release(keeping: 0, &shown)
        return shown
    }

    private mutating func take(_ byte: UInt8, _ shown: inout [UInt8]) {
        guard !Self.isLineEnd(byte) else {
            if tree.depth[Int(node)] < Self.joinedBytes {
                node = 0
                release(keeping: 0, &shown)
                shown.append(byte)
                isWithinHidden = false
            } else {
                pending.append((byte, false))
            }
            return
        }
        while tree.next[Tree.key(node, byte)] == nil, node != 0 { node = tree.fallback[Int(node)] }
        node = tree.next[Tree.key(node, byte)] ?? 0
        pending.append((byte, false))
        pendingBytes += 1
        let found = Int(tree.found[Int(node)])
        if found > 0 { hide(found) }
        release(keeping: Int(tree.depth[Int(node)]), &shown)
    }

    /// Marks the last `count` bytes that are no line ends.
    private mutating func hide(_ count: Int) {
        var left = count
        for index in pending.indices.reversed() where left > 0 {
            guard !Self.isLineEnd(pending[index].byte) else { continue }
            pending[index].isHidden = true
            left -= 1
        }
    }

    /// Shows what is no longer part of a possible value.
    private mutating func release(keeping kept: Int, _ shown: inout [UInt8]) {
        var count = 0
        while count < pending.count, pendingBytes > kept || (kept == 0 && pendingBytes == 0) {
            let (byte, isHidden) = pending[count]
            count += 1
            if Self.isLineEnd(byte) {
                shown.append(byte)
                isWithinHidden = false
                continue
            }
            pendingBytes -= 1
            if isHidden {
                if !isWithinHidden { shown += Self.text.utf8 }
            } else {
                shown.append(byte)
            }
            isWithinHidden = isHidden
        }
        pending.removeFirst(count)
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func add(_ pattern: [UInt8], to tree: inout Tree) {
        var node: Int32 = 0
        for (position, byte) in pattern.enumerated() {
            let key = Tree.key(node, byte)
            if let next = tree.next[key] {
                node = next
            } else {
                node = Int32(tree.depth.count)
                tree.next[key] = node
                tree.depth.append(Int32(position + 1))
                tree.fallback.append(0)
                tree.found.append(0)
            }
        }
        tree.found[Int(node)] = Int32(pattern.count)
    }

    private static func link(_ tree: inout Tree) {
        // The nearer to the root, the earlier; a fallback is always nearer.
        let edges = tree.next.map {
            (from: Int32(truncatingIfNeeded: $0.key >> 8), byte: UInt8($0.key & 0xFF), to: $0.value)
        }
        for edge in edges.sorted(by: { tree.depth[Int($0.to)] < tree.depth[Int($1.to)] }) where edge.from != 0 {
            var node = tree.fallback[Int(edge.from)]
            while tree.next[Tree.key(node, edge.byte)] == nil, node != 0 { node = tree.fallback[Int(node)] }
            let fallback = tree.next[Tree.key(node, edge.byte)] ?? 0
            tree.fallback[Int(edge.to)] = fallback
            tree.found[Int(edge.to)] = max(tree.found[Int(edge.to)], tree.found[Int(fallback)])
        }
    }

    /// The forms in which a value is hidden, without line ends.
    static func patterns(of value: String) -> Set<[UInt8]> {
        let bytes = Array(value.utf8)
        var forms = [bytes, Array(percentEncoded(bytes, upper: true)), Array(percentEncoded(bytes, upper: false))]
        forms += base64(bytes)
        if let json = try? JSONEncoder().encode(value) {
            forms.append(Array(json.dropFirst().dropLast()))
            forms.append(
                Array(String(decoding: json, as: UTF8.self).replacing("\\/", with: "/").utf8.dropFirst().dropLast())
            )
        }
        for line in value.split(whereSeparator: \.isNewline) where line.utf8.count >= 2 * joinedBytes {
            forms.append(Array(line.utf8))
        }
        return Set(forms.map { $0.filter { !isLineEnd($0) } }.filter { $0.count >= joinedBytes })
    }

    /// The characters that do not depend on what stands before and after, for each offset and alphabet.
    private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
        (0..<3).flatMap { offset -> [[UInt8]] in
            let encoded = Array(Data([UInt8](repeating: 0, count: offset) + bytes).base64EncodedString().utf8)
            let first = (offset * 8 + 5) / 6
            let end = (offset + bytes.count) * 8 / 6
            guard end > first else { return [] }
            // At the end of a text the last character holds nothing else.
            let isLast = offset == 0 && (bytes.count % 3) != 0
            let standard = Array(encoded[first..<end])
            let closed = isLast ? encoded.filter { $0 != UInt8(ascii: "=") } : standard
            return [standard, closed, safe(standard), safe(closed)]
        }
    }

    /// The same in the alphabet for addresses.
    private static func safe(_ encoded: [UInt8]) -> [UInt8] {
        encoded.map { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
    }

    private static func percentEncoded(_ bytes: [UInt8], upper: Bool) -> String.UTF8View {
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: upper)
            }
        }
        return text.utf8
    }
}
