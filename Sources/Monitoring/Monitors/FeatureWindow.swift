import Statistics

/// The last rows that a deployment served, in constant memory: appending overwrites the oldest.
package struct FeatureWindow: Sendable {
    /// A copy of a window's rows, oldest first.
    package struct Snapshot: Sendable {
        /// Values in a row.
        package let width: Int
        /// The values, row after row.
        package let elements: [Float]
        /// Rows ever appended, by which a reader knows what is new.
        package let total: UInt64
        /// Rows held.
        package var rows: Int { width == 0 ? 0 : elements.count / width }
    }

    /// Rows wanted; fewer are held where they would exceed `MonitoringLimits.windowElements`.
    package private(set) var capacity: Int
    /// Values in a row; 0 until the first row or reference gives it.
    package private(set) var width = 0
    /// Rows held.
    package private(set) var count = 0
    /// Rows ever appended.
    package private(set) var total: UInt64 = 0
    /// Rows refused because their width differed.
    package private(set) var refused: UInt64 = 0
    private let wanted: Int
    private var storage: [Float] = []
    private var next = 0

    /// An empty window.
    package init(capacity: Int) {
        wanted = capacity
        self.capacity = capacity
    }

    /// Fixes the width and drops what was held at another.
    package mutating func setWidth(_ width: Int) {
        guard width != self.width else { return }
        self.width = width
        capacity = max(1, min(wanted, MonitoringLimits.windowElements / max(width, 1)))
        storage = [Float](repeating: 0, count: capacity * width)
        removeAll()
    }

    /// Forgets the rows; the width stays.
    package mutating func removeAll() {
        next = 0
        count = 0
    }

    /// Appends a row; one of another width is counted and left out.
    package mutating func append(_ row: [Float]) {
        if width == 0, !row.isEmpty, row.count <= StatisticsLimits.features { setWidth(row.count) }
        guard row.count == width, width > 0 else {
            refused &+= 1
            return
        }
        let start = next * width
        storage.withUnsafeMutableBufferPointer { storage in
            row.withUnsafeBufferPointer { row in
                for index in 0..<row.count { storage[start + index] = row[index] }
            }
        }
        next = next + 1 == capacity ? 0 : next + 1
        count = min(count + 1, capacity)
        total &+= 1
    }

    /// The rows held, oldest first.
    package func snapshot() -> Snapshot {
        guard count == capacity else {
            return Snapshot(width: width, elements: Array(storage[0..<(count * width)]), total: total)
        }
        let elements = Array(storage[(next * width)...]) + storage[..<(next * width)]
        return Snapshot(width: width, elements: elements, total: total)
    }
}
