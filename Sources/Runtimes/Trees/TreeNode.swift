/// A node of a tree as it is walked: 16 bytes, the two children side by side, so that a pair fills half a cache line.
///
/// Where a row goes is decided without a branch: `right - (key < threshold ? 1 : 0)`. A leaf is its own right child with
/// a threshold that nothing is below, so walking on past it stays there.
struct TreeNode {
    /// A row whose key at `slot` is less goes left; for a split by a set of categories, where the set begins.
    var threshold: UInt32
    /// Which key decides, times the lanes of a walk; the top bit marks a split by a set of categories.
    var slot: UInt32
    /// The index of the right child, with the left one before it; a leaf names itself.
    var right: UInt32
    /// Of a leaf, the bits of its value or where its values stand; of a split by a set, how many bits the set has.
    var payload: UInt32

    static let set: UInt32 = 1 << 31
    static let slotMask: UInt32 = ~set

    /// A leaf at `index`.
    static func leaf(at index: UInt32, payload: UInt32 = 0) -> TreeNode {
        TreeNode(threshold: 0, slot: 0, right: index, payload: payload)
    }
}

/// Memory that is written once and then only read, aligned to a cache line.
final class TreeMemory<Element: BitwiseCopyable>: @unchecked Sendable {
    // Safe because nothing writes after `init`.
    let base: UnsafePointer<Element>
    let count: Int
    private let raw: UnsafeMutableRawPointer

    init(_ elements: [Element]) {
        count = elements.count
        let size = max(1, elements.count) * MemoryLayout<Element>.stride
        raw = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        let bound = raw.bindMemory(to: Element.self, capacity: max(1, elements.count))
        elements.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { bound.initialize(from: start, count: source.count) }
        }
        base = UnsafePointer(bound)
    }

    deinit {
        raw.deallocate()
    }

    var bytes: Int { count * MemoryLayout<Element>.stride }
}
