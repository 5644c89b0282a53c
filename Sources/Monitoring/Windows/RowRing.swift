/// The last rows in constant memory: appending overwrites the oldest.
struct RowRing: Sendable {
    let width: Int
    let capacity: Int
    private(set) var count = 0
    private var storage: [Float]
    private var next = 0

    init(width: Int, capacity: Int) {
        self.width = width
        self.capacity = capacity
        storage = [Float](repeating: 0, count: width * capacity)
    }

    /// Appends a row of this width.
    mutating func append(_ row: [Float]) {
        let start = next * width
        storage.withUnsafeMutableBufferPointer { storage in
            row.withUnsafeBufferPointer { row in
                for index in 0..<min(row.count, width) { storage[start + index] = row[index] }
            }
        }
        next = next + 1 == capacity ? 0 : next + 1
        count = min(count + 1, capacity)
    }

    mutating func removeAll() {
        next = 0
        count = 0
    }

    /// The rows held, oldest first.
    var elements: [Float] {
        guard count == capacity else { return Array(storage[0..<(count * width)]) }
        return Array(storage[(next * width)...]) + storage[..<(next * width)]
    }

    /// Changes every cell.
    mutating func mapCells(_ change: (Float) -> Float) {
        for index in storage.indices { storage[index] = change(storage[index]) }
    }
}
